"""Compiled stacks for functions that call themselves: slots of eight bytes in memory of their own.

A stack is the address of three numbers: where the slots are, how many are used, how many there are.
An array that holds the slots would be counted as used at each access, which takes longer than what
is done with it. An error raised between `new_stack` and `free` leaves the memory behind, as it does
with what compiled code allocates anyway.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic, overload, register_jitable

from srcdiff import words

FIRST_SLOTS = 256
SLOTS, USED, CAPACITY = 0, 8, 16
"""Offsets of what a stack tells."""
ALIKE: dict[Callable[..., Any], tuple[types.Type, Any]] = {
    words.float_at: (types.float64, ir.DoubleType()),
    words.single_at: (types.float32, ir.FloatType()),
    words.int_at: (types.int64, ir.IntType(64)),
    words.bool_at: (types.boolean, ir.IntType(8)),
}


@intrinsic
def allocate(typing_context: Any, size: Any) -> Any:
    """Return the address of so many new bytes."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ptrtoint(context.nrt.allocate(builder, args[0]), ir.IntType(64))

    return types.int64(types.int64), generate


@intrinsic
def give_back(typing_context: Any, address: Any) -> Any:
    """Free what `allocate` gave."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        context.nrt.free(builder, builder.inttoptr(args[0], ir.IntType(8).as_pointer()))
        return context.get_dummy_value()

    return types.void(types.int64), generate


@intrinsic
def store(typing_context: Any, address: Any, values: Any) -> Any:
    """Put a number, or a tuple of numbers, a slot for each, to an address."""
    parts = list(values) if isinstance(values, types.BaseTuple) else [values]

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        for k, type in enumerate(parts):
            value = args[1]
            if isinstance(values, types.BaseTuple):
                value = builder.extract_value(args[1], k)
            if isinstance(type, types.Boolean):
                value = builder.zext(value, ir.IntType(8))
            elif isinstance(type, types.Integer):
                value = context.cast(builder, value, type, types.int64)
            address = builder.add(args[0], ir.IntType(64)(8 * k))
            builder.store(value, builder.inttoptr(address, value.type.as_pointer()))
        return context.get_dummy_value()

    return types.void(types.int64, values), generate


def _load(kind: types.Type, form: Any) -> Any:
    """Return what reads a number of one type from an address."""

    def load(typing_context: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            value = builder.load(builder.inttoptr(args[0], form.as_pointer()))
            return builder.trunc(value, ir.IntType(1)) if kind == types.boolean else value

        return kind(types.int64), generate

    return intrinsic(load)


load_int = _load(*ALIKE[words.int_at])


@register_jitable
def grow(stack: int, size: int) -> None:
    """Move the slots to where so many more fit."""
    old, used = load_int(stack + SLOTS), load_int(stack + USED)
    slots = allocate(16 * (used + size))
    if slots == 0:
        raise MemoryError
    for k in range(used):
        store(slots + 8 * k, load_int(old + 8 * k))
    give_back(old)
    store(stack + SLOTS, slots)
    store(stack + CAPACITY, 2 * (used + size))


@register_jitable
def room(stack: int, size: int) -> int:
    """Return the place of so many new slots."""
    place = load_int(stack + USED)
    if place + size > load_int(stack + CAPACITY):
        grow(stack, size)
    store(stack + USED, place + size)
    return int(place)


@overload(words.new_stack)
def _new_stack() -> Any:
    def new_stack() -> Any:
        stack = allocate(24)
        store(stack + SLOTS, allocate(8 * FIRST_SLOTS))
        store(stack + USED, 0)
        store(stack + CAPACITY, FIRST_SLOTS)
        return stack

    return new_stack


@overload(words.push)
def _push(stack: Any, *numbers: Any) -> Any:
    packed = len(numbers) == 1 and isinstance(numbers[0], types.BaseTuple)
    size = len(numbers[0] if packed else numbers)

    def push(stack: Any, *numbers: Any) -> Any:
        place = room(stack, size)
        store(load_int(stack + SLOTS) + 8 * place, numbers)
        return place

    return push


@overload(words.push_array)
def _push_array(stack: Any, array: Any) -> Any:
    def push_array(stack: Any, array: Any) -> Any:
        place = room(stack, array.size)
        address = load_int(stack + SLOTS) + 8 * place
        for number in array.flat:
            store(address, number)
            address += 8
        return place

    return push_array


def _give(word: Callable[..., Any], load: Any) -> None:
    @overload(word)
    def _at(stack: Any, place: Any, k: Any) -> Any:
        def at(stack: Any, place: Any, k: Any) -> Any:
            return load(load_int(stack + SLOTS) + 8 * (place + k))

        return at


for _word, _alike in ALIKE.items():
    _give(_word, _load(*_alike))


@overload(words.array_at)
def _array_at(stack: Any, place: Any, out: Any) -> Any:
    kinds = {types.float64: words.float_at, types.float32: words.single_at}
    word: Any = words.bool_at if out.dtype == types.boolean else kinds.get(out.dtype, words.int_at)
    read = _load(*ALIKE[word])

    def array_at(stack: Any, place: Any, out: Any) -> Any:
        address = load_int(stack + SLOTS) + 8 * place
        for k in range(out.size):
            out.flat[k] = read(address + 8 * k)
        return out

    return array_at


@overload(words.cut)
def _cut(stack: Any, place: Any) -> Any:
    def cut(stack: Any, place: Any) -> None:
        store(stack + USED, place)

    return cut


@overload(words.free)
def _free(stack: Any) -> Any:
    def free(stack: Any) -> None:
        give_back(load_int(stack + SLOTS))
        give_back(stack)

    return free
