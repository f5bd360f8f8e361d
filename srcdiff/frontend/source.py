"""A function's source: its syntax tree, the text around it, and the names it can see.

The text is read through `linecache`, which also holds the cells of notebooks and doctests. What is
found there must be the code that runs (`srcdiff.frontend.compiled`); all else is refused.
"""

import ast
import contextlib
import functools
import hashlib
import inspect
import linecache
import os
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any

from srcdiff.errors import Span, UnsupportedSyntax
from srcdiff.frontend.compiled import matching_node

SUSPENDING = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR

NO_SOURCE = (
    "has no source",
    "Write it to a file or a notebook cell: code from `exec` or standard input keeps no text.",
)
OTHER_SOURCE = (
    "has a source that is not the code that runs",
    "The file was changed after its import, or the code was replaced: reload it or start again.",
)
WRAPPED = (
    "is the wrapper that a decorator put around the function",
    "Pass the function inside, its attribute `__wrapped__`, and decorate the derivative.",
)
SUSPENDED = (
    "is a generator or a coroutine",
    "Write a function that fills an array and returns it.",
)


@dataclass(frozen=True, eq=False)
class Source:
    """The source of `function`. Functions of a file share its tree: never change `node`.

    `file` is the name to show, `path` the full one; `lines` are those of the whole file, without
    line ends. `closure` holds the free variables that have a value.
    """

    function: FunctionType
    node: ast.FunctionDef | ast.Lambda
    file: str
    path: str
    lines: tuple[str, ...]
    globals: dict[str, Any]
    closure: dict[str, object]

    def span(self, node: ast.AST) -> Span:
        """Return where `node` stands; a node without a place stands where the function does."""
        place: Any = node if hasattr(node, "lineno") else self.node
        text = self.lines[place.lineno - 1]
        ends_here = place.end_lineno == place.lineno
        return Span(
            self.file,
            place.lineno,
            _characters(text, place.col_offset),
            _characters(text, place.end_col_offset) if ends_here else len(text.rstrip()),
            text,
        )


def find_source(function: FunctionType) -> Source:
    """Return the source of a Python function.

    Raises `UnsupportedSyntax` where there is none, where it is not the code that runs, and for
    wrappers made by decorators, generators and coroutines.
    """
    text, path = _text(function), function.__code__.co_filename
    node = _running_node(function, text)
    return Source(
        function,
        node,
        _display_name(path),
        path if _is_pseudo(path) else os.path.abspath(path),
        _lines(text),
        function.__globals__,
        _closure(function),
    )


def _running_node(function: FunctionType, text: str) -> ast.FunctionDef | ast.Lambda:
    """Return the node of `text` that `function` was made from."""
    if hasattr(function, "__wrapped__"):
        raise _refusal(function, text, *WRAPPED)
    if function.__code__.co_flags & SUSPENDING:
        raise _refusal(function, text, *SUSPENDED)
    if not text:
        raise _refusal(function, text, *NO_SOURCE)
    node = matching_node(function.__code__, text)
    if not isinstance(node, ast.FunctionDef | ast.Lambda):
        raise _refusal(function, text, *OTHER_SOURCE)
    return node


def fingerprint(function: FunctionType) -> str:
    """Return a hash that changes with a function's code, its name, and the scope of its names.

    Comments and places in the file do not count, nor do values: of globals, the closure, defaults.
    """
    code = function.__code__
    parts = (
        function.__module__,
        function.__qualname__,
        code.co_names,
        code.co_freevars,
        code.co_cellvars,
        _dumped(find_source(function).node),
    )
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()


@functools.lru_cache(maxsize=64)
def _dumped(node: ast.AST) -> str:
    return ast.dump(node)


def _text(function: FunctionType) -> str:
    """Return the text of the file or cell that `function` is in, or nothing."""
    path = function.__code__.co_filename
    linecache.checkcache(path)
    return "".join(linecache.getlines(path, function.__globals__))


@functools.lru_cache(maxsize=32)
def _lines(text: str) -> tuple[str, ...]:
    return tuple(text.split("\n"))


def _closure(function: FunctionType) -> dict[str, object]:
    """Return the values of the free variables, but for cells that are still empty."""
    contents: dict[str, object] = {}
    cells = function.__closure__ or ()
    for name, cell in zip(function.__code__.co_freevars, cells, strict=True):
        with contextlib.suppress(ValueError):
            contents[name] = cell.cell_contents
    return contents


def _is_pseudo(path: str) -> bool:
    """Say whether `path` is a name such as `<doctest f[0]>` and not that of a file."""
    return path.startswith("<") and path.endswith(">")


def _display_name(path: str) -> str:
    """Return the path as seen from the working directory, or the last part if it is elsewhere."""
    if _is_pseudo(path):
        return path
    try:
        return Path(os.path.abspath(path)).relative_to(Path.cwd()).as_posix()
    except (ValueError, OSError):
        return Path(path).name


def _characters(text: str, column: int) -> int:
    """Turn a column of the syntax tree, which counts UTF-8 bytes, into one that counts letters."""
    if text.isascii():
        return column
    return len(text.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "ignore"))


def _refusal(function: FunctionType, text: str, what: str, hint: str) -> UnsupportedSyntax:
    """Return the error for `function`, at the line where its code says that it begins."""
    code, lines = function.__code__, _lines(text)
    line = lines[code.co_firstlineno - 1] if code.co_firstlineno <= len(lines) else ""
    indent = len(line) - len(line.lstrip())
    file = _display_name(code.co_filename)
    span = Span(file, code.co_firstlineno, indent, len(line.rstrip()), line)
    return UnsupportedSyntax(f"`{function.__qualname__}` {what}", span, hint)
