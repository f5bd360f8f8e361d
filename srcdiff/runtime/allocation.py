"""Memory for new arrays.

Numba writes a hundred instructions wherever an array is made: checks, errors, and room for all that
it consists of. Here that is one function for each number of axes, and a place for its errors.

Where the system gives huge pages to those who ask, large arrays do, as NumPy's: what is larger than
the C library keeps comes fresh from the system, and pages of 4 KiB cost three times what is written
into them.
"""

import mmap
import sys
from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba.core import cgutils
from numba.np.arrayobj import get_itemsize

LEAST = 2**22
"""Bytes; as in NumPy, less is not worth asking."""

ADVICE = 14
"""MADV_HUGEPAGE of Linux."""

FEW = 512
"""Bytes that are set to zero where the array is made, if they are known to be so few."""

WORD, NUMBER = ir.IntType(64), ir.IntType(32)

_ERRORS = (
    (ValueError, "negative dimensions not allowed"),
    (
        ValueError,
        "array is too big; `arr.size * arr.dtype.itemsize` is larger than the maximum possible "
        "size.",
    ),
    (MemoryError, "Allocation failed (probably too large)."),
)
"""What can go wrong; the function returns the position in place of an address."""


def new_array(
    context: Any, builder: Any, type: Any, extents: Sequence[Any], *, zero: bool = False
) -> Any:
    """Append what makes an array without gaps, in the order C or F; return its value."""
    itemsize = get_itemsize(context, type)
    alignment = context.get_preferred_array_alignment(type.dtype)
    few = zero and _known_size(itemsize, extents) <= FEW
    function = _allocator(context, builder.module, len(extents), zero and not few)
    owner = builder.call(function, [WORD(itemsize), NUMBER(alignment), *extents])
    code = builder.ptrtoint(owner, WORD)
    _check(context, builder, code)
    data = context.nrt.meminfo_data(builder, owner)
    if few:
        cgutils.memset(builder, data, WORD(_known_size(itemsize, extents)), 0)
    return array_value(context, builder, type, extents, owner, data)


def _known_size(itemsize: int, extents: Sequence[Any]) -> float:
    """Return a number of bytes if it is known, or infinity."""
    size: float = itemsize
    for extent in extents:
        known = isinstance(extent, ir.Constant) and isinstance(extent.constant, int)
        size *= extent.constant if known and extent.constant >= 0 else float("inf")
    return size if size == size else float("inf")


def array_value(
    context: Any, builder: Any, type: Any, extents: Sequence[Any], owner: Any, data: Any
) -> Any:
    """Return an array without gaps: its parts, put together."""
    model = context.data_model_manager[type]
    place = context.get_data_type(type.dtype).as_pointer()
    step = WORD(get_itemsize(context, type))
    parent = ir.Constant(context.get_value_type(model.get_type("parent")), None)
    fields = {"meminfo": owner, "parent": parent, "itemsize": step}
    value = ir.Constant(context.get_value_type(type), ir.Undefined)
    order = range(len(extents))[:: 1 if type.layout == "F" else -1]
    count = WORD(1)
    for axis in order:
        last = axis == order[-1]
        value = builder.insert_value(
            value, extents[axis], [model.get_field_position("shape"), axis]
        )
        value = builder.insert_value(value, step, [model.get_field_position("strides"), axis])
        count = (
            extents[axis] if axis == order[0] else builder.mul(count, extents[axis], flags=["nsw"])
        )
        step = step if last else builder.mul(step, extents[axis])
    fields |= {"nitems": count, "data": builder.bitcast(data, place)}
    for name, field in fields.items():
        value = builder.insert_value(value, field, model.get_field_position(name))
    return value


# ---- what can go wrong ----


def _check(context: Any, builder: Any, code: Any) -> None:
    """Raise an error if the address of new memory is one of our codes."""
    block, found = _errors(context, builder)
    found.add_incoming(code, builder.block)
    rest = builder.append_basic_block("array")
    fails = builder.icmp_unsigned("<", code, WORD(len(_ERRORS)))
    builder.cbranch(fails, block, rest).set_weights([1, 99])
    builder.position_at_end(rest)


def _errors(context: Any, builder: Any) -> tuple[Any, Any]:
    """Return the block of a function that raises errors, and what it reads their code from."""
    function = builder.function
    if not hasattr(function, "srcdiff_errors"):
        block = builder.append_basic_block("no_array")
        with builder.goto_block(block):
            code = builder.phi(WORD)
            for number, (error, text) in enumerate(_ERRORS):
                with builder.if_then(builder.icmp_unsigned("==", code, WORD(number))):
                    context.call_conv.return_user_exc(builder, error, (text,))
            builder.unreachable()
        function.srcdiff_errors = block, code
    return function.srcdiff_errors  # type: ignore[no-any-return]


# ---- the function ----


def _allocator(context: Any, module: Any, axes: int, zero: bool) -> Any:
    """Return the function that gives memory for arrays, made once in a module."""
    kind = ir.FunctionType(cgutils.voidptr_t, [WORD, NUMBER] + [WORD] * axes)
    name = f"srcdiff_{'zeros' if zero else 'empty'}_{axes}"
    function = cgutils.get_or_insert_function(module, kind, name)
    if not function.blocks:
        function.linkage = "internal"
        function.attributes.add("noinline")
        builder = ir.IRBuilder(function.append_basic_block("entry"))
        _allocate(context, builder, function.args, zero)
    return function


def _allocate(context: Any, builder: Any, args: Sequence[Any], zero: bool) -> None:
    size, alignment, *extents = args
    negative = overflow = ir.IntType(1)(0)
    for extent in extents:
        negative = builder.or_(negative, builder.icmp_signed("<", extent, WORD(0)))
        product = builder.smul_with_overflow(size, extent)
        size = builder.extract_value(product, 0)
        overflow = builder.or_(overflow, builder.extract_value(product, 1))
    for number, fails in enumerate((negative, overflow)):
        with builder.if_then(fails, likely=False):
            builder.ret(_code(number))
    owner = context.nrt.meminfo_alloc_aligned_unchecked(builder, size, alignment)
    with builder.if_then(cgutils.is_null(builder, owner), likely=False):
        builder.ret(_code(2))
    data = context.nrt.meminfo_data(builder, owner)
    if sys.platform == "linux":
        _ask_for_huge_pages(builder, data, size)
    if zero:
        cgutils.memset(builder, data, size, 0)
    builder.ret(owner)


def _code(number: int) -> Any:
    return WORD(number).inttoptr(cgutils.voidptr_t)


def _ask_for_huge_pages(builder: Any, start: Any, size: Any) -> None:
    """Append the question, where it is worth it; the answer does not matter."""
    with builder.if_then(builder.icmp_unsigned(">=", size, WORD(LEAST)), likely=False):
        kind = ir.FunctionType(NUMBER, [WORD, WORD, NUMBER])
        advise = cgutils.get_or_insert_function(builder.module, kind, "madvise")
        address, rest = builder.ptrtoint(start, WORD), WORD(mmap.PAGESIZE - 1)
        first = builder.and_(builder.add(address, rest), builder.not_(rest))
        builder.call(
            advise, [first, builder.sub(builder.add(address, size), first), NUMBER(ADVICE)]
        )
