"""The short way of a call: Numba's own table of argument types finds the machine code."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from srcdiff.arguments import Elements, Form, Number
from srcdiff.ir.types import Scalar
from srcdiff.outputs import Output
from srcdiff.signatures import form_of_types
from srcdiff.surroundings import Watched


class NotDirect(Exception):
    """A call that needs more than Numba's table of argument types."""


class Front(NamedTuple):
    """The shortest way of a call: Numba's own table of argument types finds the machine code.

    That table knows neither extents of 1, for which `arrays` are looked at, nor globals that have
    changed since, nor that a tangent has the shape of its argument, the one numbered `like`.
    """

    call: Any
    arrays: tuple[int, ...]
    watched: tuple[Watched, ...]
    finish: Callable[[Any], Any] | None
    like: int


def is_direct(kind: type) -> bool:
    """Say whether Numba's type of an argument of this class tells all that ours does."""
    return kind in (float, int, np.ndarray) or (
        issubclass(kind, np.number) and not issubclass(kind, np.complexfloating)
    )


def strict(form: Form, classes: tuple[type, ...]) -> Form:
    """Return the form with NumPy's own numbers where the classes say so."""
    kinds = tuple(
        Number(Scalar(kind.type.dtype))
        if isinstance(kind, Number) and issubclass(one, np.generic)
        else kind
        for kind, one in zip(form.kinds, classes, strict=True)
    )
    return Form(form.tree, kinds)


def fit(types: Sequence[Any], spec: Output | None) -> bool:
    """Say whether Numba's type of a cotangent or tangent is that which the text is made for."""
    if spec is None:
        return True
    given, wanted = form_of_types(types).kinds[0], spec.kinds[0]
    match given, wanted:
        case Elements(), Elements():
            return given.type == wanted.type
        case Number(), Number():
            return given.type.dtype == wanted.type.dtype
    return False


def same_watched(left: tuple[Watched, ...], right: tuple[Watched, ...]) -> bool:
    if len(left) != len(right):
        return False
    pairs = zip(left, right, strict=True)
    return all(one[0] == two[0] and one[1] == two[1] and one[2] is two[2] for one, two in pairs)
