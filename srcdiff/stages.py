"""The function after each pass, for those who want to see how a derivative came about."""

import os
from dataclasses import dataclass, field, fields

from srcdiff.ir.nodes import Function
from srcdiff.ir.text import render
from srcdiff.ir.verify import verify


@dataclass(eq=False)
class Stages:
    """The function after each pass, by the name of the pass."""

    functions: dict[str, Function] = field(default_factory=dict)
    verifies: bool = field(default_factory=lambda: os.environ.get("SRCDIFF_VERIFY") == "1")
    folder: str | None = field(default_factory=lambda: os.environ.get("SRCDIFF_DUMP"))
    """Where the stages are written to."""

    def note(self, name: str, function: Function) -> None:
        last = next(reversed(self.functions.values()), None)
        if self.verifies and function is not last:
            verify(function)
        name = f"{len(self.functions):02}_{name}"
        self.functions[name] = function
        if self.folder:
            _dump(self.folder, name, function)

    def texts(self) -> dict[str, str]:
        """Return the text after each pass."""
        return {name: render(function).source for name, function in self.functions.items()}


def is_same(function: Function, last: Function | None) -> bool:
    """Say whether a pass has changed nothing."""
    if function is last:
        return True
    if last is None or function.body is not last.body:
        return False
    return all(getattr(function, name) == getattr(last, name) for name in _PARTS)


_PARTS = tuple(part.name for part in fields(Function))


def _dump(folder: str, name: str, function: Function) -> None:
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, f"{name}.py"), "w", encoding="utf-8") as file:
        file.write(render(function).source)
