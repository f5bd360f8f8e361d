"""Generic walks over the IR: what a statement reads, defines and contains, and rebuilding it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeGuard, TypeVar

import numpy as np
from typing_extensions import assert_never

from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Broadcast,
    Call,
    Const,
    Derive,
    For,
    Function,
    Guard,
    How,
    If,
    Increment,
    Index,
    Item,
    Load,
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
from srcdiff.ir.types import Type
from srcdiff.ir.updates import entries, updated
from srcdiff.words import EFFECTS

S = TypeVar("S", bound=Statement)
NESTED = (If, For, While)  # a tuple: these are asked for more often than anything else
WRITING = (Store, Increment, Derive)


def operands(statement: Statement) -> tuple[Operand, ...]:
    """Return the operands that `statement` reads itself, those of nested blocks left out.

    What nested blocks yield belongs to the statement: sides of joins, `init`, `next`, `leave` and
    the condition of a `While`.
    """
    match statement:
        case Call(args=args):
            return args
        case Load(ref=ref, indices=indices):
            return (ref, *indices)
        case (
            Store(ref=ref, indices=indices, value=value)
            | Increment(ref=ref, indices=indices, value=value)
        ):
            return (ref, *indices, value)
        case For() | While():
            return (*before(statement), *yields(statement))
        case Alloc(out=out, fill=fill):
            return out.shape if fill is None else (*out.shape, fill)
        case View(out=out, ref=ref, how=how):
            return (ref, *_operands_of_view(out, how))
        case Guard(condition=condition):
            return (condition,)
        case Derive(seeds=seeds, args=args):
            return (*(seed for seed in seeds if seed is not None), *args)
        case If(condition=condition, joins=joins):
            return (condition, *(side for join in joins for side in (join.then, join.orelse)))
        case _:
            assert_never(statement)


def before(loop: For | While) -> tuple[Operand, ...]:
    """Return what `loop` reads once, before its first iteration."""
    inits = tuple(entry.init for entry in loop.carried)
    return (loop.start, loop.stop, loop.step, *inits) if isinstance(loop, For) else inits


def yields(loop: For | While) -> tuple[Operand, ...]:
    """Return what `loop` reads in each iteration, in the scope of its head and body."""
    nexts = tuple(entry.next for entry in loop.carried)
    leave = () if loop.leave is None else (loop.leave,)
    return (*nexts, *leave) if isinstance(loop, For) else (loop.condition, *nexts, *leave)


def _operands_of_view(out: Value, how: How) -> tuple[Operand, ...]:
    match how:
        case Index(items=items):
            return tuple(part for item in items for part in _operands_of_item(item))
        case Reshape() | Broadcast():
            return out.shape
        case Transpose():
            return ()
        case _:
            assert_never(how)


def _operands_of_item(item: Item) -> tuple[Operand, ...]:
    match item:
        case Value() | Const():
            return (item,)
        case Slice(start=start, stop=stop, step=step):
            return tuple(part for part in (start, stop, step) if part is not None)
        case NewAxis():
            return ()
        case _:
            assert_never(item)


def written_refs(statement: Statement) -> tuple[Value, ...]:
    """Return the arrays whose contents `statement` itself changes, nested blocks left out."""
    match statement:
        case Store(ref=ref) | Increment(ref=ref):
            return (ref,)
        case Derive(args=args, onto=onto):
            return values([args[k] for k in onto])
        case _:
            return ()


def asks(statement: Statement, array: Operand | None = None) -> TypeGuard[Call]:
    """Say whether a statement asks an array, or any one, for an extent."""
    if not isinstance(statement, Call) or statement.function is not np.shape:
        return False
    return array is None or statement.args[0] is array


def has_effect(statement: Statement) -> bool:
    """Say whether a statement does something besides what it gives and writes."""
    return isinstance(statement, Call) and statement.function in EFFECTS


def definitions(statement: Statement) -> tuple[Value, ...]:
    """Return the values that `statement` defines in the block that holds it."""
    match statement:
        case Call(out=out) | Alloc(out=out) | View(out=out) | Load(out=out):
            return (out,)
        case Store() | Increment() | Guard():
            return ()
        case Derive(outs=outs):
            return outs
        case If(joins=joins):
            return tuple(join.out for join in joins)
        case For(carried=carried, trips=trips) | While(carried=carried, trips=trips):
            outs = tuple(entry.out for entry in carried)
            return outs if trips is None else (*outs, trips)
        case _:
            assert_never(statement)


def inner_definitions(statement: Statement) -> tuple[Value, ...]:
    """Return the values that a loop defines for its head and body: the index and the phis."""
    match statement:
        case For(index=index, carried=carried):
            return (index, *(entry.phi for entry in carried))
        case While(carried=carried):
            return tuple(entry.phi for entry in carried)
        case _:
            return ()


def blocks(statement: Statement) -> tuple[Block, ...]:
    """Return the blocks nested in `statement`, in the order of the text."""
    if not isinstance(statement, NESTED):
        return ()
    if isinstance(statement, For):
        return (statement.body,)
    if isinstance(statement, If):
        return (statement.then, statement.orelse)
    return (statement.head, statement.body)


def statements(block: Block) -> tuple[Statement, ...]:
    """Return all statements of `block` and of the blocks in it, in the order of the text."""
    if block.listed is not None:
        return block.listed
    found: list[Statement] = []
    for statement in block.statements:
        found.append(statement)
        if isinstance(statement, NESTED):
            for inner in blocks(statement):
                found += statements(inner)
    object.__setattr__(block, "listed", tuple(found))
    return tuple(found)


def all_definitions(block: Block) -> Iterator[Value]:
    """Iterate over every value that `block`, or a block in it, defines."""
    for statement in statements(block):
        if isinstance(statement, NESTED):
            yield from inner_definitions(statement)
        yield from definitions(statement)


def changing(loop: For) -> set[Value]:
    """Return the values that may be others in each iteration of `loop`."""
    return {*inner_definitions(loop), *all_definitions(loop.body)}


def free_values(
    block: Block, results: Sequence[Operand], known: Sequence[Value]
) -> tuple[Value, ...]:
    """Return the values that a block uses and does not define, extents of arrays included."""
    own = {*all_definitions(block), *known}
    found: dict[Value, None] = {}

    def note(operand: Operand) -> None:
        if isinstance(operand, Value) and operand not in own and operand not in found:
            found[operand] = None
            for extent in operand.shape:
                note(extent)

    for value in known:
        for extent in value.shape:
            note(extent)
    for statement in statements(block):
        for operand in operands(statement):
            note(operand)
    for value in all_definitions(block):
        for extent in value.shape:
            note(extent)
    for result in results:
        note(result)
    return tuple(found)


def values(items: Sequence[Operand]) -> tuple[Value, ...]:
    """Return the operands that are not literals."""
    return tuple([item for item in items if isinstance(item, Value)])


def rewrite(block: Block, change: Callable[[Statement], Sequence[Statement]]) -> Block:
    """Replace each statement by what `change` returns for it, innermost blocks first."""
    result: list[Statement] = []
    for statement in block.statements:
        result.extend(change(map_blocks(statement, lambda inner: rewrite(inner, change))))
    return renewed(block, result)


def renewed(block: Block, statements: Sequence[Statement]) -> Block:
    """Return a block of these statements: `block` itself, if they are those that it has."""
    same = [*statements] == [*block.statements]  # nodes compare by identity
    return block if same else Block(tuple(statements))


def map_blocks(statement: S, change: Callable[[Block], Block]) -> S:
    """Replace the blocks of `statement`; without a change it is returned itself."""
    if not isinstance(statement, NESTED):
        return statement
    old = blocks(statement)
    new = tuple(change(block) for block in old)
    if all(a is b for a, b in zip(old, new, strict=True)):
        return statement
    match statement:
        case If():
            return replace(statement, then=new[0], orelse=new[1])
        case For():
            return replace(statement, body=new[0])
        case While():
            return replace(statement, head=new[0], body=new[1])


def substitute(statement: S, mapping: dict[Value, Operand]) -> S:
    """Replace operands of `statement` and of its blocks.

    Extents are operands too: a definition whose `shape` changes is defined anew, and `mapping` is
    extended by it, so what follows must be substituted with the same mapping.
    """
    return Substitution(mapping).statement(statement) if mapping else statement


def substitute_block(block: Block, mapping: dict[Value, Operand]) -> Block:
    """Replace operands in a block, as `substitute` does."""
    return Substitution(mapping).block(block) if mapping else block


def clone(block: Block, mapping: dict[Value, Operand]) -> Block:
    """Copy a block with new values for all its definitions, which `mapping` is extended by.

    An extent may be used by an array before it is defined, so that numbers are replaced first.
    """
    mapping.update((v, Value(v.name, v.type)) for v in all_definitions(block) if not v.shape)
    return Substitution(mapping, fresh=True).block(block)


def clone_function(function: Function) -> Function:
    """Copy a function so that it shares no value and no statement with the original."""
    mapping: dict[Value, Operand] = {}
    mapping.update(
        (v, Value(v.name, v.type)) for v in all_definitions(function.body) if not v.shape
    )
    work = Substitution(mapping, fresh=True)
    params = tuple(work.define(param) for param in function.params)
    body = work.block(function.body)
    results = tuple(work.operand(result) for result in function.results)
    return replace(function, params=params, body=body, results=results)


def rename(block: Block, names: Mapping[Value, str], mapping: dict[Value, Operand]) -> Block:
    """Give values other names; `mapping` is extended by the values that take their place.

    An extent may be used by an array before it is defined, so that numbers are replaced first.
    """
    mapping.update((v, Value(name, v.type)) for v, name in names.items() if not v.shape)
    return Substitution(mapping, names=names).block(block)


@dataclass(frozen=True, eq=False)
class Substitution:
    """Replaces operands by what `mapping` has for them, and maybe names and types."""

    mapping: dict[Value, Operand]
    fresh: bool = False
    names: Mapping[Value, str] = field(default_factory=dict)
    types: Mapping[Value, Type] = field(default_factory=dict)

    def operand(self, operand: Operand) -> Operand:
        return self.mapping.get(operand, operand) if isinstance(operand, Value) else operand

    def all(self, items: tuple[Operand, ...]) -> tuple[Operand, ...]:
        return tuple(self.operand(item) for item in items)

    def optional(self, operand: Operand | None) -> Operand | None:
        return None if operand is None else self.operand(operand)

    def ref(self, ref: Value) -> Value:
        result = self.operand(ref)
        assert isinstance(result, Value), f"{ref!r} is a reference, {result!r} a literal"
        return result

    def define(self, value: Value) -> Value:
        shape = self.all(value.shape)
        same = all(a is b for a, b in zip(shape, value.shape, strict=True))
        if (self.fresh or value in self.names) and value in self.mapping and not value.shape:
            known = self.mapping[value]
            assert isinstance(known, Value)
            return known
        name, type = self.names.get(value, value.name), self.types.get(value, value.type)
        if same and not self.fresh and name == value.name and type == value.type:
            return value
        result = Value(name, type, shape)
        self.mapping[value] = result
        return result

    def block(self, block: Block) -> Block:
        return renewed(block, [self.statement(statement) for statement in block.statements])

    def item(self, item: Item) -> Item:
        match item:
            case Value() | Const():
                return self.operand(item)
            case Slice(start=start, stop=stop, step=step):
                parts = (self.optional(start), self.optional(stop), self.optional(step))
                return Slice(*parts)
            case NewAxis():
                return item
            case _:
                assert_never(item)

    def how(self, how: How) -> How:
        match how:
            case Index(items=items):
                return Index(tuple(self.item(item) for item in items))
            case Transpose() | Reshape() | Broadcast():
                return how
            case _:
                assert_never(how)

    def statement(self, statement: S) -> S:
        if not (self.fresh or self.names or self.types) and not self._touches(statement):
            return statement
        result = self._rebuild(statement)
        assert isinstance(result, type(statement))
        return result

    def _touches(self, statement: Statement) -> bool:
        if isinstance(statement, NESTED):
            return True
        parts = list(operands(statement))
        for out in definitions(statement):
            parts += out.shape
        return not self.mapping.keys().isdisjoint(parts)

    def _rebuild(self, statement: Statement) -> Statement:
        match statement:
            case Call(args=args, out=out):
                return replace(statement, args=self.all(args), out=self.define(out))
            case Alloc(fill=fill, out=out):
                return replace(statement, fill=self.optional(fill), out=self.define(out))
            case View(ref=ref, how=how, out=out):
                how = self.how(how)
                return replace(statement, ref=self.ref(ref), how=how, out=self.define(out))
            case Load(ref=ref, indices=indices, out=out):
                indices = self.all(indices)
                return replace(statement, ref=self.ref(ref), indices=indices, out=self.define(out))
            case (
                Store(ref=ref, indices=indices, value=value)
                | Increment(ref=ref, indices=indices, value=value)
            ):
                indices, value = self.all(indices), self.operand(value)
                return replace(statement, ref=self.ref(ref), indices=indices, value=value)
            case Guard(condition=condition):
                return replace(statement, condition=self.operand(condition))
            case Derive(seeds=seeds, args=args, outs=outs):
                seeds = tuple(map(self.optional, seeds))
                outs = tuple(map(self.define, outs))
                return replace(statement, seeds=seeds, args=self.all(args), outs=outs)
            case If():
                return self._rebuild_if(statement)
            case For() | While():
                return self._rebuild_loop(statement)
            case _:
                assert_never(statement)

    def _rebuild_if(self, statement: If) -> If:
        condition = self.operand(statement.condition)
        then, orelse = self.block(statement.then), self.block(statement.orelse)
        sides = [(self.operand(j.then), self.operand(j.orelse)) for j in statement.joins]
        joins = tuple(
            updated(join, out=self.define(join.out), then=side[0], orelse=side[1])
            for join, side in zip(statement.joins, sides, strict=True)
        )
        return updated(statement, condition=condition, then=then, orelse=orelse, joins=joins)

    def _rebuild_loop(self, loop: For | While) -> For | While:
        inits = [self.operand(entry.init) for entry in loop.carried]
        rebuilt: For | While
        if isinstance(loop, For):
            start, stop, step = self.all((loop.start, loop.stop, loop.step))
            index = self.define(loop.index)
            phis = [self.define(entry.phi) for entry in loop.carried]
            rebuilt = updated(
                loop, start=start, stop=stop, step=step, index=index, body=self.block(loop.body)
            )
        else:
            phis = [self.define(entry.phi) for entry in loop.carried]
            head, condition = self.block(loop.head), self.operand(loop.condition)
            rebuilt = updated(loop, head=head, condition=condition, body=self.block(loop.body))
        nexts = [self.operand(entry.next) for entry in loop.carried]
        leave = self.optional(loop.leave)
        outs = [self.define(entry.out) for entry in loop.carried]
        trips = None if loop.trips is None else self.define(loop.trips)
        carried = entries(loop.carried, phis, inits, nexts, outs)
        return updated(rebuilt, carried=carried, leave=leave, trips=trips)
