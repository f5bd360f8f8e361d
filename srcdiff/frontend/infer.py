"""Result types as NumPy 2 gives them: Python numbers are weak and give way to NumPy's dtypes."""

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from srcdiff.ir.types import Array, Scalar, Type

_PYTHON_KINDS = {"b": bool, "i": int, "f": float, "c": complex}

PYTHON_OPERATORS = frozenset(
    {np.add, np.subtract, np.multiply, np.divide, np.floor_divide, np.remainder, np.power}
    | {np.negative, np.positive, np.absolute}
)
"""Ufuncs that stand for Python's operators: of Python numbers they give a Python number."""


def _loop_type(type: Type) -> Any:
    """Return what `resolve_dtypes` takes for an operand of `type`."""
    if isinstance(type, Scalar) and type.weak and type.dtype.kind != "b":
        return _PYTHON_KINDS[type.dtype.kind]
    return type.dtype


def mixed_dtype(types: Sequence[Type]) -> "np.dtype[Any]":
    """Return the dtype that NumPy gives to a mixture."""
    kinds = map(_loop_type, types)
    return np.result_type(*[kind(0) if isinstance(kind, type) else kind for kind in kinds])


def loop_dtypes(
    function: np.ufunc, types: Sequence[Type]
) -> tuple[tuple[np.dtype[Any], ...], np.dtype[Any]]:
    """Return the dtypes that `function` casts its operands to, and that of its result.

    Raises TypeError where NumPy has no loop for them.
    """
    if all(isinstance(type, Scalar) and type.weak for type in types):
        return _python_dtypes(function, types)
    *operands, result = function.resolve_dtypes((*map(_loop_type, types), None))
    return tuple(operands), result


def _python_dtypes(
    function: np.ufunc, types: Sequence[Type]
) -> tuple[tuple[np.dtype[Any], ...], np.dtype[Any]]:
    """Operands that are all Python numbers: True + True is 2, and -2 ** 2 is an int."""
    arithmetic = function in PYTHON_OPERATORS
    dtypes = [
        np.dtype(np.int64) if arithmetic and type.dtype.kind == "b" else type.dtype
        for type in types
    ]
    *operands, result = function.resolve_dtypes((*dtypes, None))
    return tuple(operands), result


def is_weak(function: Callable[..., Any], types: Sequence[Type], *, operator: bool) -> bool:
    """Say whether a result is a Python number: an operator of Python numbers, or `math`."""
    weak = all(isinstance(type, Scalar) and type.weak for type in types)
    return weak and operator and function in PYTHON_OPERATORS


def unify(left: Type, right: Type) -> Type | None:
    """Return the type of a variable that is `left` on one path and `right` on the other."""
    match left, right:
        case Array(), Array():
            if left.dtype != right.dtype or left.ndim != right.ndim:
                return None
            return left if left.layout == right.layout else Array(left.dtype, left.ndim, "A")
        case Scalar(), Scalar():
            return _unify_scalars(left, right)
    return None


def _unify_scalars(left: Scalar, right: Scalar) -> Scalar | None:
    if left.dtype == right.dtype:
        return Scalar(left.dtype, left.weak and right.weak)
    if "b" in (left.dtype.kind, right.dtype.kind):
        return None
    if left.weak == right.weak:
        return Scalar(np.result_type(left.dtype, right.dtype), left.weak)
    strong, weak = (right, left) if left.weak else (left, right)
    return Scalar(np.result_type(strong.dtype, _PYTHON_KINDS[weak.dtype.kind](0)))


COMPARISONS: dict[str, Callable[..., Any]] = {
    "Lt": np.less,
    "LtE": np.less_equal,
    "Gt": np.greater,
    "GtE": np.greater_equal,
    "Eq": np.equal,
    "NotEq": np.not_equal,
}
BINARY: dict[str, Callable[..., Any]] = {
    "Add": np.add,
    "Sub": np.subtract,
    "Mult": np.multiply,
    "Div": np.divide,
    "FloorDiv": np.floor_divide,
    "Mod": np.remainder,
    "Pow": np.power,
    "MatMult": np.matmul,
    "BitAnd": np.bitwise_and,
    "BitOr": np.bitwise_or,
    "BitXor": np.bitwise_xor,
    "LShift": np.left_shift,
    "RShift": np.right_shift,
}
PYTHON: dict[Callable[..., Any], Callable[..., Any]] = {
    np.add: operator.add,
    np.subtract: operator.sub,
    np.multiply: operator.mul,
    np.divide: operator.truediv,
    np.floor_divide: operator.floordiv,
    np.remainder: operator.mod,
    np.power: operator.pow,
    np.negative: operator.neg,
    np.positive: operator.pos,
    np.absolute: abs,
    np.less: operator.lt,
    np.less_equal: operator.le,
    np.greater: operator.gt,
    np.greater_equal: operator.ge,
    np.equal: operator.eq,
    np.not_equal: operator.ne,
    np.logical_not: operator.not_,
}
"""Python's own operator for each ufunc that stands for one: it folds literals."""
