"""Programs that are refused: with which error, at which line, in which words.

A file of `programs/` has a function `f`, the name `ERROR` of the class of the error, a part
`MESSAGE` of its message, and a comment that marks the line; where no line is marked, none of the
file is at fault. `f` is called as `grad(f)(*ARGS)`, with 1.0 where there is no `ARGS`, or as `CALL`
says. `STAGE` is "syntax", unless given, where the source alone shows that it is refused; there the
checks of the front end are also tested by themselves. `golden.txt` has the whole texts.
"""

import functools
import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

import srcdiff
from srcdiff.errors import SrcdiffError
from srcdiff.frontend import source, syntax

HERE = Path(__file__).parent
MARK = "# <-- error"
NAMES = sorted(path.stem for path in (HERE / "programs").glob("*.py"))


@functools.cache
def program(name: str) -> ModuleType:
    path = HERE / "programs" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"refused_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def stage(name: str) -> str:
    return getattr(program(name), "STAGE", "syntax")


SYNTAX_NAMES = [name for name in NAMES if stage(name) == "syntax"]


def check_syntax(name: str) -> None:
    found = source.find_source(program(name).f)
    syntax.check(found.node, found.span)
    syntax.check_assigned(found.node, found.span)


def call(name: str) -> None:
    module = program(name)
    arguments = getattr(module, "ARGS", (1.0,))
    default = lambda sd, f: sd.grad(f)(*arguments)  # noqa: E731
    getattr(module, "CALL", default)(srcdiff, module.f)


@functools.cache
def refusal(run: Callable[[str], None], name: str) -> SrcdiffError:
    with pytest.raises(SrcdiffError) as caught:
        run(name)
    return caught.value


def marked_line(name: str) -> int | None:
    lines = (HERE / "programs" / f"{name}.py").read_text().splitlines()
    marked = [number for number, line in enumerate(lines, 1) if line.endswith(MARK)]
    assert len(marked) <= 1
    return marked[0] if marked else None


def line_in_file(error: SrcdiffError, name: str) -> int | None:
    if error.span is None or Path(error.span.file).name != f"{name}.py":
        return None
    return error.span.line


def hold(error: SrcdiffError, name: str) -> None:
    module = program(name)
    assert type(error).__name__ == module.ERROR
    assert module.MESSAGE in error.message
    assert line_in_file(error, name) == marked_line(name)
    assert error.hint, "the error does not say what to do"


@pytest.mark.parametrize("name", SYNTAX_NAMES)
def test_source_is_refused(name: str) -> None:
    hold(refusal(check_syntax, name), name)


@pytest.mark.parametrize("name", NAMES)
def test_call_is_refused(name: str) -> None:
    error = refusal(call, name)
    hold(error, name)
    if stage(name) == "syntax":
        assert str(error) == str(refusal(check_syntax, name))


def test_texts(golden: Callable[[Path, str], None]) -> None:
    texts = []
    for name in NAMES:
        error = refusal(check_syntax if stage(name) == "syntax" else call, name)
        text = str(error)
        if error.span is not None:
            text = text.replace(
                f"{error.span}:", f"{Path(error.span.file).name}:{error.span.line}:"
            )
        texts.append(f"== {name}: {type(error).__name__}\n{text}\n")
    golden(HERE / "golden.txt", "\n".join(texts))
