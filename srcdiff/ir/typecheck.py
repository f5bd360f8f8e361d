"""What is wrong with the types of one statement: dtypes, ranks, extents and layouts.

Nothing is converted unless a Call says so: the operands of a statement have one dtype. A claim of
contiguity ("C", "F") must follow from what the statement does; "A" claims nothing and always may
stand. Extents are compared where both are literals.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from typing_extensions import assert_never

from srcdiff.ir.layout import is_one, layouts_of, layouts_of_index, layouts_of_transpose
from srcdiff.ir.nodes import (
    Alloc,
    Broadcast,
    Call,
    Const,
    Derive,
    For,
    Guard,
    If,
    Increment,
    Index,
    Item,
    Join,
    Load,
    Loop,
    NewAxis,
    Operand,
    Reshape,
    Slice,
    Statement,
    Store,
    Transpose,
    Value,
    View,
    While,
)
from srcdiff.ir.types import Array, Layout, Scalar, Type

INTEGER_EXPONENT = frozenset({np.power, np.float_power, np.ldexp})
"""Functions of two arguments whose second may be an integer where the first is a float."""

CONSTANT_TYPES = {"b": bool, "i": int, "u": int, "f": float, "c": complex}


def faults(statement: Statement) -> Iterator[str]:
    """Yield what is wrong with the types of `statement`, the blocks in it left out."""
    match statement:
        case Call():
            yield from _call(statement)
        case Alloc(out=out, fill=fill):
            yield from _unless(_is_array(out), "allocates what is not an array")
            if fill is not None:
                yield from _unless(_is_scalar(fill), "is filled with what is not a scalar")
                yield from _same_dtype(out, fill)
        case View():
            yield from _view(statement)
        case Load(out=out, ref=ref, indices=indices):
            yield from _element(ref, indices)
            yield from _unless(_is_scalar(out), f"loads {out.name}, which is not a scalar")
            yield from _same_dtype(ref, out)
        case Store() | Increment():
            yield from _write(statement)
        case Guard(condition=condition):
            yield from _condition(condition)
        case Derive():
            yield from _derive(statement)
        case If(condition=condition, joins=joins):
            yield from _condition(condition)
            for join in joins:
                yield from _join(join)
        case For() | While():
            yield from _loop(statement)
        case _:
            assert_never(statement)


def value_faults(value: Value) -> Iterator[str]:
    """Yield what is wrong with a value by itself: one integer extent for each axis."""
    given, rank = len(value.shape), _rank(value)
    yield from _unless(given == rank, f"{value.name} has {given} extents and {rank} axes")
    yield from _integers(value.shape, f"an extent of {value.name}")


def constant_faults(constant: Const) -> Iterator[str]:
    """Yield what is wrong with a literal by itself: it must stand for a number of its dtype."""
    dtype, value = constant.type.dtype, constant.value
    if isinstance(constant.type, Array):
        yield f"the literal {value!r} has the type of an array"
    elif type(value) is not CONSTANT_TYPES.get(dtype.kind):
        yield f"the literal {value!r} is not a Python number for {dtype}"
    elif not _representable(value, dtype):
        yield f"the literal {value!r} is not a number of {dtype}"


def _representable(value: Any, dtype: np.dtype[Any]) -> bool:
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return bool(limits.min <= value <= limits.max)
    if value != value:
        return True
    with np.errstate(over="ignore"):
        return bool(dtype.type(value).item() == value)


def _unless(holds: bool, fault: str) -> Iterator[str]:
    if not holds:
        yield fault


def _is_array(operand: Operand) -> bool:
    return isinstance(operand.type, Array)


def _is_scalar(operand: Operand) -> bool:
    return isinstance(operand.type, Scalar)


def _rank(operand: Operand) -> int:
    return operand.type.ndim if isinstance(operand.type, Array) else 0


def _extents(operand: Operand) -> tuple[Operand, ...]:
    return operand.shape if isinstance(operand, Value) else ()


def _integers(operands: Sequence[Operand | None], what: str) -> Iterator[str]:
    for operand in operands:
        if operand is not None and not (_is_scalar(operand) and operand.type.dtype.kind in "iu"):
            yield f"{operand!r}, {what}, is not an integer"


def _condition(condition: Operand) -> Iterator[str]:
    boolean = _is_scalar(condition) and condition.type.dtype.kind == "b"
    yield from _unless(boolean, f"the condition {condition!r} is not a bool")


def _same_dtype(left: Operand, right: Operand) -> Iterator[str]:
    agree = left.type.dtype == right.type.dtype
    yield from _unless(agree, f"{left!r} is {left.type}, {right!r} is {right.type}")


def _differ(left: Operand, right: Operand) -> bool:
    """Say whether two extents are literals and not equal."""
    return isinstance(left, Const) and isinstance(right, Const) and left.value != right.value


def _broadcasts(value: Operand, target: Sequence[Operand]) -> Iterator[str]:
    """Yield why `value` cannot be broadcast to the extents `target`."""
    rank = _rank(value)
    yield from _unless(rank <= len(target), f"{value!r} has more than {len(target)} axes")
    for extent, wanted in zip(reversed(_extents(value)), reversed(target), strict=False):
        clash = _differ(extent, wanted) and not is_one(extent)
        yield from _unless(not clash, f"{value!r} has extent {extent!r} where {wanted!r} is due")


def _call(call: Call) -> Iterator[str]:
    if call.function is np.shape:
        yield from _shape_call(call)
    elif isinstance(call.function, np.ufunc):
        yield from _ufunc_call(call, call.function)


def _shape_call(call: Call) -> Iterator[str]:
    axis = dict(call.static).get("axis")
    arrays = len(call.args) == 1 and _is_array(call.args[0])
    yield from _unless(arrays, "asks for the extent of what is not an array")
    exists = isinstance(axis, int) and arrays and 0 <= axis < _rank(call.args[0])
    yield from _unless(exists, f"asks for the extent of axis {axis}, which does not exist")
    yield from _integers([call.out], "an extent")


def _derive(derive: Derive) -> Iterator[str]:
    params = derive.function.params
    count = len(params) == len(derive.args)
    yield from _unless(count, f"passes {len(derive.args)} arguments for {len(params)} parameters")
    for param, arg in zip(params, derive.args, strict=False):
        yield from _same_dtype(param, arg)
        yield from _unless(_rank(param) == _rank(arg), f"{arg!r} is {arg.type}, not {param.type}")


def _ufunc_call(call: Call, function: np.ufunc) -> Iterator[str]:
    given, taken = len(call.args), function.nin
    if given != taken:
        yield f"passes {given} operands to {function.__name__}, which takes {taken}"
        return
    ranks = [_rank(arg) for arg in call.args]
    rank = max(ranks) if function.signature is None else sum(ranks) - 2
    yield from _unless(_rank(call.out) == rank, f"gives {_rank(call.out)} axes instead of {rank}")
    first, *rest = call.args
    for arg in rest:
        if not (function in INTEGER_EXPONENT and arg.type.dtype.kind in "iu"):
            yield from _same_dtype(first, arg)
    if first.type.dtype.kind in "fc":
        yield from _float_result(call.out, function, first.type.dtype)


def _float_result(out: Value, function: np.ufunc, dtype: np.dtype[Any]) -> Iterator[str]:
    inputs = [dtype] * function.nin
    if function is np.ldexp:
        inputs[1] = np.dtype(np.int64)
    try:
        wanted = function.resolve_dtypes((*inputs, *[None] * function.nout))[function.nin]
    except TypeError:
        yield f"calls {function.__name__}, which does not take {dtype}"
        return
    yield from _unless(out.type.dtype == wanted, f"gives {out.type} instead of {wanted}")


def _element(ref: Value, indices: Sequence[Operand]) -> Iterator[str]:
    yield from _unless(_is_array(ref), f"{ref.name} is not an array")
    count, rank = len(indices), _rank(ref)
    yield from _unless(count == rank, f"{ref.name} has {rank} axes, and {count} indices are given")
    yield from _integers(indices, "an index")


def _write(statement: Store | Increment) -> Iterator[str]:
    ref, indices, value = statement.ref, statement.indices, statement.value
    yield from _unless(_is_array(ref), f"{ref.name} is not an array")
    if indices:
        yield from _element(ref, indices)
    yield from _same_dtype(ref, value)
    yield from _broadcasts(value, () if indices else ref.shape)


def _agree(target: Value, sources: Sequence[Operand]) -> Iterator[str]:
    """Yield why `target` cannot be any of `sources`: one dtype and rank, and no false layout."""
    for source in sources:
        yield from _same_dtype(target, source)
        like = _is_array(target) == _is_array(source) and _rank(target) == _rank(source)
        yield from _unless(like, f"{target.name} is {target.type}, {source!r} is {source.type}")
        yield from _claims(target.type, layouts_of(source.type))


def _claims(type: Type, layouts: frozenset[Layout]) -> Iterator[str]:
    """Yield a fault if the layout of `type` is claimed without being one of `layouts`."""
    claimed = not isinstance(type, Array) or type.layout in layouts
    yield from _unless(claimed, f"claims a layout without a reason: {type}")


def _join(join: Join) -> Iterator[str]:
    yield from _agree(join.out, (join.then, join.orelse))


def _loop(loop: Loop) -> Iterator[str]:
    for entry in loop.carried:
        yield from _agree(entry.phi, (entry.init, entry.next))
        yield from _agree(entry.out, (entry.phi, entry.next))
    match loop:
        case For(index=index, start=start, stop=stop, step=step):
            yield from _integers((index, start, stop, step), "a counter or bound")
            yield from _unless(not (isinstance(step, Const) and step.value == 0), "steps by 0")
        case While(condition=condition):
            yield from _condition(condition)
        case _:
            assert_never(loop)
    if loop.leave is not None:
        yield from _condition(loop.leave)
    yield from _integers([loop.trips], "a number of trips")


def _view(view: View) -> Iterator[str]:
    out, ref = view.out, view.ref
    if not (isinstance(out.type, Array) and isinstance(ref.type, Array)):
        yield "views what is not an array"
        return
    yield from _same_dtype(out, ref)
    match view.how:
        case Index(items=items):
            yield from _index(out, ref, items)
            yield from _claims(out.type, layouts_of_index(ref.type, items))
        case Transpose(axes=axes):
            yield from _transpose(out, ref, axes)
            yield from _claims(out.type, layouts_of_transpose(ref.type, axes))
        case Reshape():
            yield from _unless("C" in layouts_of(ref.type), f"reshapes {ref.name}, which is not C")
            yield from _claims(out.type, layouts_of(Array(ref.type.dtype, out.type.ndim)))
        case Broadcast():
            yield from _broadcasts(ref, out.shape)
            yield from _claims(out.type, layouts_of(Array(ref.type.dtype, out.type.ndim, "A")))
        case _:
            assert_never(view.how)


def _index(out: Value, ref: Value, items: Sequence[Item]) -> Iterator[str]:
    covered = sum(not isinstance(item, NewAxis) for item in items)
    yield from _unless(covered == _rank(ref), f"{ref.name} has {_rank(ref)} axes, not {covered}")
    kept = [item for item in items if isinstance(item, Slice | NewAxis)]
    yield from _unless(len(kept) == _rank(out), f"{out.name} should have {len(kept)} axes")
    for part, extent in zip(kept, out.shape, strict=False):
        new = isinstance(part, NewAxis)
        yield from _unless(
            is_one(extent) or not new, f"a new axis of {out.name} is not of extent 1"
        )
    for item in items:
        match item:
            case Value() | Const():
                yield from _integers([item], "an index")
            case Slice(start=start, stop=stop, step=step):
                yield from _integers((start, stop, step), "a part of a slice")
                yield from _unless(not (isinstance(step, Const) and step.value == 0), "steps by 0")
            case NewAxis():
                pass
            case _:
                assert_never(item)


def _transpose(out: Value, ref: Value, axes: Sequence[int]) -> Iterator[str]:
    if sorted(axes) != list(range(_rank(ref))) or _rank(out) != _rank(ref):
        yield f"{tuple(axes)} is not a permutation of the axes of {ref.name} and {out.name}"
        return
    for extent, axis in zip(out.shape, axes, strict=True):
        clash = _differ(extent, ref.shape[axis])
        yield from _unless(not clash, f"axis {axis} of {ref.name} changes its extent")
