"""The passes in order. After each one the function is verified, on demand, and noted by name."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from srcdiff.ir.nodes import Function
from srcdiff.ir.text import Text, render
from srcdiff.ir.verify import verify
from srcdiff.transform.adjoint import Request, adjoint
from srcdiff.transform.assign_first import assign_first
from srcdiff.transform.count import count
from srcdiff.transform.dead_writes import dead_writes
from srcdiff.transform.eliminate import eliminate
from srcdiff.transform.flatten import flatten
from srcdiff.transform.forward import forward
from srcdiff.transform.fuse import fuse
from srcdiff.transform.hoist import hoist
from srcdiff.transform.lift import lift
from srcdiff.transform.own import own
from srcdiff.transform.promote import promote
from srcdiff.transform.rebind import rebind
from srcdiff.transform.settle import settle
from srcdiff.transform.simplify import simplify
from srcdiff.transform.sink import sink

Pass = Callable[[Function], Function]

PREPARE: tuple[Pass, ...] = (settle, simplify, eliminate, own, rebind, sink, lift, count)
FINISH: tuple[Pass, ...] = (
    simplify,
    eliminate,
    fuse,
    flatten,
    simplify,
    forward,
    eliminate,
    dead_writes,
    eliminate,
    promote,
    assign_first,
    hoist,
    simplify,
    eliminate,
)


@dataclass(eq=False)
class Stages:
    """The function after each pass, by the name of the pass."""

    functions: dict[str, Function] = field(default_factory=dict)

    def note(self, name: str, function: Function) -> None:
        if os.environ.get("SRCDIFF_VERIFY") == "1":
            verify(function)
        self.functions[f"{len(self.functions):02}_{name}"] = function
        _dump(f"{len(self.functions) - 1:02}_{name}", function)

    def texts(self) -> dict[str, str]:
        """Return the text after each pass."""
        return {name: render(function).source for name, function in self.functions.items()}


def _dump(name: str, function: Function) -> None:
    """Write a stage to `SRCDIFF_DUMP`, if that names a directory."""
    folder = os.environ.get("SRCDIFF_DUMP")
    if folder:
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, f"{name}.py"), "w", encoding="utf-8") as file:
            file.write(render(function).source)


def reverse(function: Function, wrt: tuple[int, ...], request: Request, stages: Stages) -> Text:
    """Return the text of the adjoint of `function` with respect to the parameters `wrt`."""
    stages.note("lower", function)
    function = _run(function, PREPARE, stages)
    wanted = replace(request, wrt=tuple(function.params[k] for k in wrt))
    function = _run(function, (_named("adjoint", partial(adjoint, request=wanted)),), stages)
    function = _run(function, FINISH, stages)
    return render(function)


def _run(function: Function, passes: tuple[Pass, ...], stages: Stages) -> Function:
    for each in passes:
        function = each(function)
        stages.note(getattr(each, "__name__", "pass"), function)
    return function


def _named(name: str, function: Pass) -> Pass:
    function.__name__ = name
    return function
