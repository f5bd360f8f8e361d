"""NumPy as generated code sees it when Numba compiles it: arrays are made in place.

Numba compiles a chain of functions of its own for each shape and type that `np.zeros` and the like
are called with, a tenth of a second each time. These are a few instructions where they are called.
"""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
from numba.core import cgutils, types
from numba.core.typing.npydecl import parse_dtype, parse_shape
from numba.extending import intrinsic

from srcdiff.runtime.allocation import new_array


@intrinsic
def empty(typing_context: Any, shape: Any, dtype: Any = None) -> Any:
    """`numpy.empty`."""
    return _typed(_of_shape(shape, dtype), shape, dtype, zero=False)


@intrinsic
def zeros(typing_context: Any, shape: Any, dtype: Any = None) -> Any:
    """`numpy.zeros`."""
    return _typed(_of_shape(shape, dtype), shape, dtype, zero=True)


@intrinsic
def empty_like(typing_context: Any, prototype: Any, dtype: Any = None) -> Any:
    """`numpy.empty_like`."""
    return _typed(_of_prototype(prototype, dtype), prototype, dtype, zero=False)


@intrinsic
def zeros_like(typing_context: Any, prototype: Any, dtype: Any = None) -> Any:
    """`numpy.zeros_like`."""
    return _typed(_of_prototype(prototype, dtype), prototype, dtype, zero=True)


def _of_shape(shape: Any, dtype: Any) -> Any:
    return types.Array(_dtype(dtype, types.float64), parse_shape(shape), "C")


def _of_prototype(prototype: Any, dtype: Any) -> Any:
    layout = "F" if prototype.layout == "F" else "C"
    return types.Array(_dtype(dtype, prototype.dtype), prototype.ndim, layout)


def _dtype(dtype: Any, default: Any) -> Any:
    if dtype is None:
        return default
    if isinstance(dtype, types.Function) and dtype.typing_key is float:
        return types.float64
    return parse_dtype(dtype)


def _typed(result: Any, first: Any, dtype: Any, *, zero: bool) -> tuple[Any, Callable[..., Any]]:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        extents = _extents(context, builder, first, args[0])
        return new_array(context, builder, result, extents, zero=zero)

    return result(first, types.none if dtype is None else dtype), generate


def _extents(context: Any, builder: Any, first: Any, value: Any) -> list[Any]:
    if isinstance(first, types.Integer):
        return [context.cast(builder, value, first, types.intp)]
    if isinstance(first, types.Array):
        place = context.data_model_manager[first].get_field_position("shape")
        return [builder.extract_value(value, [place, axis]) for axis in range(first.ndim)]
    extents = cgutils.unpack_tuple(builder, value, count=len(first))
    kinds = zip(extents, first, strict=True)
    return [context.cast(builder, extent, kind, types.intp) for extent, kind in kinds]


class _NumPy(ModuleType):
    """Everything else is NumPy's own."""

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


NUMPY = _NumPy("numpy")
for _function in (empty, zeros, empty_like, zeros_like):
    setattr(NUMPY, _function._name, _function)
