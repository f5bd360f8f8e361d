"""Slots and tapes as SSA: pushes and pops become values that loops and branches carry.

    For i                               For i, carried tape = (tape', tape_0, tape'', tape),
        Push(tape, v)           ->                     top = (top', 0, top'', top)
                                            top'' = top' + 1
                                            tape'' = grow(tape', top'')
                                            Store tape''[top'] = v

A slot is a tape without a loop around: its value itself is joined.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from srcdiff.ir.build import Builder, constant, integer
from srcdiff.ir.nodes import (
    NOWHERE,
    Block,
    Call,
    Carried,
    Const,
    For,
    If,
    Index,
    Join,
    Load,
    Operand,
    Origin,
    Reshape,
    Slice,
    Statement,
    Value,
    View,
    While,
    is_array,
)
from srcdiff.ir.types import PYTHON_INT, Array
from srcdiff.ir.walk import blocks, substitute_block
from srcdiff.transform.reverse.plan import Slot, Tape
from srcdiff.words import grow

Kept = Slot | Tape


@dataclass(frozen=True, eq=False)
class Push:
    """Put `value` into a slot or on a tape. Not IR: `thread` replaces it."""

    room: Kept
    value: Operand
    origin: Origin = NOWHERE


@dataclass(frozen=True, eq=False)
class Pop:
    """Take `out` back. Not IR: `thread` replaces it."""

    room: Kept
    out: Value
    origin: Origin = NOWHERE


@dataclass(frozen=True, eq=False)
class Reserve:
    """Let `out` be new room on a tape, in the shape of `out`. Not IR: `thread` replaces it."""

    room: Tape
    out: Value
    origin: Origin = NOWHERE


MARKS = (Push, Pop, Reserve)
Marked = Sequence[Any]
"""Statements, among them marks."""
State = dict[Kept, tuple[Operand, ...]]


def thread(statements: Marked) -> list[Statement]:
    """Replace the pushes and pops in both sweeps of a region, which follow each other."""
    rooms = list(dict.fromkeys(_rooms(statements)))
    if not rooms:
        return list(statements)
    builder = Builder()
    work = _Threader({room: _initial(builder, room) for room in rooms})
    body = work.block(statements)
    block = substitute_block(Block(tuple(body)), work.mapping)
    return [*builder.statements, *block.statements]


def _rooms(statements: Marked) -> list[Kept]:
    found: list[Kept] = []
    for statement in statements:
        if isinstance(statement, Push | Pop | Reserve):
            found.append(statement.room)
        else:
            for block in blocks(statement):
                found += _rooms(block.statements)
    return found


def _initial(builder: Builder, room: Kept) -> tuple[Operand, ...]:
    if isinstance(room, Tape):
        builder.origin = Origin(note=room.note)
        tape = builder.alloc((integer(64),), room.like.type.dtype, None, room.name)
        return tape, integer(0)
    if is_array(room.like):
        shape = (integer(0),) * len(room.like.shape)
        return (builder.alloc(shape, room.like.type.dtype, None, room.name),)
    return (constant(0, room.like.type),)


@dataclass(eq=False)
class _Threader:
    state: State
    mapping: dict[Value, Operand] = field(default_factory=dict)

    def block(self, statements: Marked) -> list[Statement]:
        result: list[Statement] = []
        for statement in statements:
            builder = Builder(getattr(statement, "origin", NOWHERE))
            match statement:
                case Push():
                    self.push(builder, statement)
                    result += builder.statements
                case Reserve():
                    self.reserve(builder, statement)
                    result += builder.statements
                case Pop():
                    self.pop(builder, statement)
                    result += builder.statements
                case If():
                    result += self.branch(statement)
                case For() | While():
                    result += self.loop(statement)
                case _:
                    result.append(statement)
        return result

    def push(self, builder: Builder, push: Push) -> None:
        room, value = push.room, push.value
        if isinstance(room, Slot):
            self.state[room] = (value,)
            return
        grown, top, end = self.room_for(builder, room, value)
        if isinstance(value, Value) and is_array(value):
            type = Array(value.type.dtype, len(value.shape))
            place = Value(f"_{room.name}", type, value.shape)
            _section(builder, grown, top, end, place)
            builder.store(place, (), value)
        else:
            builder.store(grown, (top,), value)

    def reserve(self, builder: Builder, reserve: Reserve) -> None:
        grown, top, end = self.room_for(builder, reserve.room, reserve.out)
        _section(builder, grown, top, end, reserve.out)

    def room_for(
        self, builder: Builder, room: Kept, like: Operand
    ) -> tuple[Value, Operand, Operand]:
        """Make room for something on a tape; return the tape and where it begins and ends."""
        tape, top = self.state[room]
        assert isinstance(tape, Value)
        end = builder.fold(np.add, top, _size(builder, like), name=_top(room))
        grown = _tape_like(tape)
        builder.call_into(grown, grow, (tape, end), ())
        builder.append(_extent(grown))
        self.state[room] = (grown, end)
        return grown, top, end

    def pop(self, builder: Builder, pop: Pop) -> None:
        room, out = pop.room, pop.out
        if isinstance(room, Slot):
            self.mapping[out] = self.state[room][0]
            return
        tape, end = self.state[room]
        assert isinstance(tape, Value)
        start = builder.fold(np.subtract, end, _size(builder, out), name=_top(room))
        if is_array(out):
            _section(builder, tape, start, end, out)
        else:
            builder.append(Load(out, tape, (start,), builder.origin))
        self.state[room] = (tape, start)

    def branch(self, statement: If) -> list[Statement]:
        before = dict(self.state)
        then = self.block(statement.then.statements)
        taken, self.state = self.state, dict(before)
        orelse = self.block(statement.orelse.statements)
        joins = list(statement.joins)
        for room in before:
            pairs = zip(taken[room], self.state[room], strict=True)
            self.state[room] = tuple(_join(joins, room, *pair) for pair in pairs)
        made = [j.out for j in joins[len(statement.joins) :] if is_array(j.out)]
        after = [s for out in made for s in _extents(out)]
        sides = Block(tuple(then)), Block(tuple(orelse))
        return [replace(statement, then=sides[0], orelse=sides[1], joins=tuple(joins)), *after]

    def loop(self, loop: For | While) -> list[Statement]:
        inside = list(dict.fromkeys(_rooms([loop])))
        before = {room: self.state[room] for room in inside}
        pushed = _pushed(loop)
        for room in inside:
            tape = self.state[room][0]
            assert isinstance(tape, Value)
            phi = _tape_like(tape) if room in pushed else tape
            self.state[room] = (phi, Value(_top(room), PYTHON_INT))
        phis = {room: self.state[room] for room in inside}
        settle = [_extent(phis[room][0]) for room in inside if room in pushed]
        if isinstance(loop, For):
            body = [*settle, *self.block(loop.body.statements)]
            new: For | While = replace(loop, body=Block(tuple(body)))
        else:
            head = [*settle, *self.block(loop.head.statements)]
            body = self.block(loop.body.statements)
            new = replace(loop, head=Block(tuple(head)), body=Block(tuple(body)))
        return self.close(new, inside, before, phis)

    def close(
        self, loop: For | While, inside: list[Kept], before: State, phis: State
    ) -> list[Statement]:
        """Carry the state of the tapes that a loop uses."""
        entries, after = list(loop.carried), []
        for room in inside:
            outs: list[Operand] = []
            parts = zip(before[room], phis[room], self.state[room], strict=True)
            for init, phi, following in parts:
                if following is init:
                    outs.append(init)
                    continue
                assert isinstance(phi, Value)
                out = _tape_like(phi) if is_array(phi) else Value(phi.name, phi.type)
                entries.append(Carried(phi, init, following, out))
                if is_array(out):
                    after.append(_extent(out))
                outs.append(out)
            self.state[room] = tuple(outs)
        return [replace(loop, carried=tuple(entries)), *after]


def _top(room: Kept) -> str:
    return f"{room.name}_top"


def _tape_like(tape: Operand) -> Value:
    """Return another reference to a tape, of an extent of its own."""
    assert isinstance(tape, Value)
    return Value(tape.name, Array(tape.type.dtype, 1), (Value("_n", PYTHON_INT),))


def _extent(tape: Operand) -> Statement:
    """Return the statement that defines the extent of a tape."""
    assert isinstance(tape, Value)
    return _extents(tape)[0]


def _extents(array: Value) -> list[Statement]:
    """Return the statements that define the extents of an array by asking it."""
    return [
        Call(extent, np.shape, (array,), (("axis", axis),))
        for axis, extent in enumerate(array.shape)
        if isinstance(extent, Value)
    ]


def _pushed(loop: For | While) -> set[Kept]:
    inside = [s for block in blocks(loop) for s in statements_of(block)]
    return {s.room for s in inside if isinstance(s, Push | Reserve)}


def statements_of(block: Block) -> list[Any]:
    """Return the statements of a block and of the blocks in it, marks included."""
    result: list[Any] = []
    for statement in block.statements:
        result.append(statement)
        if not isinstance(statement, Push | Pop | Reserve):
            for inner in blocks(statement):
                result += statements_of(inner)
    return result


def _size(builder: Builder, value: Operand) -> Operand:
    """Return the number of elements of a kept value."""
    size: Operand = integer(1)
    for extent in value.shape if isinstance(value, Value) else ():
        size = builder.fold(np.multiply, size, extent)
    return size


def _section(builder: Builder, tape: Value, start: Operand, end: Operand, out: Value) -> None:
    """Let `out` be the elements of `tape` from `start` to `end`, in the shape of `out`."""
    how = Index((Slice(start, end, None),))
    if len(out.shape) == 1:
        builder.append(View(out, tape, how, builder.origin))
        return
    size = _size(builder, out)
    extent = size if isinstance(size, Value) else integer(size.value)
    part = builder.view(tape, how, Array(tape.type.dtype, 1), (extent,))
    builder.append(View(out, part, Reshape(), builder.origin))


def _join(joins: list[Join], room: Kept, then: Operand, orelse: Operand) -> Operand:
    """Return what a state is after a branch."""
    if then is orelse:
        return then
    if isinstance(then, Const) and isinstance(orelse, Const) and then.value == orelse.value:
        return then
    array = next((o for o in (then, orelse) if isinstance(o, Value) and is_array(o)), None)
    if array is not None:
        shape = tuple(Value("_n", PYTHON_INT) for _ in array.shape)
        out = Value(room.name, array.type, shape)
    else:
        out = Value(_top(room) if isinstance(room, Tape) else room.name, then.type)
    joins.append(Join(out, then, orelse))
    return out
