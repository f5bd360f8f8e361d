"""Rows that will be needed in a while."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import lower_builtin, type_callable
from numba.np.arrayobj import make_array

READ, KEEP, DATA = 0, 3, 1


def fetch(array: Any, i: Any) -> Any:
    """Return 0; compiled, ask for the beginning of `array[i]`, which may be behind the end."""
    return 0


@type_callable(fetch)
def _type(context: Any) -> Any:
    def result(array: Any, i: Any) -> Any:
        fits = isinstance(array, types.Array) and isinstance(i, types.Integer)
        return types.intp if fits else None

    return result


@lower_builtin(fetch, types.Array, types.Integer)
def _lower(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    array = make_array(signature.args[0])(context, builder, args[0])
    place = context.cast(builder, args[1], signature.args[1], types.intp)
    stride = builder.extract_value(array.strides, 0)
    offset = builder.mul(place, stride)
    address = builder.add(builder.ptrtoint(array.data, offset.type), offset)
    pointer = builder.inttoptr(address, cgutils.voidptr_t)
    number = ir.IntType(32)
    kind = ir.FunctionType(ir.VoidType(), [pointer.type, number, number, number])
    function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
    builder.call(function, [pointer, number(READ), number(KEEP), number(DATA)])
    return offset.type(0)
