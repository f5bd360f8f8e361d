"""Argument types as Numba has them, as `"float64[::1], float64"` writes them, and as ours."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numba.core import types
from numba.core.sigutils import normalize_signature
from numba.np.numpy_support import as_dtype

from srcdiff.arguments import FLOAT, INT, Elements, Form, Kind, Known, Number
from srcdiff.errors import TypeInferenceError
from srcdiff.frontend.objects import check_dtype
from srcdiff.ir.types import BOOL, Array, Layout, Scalar
from srcdiff.trees import LEAF, Branch, Tree

LAYOUTS: dict[str, Layout] = {"C": "C", "F": "F", "A": "A"}


def types_of(signature: object) -> tuple[Any, ...]:
    """Return the Numba types of a signature: a text, or Numba types."""
    if isinstance(signature, str):
        text = f"({signature},)" if signature.strip() else "()"
        try:
            signature = normalize_signature(text)[0]
        except Exception as error:  # whatever the text evaluates to
            raise _refusal(signature) from error
    given = signature if isinstance(signature, tuple | list) else (signature,)
    if not all(isinstance(each, types.Type) for each in given):
        raise _refusal(signature)
    return tuple(given)


def _refusal(signature: object) -> TypeInferenceError:
    return TypeInferenceError(
        f"{signature!r} is not a signature.", hint='Write it as in "float64[::1], float64, int64".'
    )


def form_of_types(args: Sequence[Any]) -> Form:
    """Return the form of a call with arguments of Numba types.

    A float64 or an int64 is taken for Python's own; no extent is known to be 1.
    """
    kinds: list[Kind] = []
    trees = tuple(_tree(each, kinds) for each in args)
    positional = Branch(tuple, tuple(map(str, range(len(trees)))), trees)
    return Form(Branch(tuple, ("0", "1"), (positional, Branch(dict, (), ()))), tuple(kinds))


def _tree(type: Any, kinds: list[Kind]) -> Tree:
    if isinstance(type, types.BaseTuple):
        children = tuple(_tree(each, kinds) for each in type.types)
        keys = getattr(type, "fields", None) or tuple(map(str, range(len(children))))
        return Branch(getattr(type, "instance_class", tuple), tuple(keys), children)
    kinds.append(_kind(type))
    return LEAF


def _kind(type: Any) -> Kind:
    match type:
        case types.Array():
            dtype = _dtype(type.dtype)
            return Elements(Array(dtype, type.ndim, LAYOUTS[type.layout]), (False,) * type.ndim)
        case types.NoneType():
            return Known(type_of_none, None)
        case types.Boolean():
            return Number(BOOL)
        case types.Number():
            dtype = _dtype(type)
            python = {"float64": FLOAT, "int64": INT}.get(dtype.name)
            return python if python is not None else Number(Scalar(dtype))
    raise TypeInferenceError(
        f"Arguments of the Numba type {type} are not supported.",
        hint="Pass numbers, arrays, None, and tuples of them.",
    )


type_of_none = type(None)


def _dtype(type: Any) -> "np.dtype[Any]":
    dtype: np.dtype[Any] = as_dtype(type)

    def fail(message: str, hint: str) -> None:
        raise TypeInferenceError(message, hint=hint)

    check_dtype(dtype, fail)
    return dtype
