"""Rows that will be needed in a while."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import lower_builtin, type_callable
from numba.np.arrayobj import make_array

READ, KEEP, DATA = 0, 3, 1


def fetch(array: Any, i: Any, ahead: Any) -> Any:
    """Return 0; compiled, ask for what lies `ahead` bytes behind the beginning of `array[i]`.

    It may be behind the end. `array` is in C order.
    """
    return 0


@type_callable(fetch)
def _type(context: Any) -> Any:
    def result(array: Any, i: Any, ahead: Any) -> Any:
        integers = isinstance(i, types.Integer) and isinstance(ahead, types.Integer)
        fits = isinstance(array, types.Array) and array.layout == "C"
        return types.intp if fits and integers else None

    return result


@lower_builtin(fetch, types.Array, types.Integer, types.Integer)
def _lower(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    kind, *integers = signature.args
    array = make_array(kind)(context, builder, args[0])
    place, ahead = (
        context.cast(builder, value, type, types.intp)
        for value, type in zip(args[1:], integers, strict=True)
    )
    # As elements are addressed: the address of the row is at hand, then, and the distance part of
    # the instruction.
    for extent in cgutils.unpack_tuple(builder, array.shape, kind.ndim)[1:]:
        place = builder.mul(place, extent)
    row = builder.gep(array.data, [place])
    pointer = cgutils.pointer_add(builder, row, ahead, cgutils.voidptr_t)
    number = ir.IntType(32)
    function_type = ir.FunctionType(ir.VoidType(), [pointer.type, number, number, number])
    function = cgutils.get_or_insert_function(builder.module, function_type, "llvm.prefetch.p0")
    builder.call(function, [pointer, number(READ), number(KEEP), number(DATA)])
    return ahead.type(0)
