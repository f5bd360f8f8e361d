"""NumPy as generated code sees it when Numba compiles it: arrays are made in place.

Numba compiles a chain of functions of its own for each shape and type that `np.zeros` and the like
are called with, a tenth of a second each time. These are the same instructions where they are
called, for a fiftieth of that.

Where the system gives huge pages to those who ask, large arrays do, as NumPy's: what is larger than
the C library keeps comes fresh from the system, and pages of 4 KiB cost three times what is written
into them.
"""

import mmap
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typing.npydecl import parse_dtype, parse_shape
from numba.extending import intrinsic
from numba.np.arrayobj import _call_allocator, _empty_nd_impl, _parse_shape, make_array

LEAST = 2**22
"""Bytes; as in NumPy, less is not worth asking."""

ADVICE = 14
"""MADV_HUGEPAGE of Linux."""


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
        array = _empty_nd_impl(_Direct(context), builder, result, extents)
        size = builder.mul(array.itemsize, array.nitems)
        if sys.platform == "linux":
            _ask_for_huge_pages(builder, array.data, size)
        if zero:
            cgutils.memset(builder, array.data, size, 0)
        return array._getvalue()

    return result(first, types.none if dtype is None else dtype), generate


class _Direct:
    """A context of Numba's that allocates in place, where Numba has a function compiled for it."""

    def __init__(self, context: Any) -> None:
        self._context = context

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def compile_internal(self, builder: Any, function: Any, signature: Any, args: Any) -> Any:
        if function is not _call_allocator:
            return self._context.compile_internal(builder, function, signature, args)
        _, size, alignment = args
        return self._context.nrt.meminfo_alloc_aligned(builder, size, alignment)


def _ask_for_huge_pages(builder: Any, start: Any, size: Any) -> None:
    """Append the question, where it is worth it; the answer does not matter."""
    word, number = size.type, ir.IntType(32)
    with builder.if_then(builder.icmp_unsigned(">=", size, word(LEAST)), likely=False):
        kind = ir.FunctionType(number, [word, word, number])
        advise = cgutils.get_or_insert_function(builder.module, kind, "madvise")
        address, rest = builder.ptrtoint(start, word), word(mmap.PAGESIZE - 1)
        first = builder.and_(builder.add(address, rest), builder.not_(rest))
        builder.call(
            advise, [first, builder.sub(builder.add(address, size), first), number(ADVICE)]
        )


def _extents(context: Any, builder: Any, first: Any, value: Any) -> Any:
    if isinstance(first, types.Array):
        array = make_array(first)(context, builder, value=value)
        return cgutils.unpack_tuple(builder, array.shape, count=first.ndim)
    return _parse_shape(context, builder, first, value)


class _NumPy(ModuleType):
    """Everything else is NumPy's own."""

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


NUMPY = _NumPy("numpy")
for _function in (empty, zeros, empty_like, zeros_like):
    setattr(NUMPY, _function._name, _function)
