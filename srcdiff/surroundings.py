"""What a specialisation took from around its function: constants to watch, arrays to read live."""

import builtins
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from types import CellType, MethodType, ModuleType
from typing import Any

import numpy as np

from srcdiff.arguments import Elements, kind_of
from srcdiff.errors import SrcdiffError
from srcdiff.frontend.context import Captured, Read

Getter = Callable[..., Any]
Watched = tuple[Getter, str, Any]

LIBRARIES = ("builtins", "math", "numba", "numpy", "scipy")
MISSING = object()


@dataclass(frozen=True, eq=False)
class Live:
    """An array that is read anew at each call."""

    get: Getter
    name: str
    kind: Elements


class Surroundings:
    """The constants that were frozen, where they came from, and the arrays to read at each call."""

    def __init__(self, reads: Iterable[Read], captured: Iterable[Captured]) -> None:
        reads = tuple(reads)
        self.live = tuple(_live(each, reads) for each in captured)
        self.watched = _watched(reads)

    def hold(self) -> bool:
        """Say whether everything is as it was when the specialisation was made."""
        for get, name, value in self.watched:
            now = get(name, MISSING)
            if now is not value and not _same(now, value):
                return False
        return all(_fits(each) for each in self.live)

    def arrays(self) -> list[Any]:
        """Return the arrays as they are now."""
        return [each.get(each.name, MISSING) for each in self.live]


def _watched(reads: Iterable[Read]) -> tuple[Watched, ...]:
    found: dict[tuple[int, str], Watched] = {}
    for read in reads:
        if _is_library(read) or isinstance(read.value, np.ndarray):
            continue
        found[id(read.owner), read.name] = (_getter(read.owner), read.name, read.value)
    return tuple(found.values())


def _is_library(read: Read) -> bool:
    """Say whether a read is of what nobody changes: it costs time at each call to look at it."""
    for part in (read.owner, read.value):
        if isinstance(part, ModuleType) and part.__name__.partition(".")[0] in LIBRARIES:
            return True
    return read.owner is vars(builtins) or isinstance(read.owner, np.ufunc)


def _getter(owner: Any) -> Getter:
    match owner:
        case dict():
            return owner.get
        case CellType():
            return partial(_content, owner)
    return partial(getattr, owner)


def _content(cell: CellType, name: str, default: object) -> object:
    try:
        contents: object = cell.cell_contents
    except ValueError:
        return default
    return contents


def _live(captured: Captured, reads: Iterable[Read]) -> Live:
    kind = kind_of(captured.array)
    assert isinstance(kind, Elements)
    for read in reads:
        if read.value is captured.array:
            return Live(_getter(read.owner), read.name, kind)
    # Inside a tuple, a default or a bound argument: what holds it is watched or cannot change.
    return Live(lambda name, default: captured.array, captured.name, kind)


def _fits(live: Live) -> bool:
    try:
        return kind_of(live.get(live.name, MISSING)) == live.kind
    except SrcdiffError:
        return False


def _same(now: Any, then: Any) -> bool:
    """Say whether two constants are the same to the last bit."""
    kind = type(then)
    if type(now) is not kind:
        return False
    if kind is MethodType:  # a new one each time that it is read
        return now.__func__ is then.__func__ and now.__self__ is then.__self__
    if kind is tuple:
        pairs = zip(now, then, strict=False)
        return len(now) == len(then) and all(one is two or _same(one, two) for one, two in pairs)
    if kind in (bool, int, float, str, bytes) or isinstance(then, np.generic):
        return repr(now) == repr(then)
    return False
