"""Hand on in a number what one iteration leaves in an array for the next one.

    For k                                 For k, carried last = (last', 0.0, t, last'')
        If k > 0                              If k > 0
            p = Load q[k - 1]                     u = last' * c
            u = p * c               ->        ...
        ...                                   t = ...
        Store q[k] = t                        Store q[k] = t

Where each iteration waits for the one before it, as in the solution of a tridiagonal system, it
waits for the memory as well: as long as for an addition. LLVM sees to that itself, but not where a
branch leaves out the first iteration. The same is done for what adjoints add to the element that
the next iteration takes, of an array that is not read behind the loop.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.analysis.memory import memory
from srcdiff.analysis.reorder import Reordering, Touch, is_counted, is_flat, touches
from srcdiff.ir.build import Builder, constant, is_constant
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    Carried,
    For,
    Function,
    If,
    Increment,
    Join,
    Load,
    Operand,
    Statement,
    Store,
    Value,
)
from srcdiff.ir.types import Scalar
from srcdiff.ir.walk import (
    blocks,
    changing,
    map_blocks,
    operands,
    renewed,
    statements,
    substitute_block,
)

MOST = 3
"""Arrays of which a loop hands on an element."""


def relay(function: Function) -> Function:
    """Let innermost loops of `function` carry what they read of the iteration before."""
    if not any(isinstance(s, For) and _is_promising(s) for s in statements(function.body)):
        return function
    flow = dataflow(function)
    work = _Relay(flow, Reordering(flow, memory(function)))
    return replace(function, body=work.block(function.body))


def _is_promising(loop: For) -> bool:
    """Say whether an innermost loop has something to hand on in a branch."""
    if not is_counted(loop) or not is_flat(loop):
        return False
    branches = (s for s in loop.body.statements if isinstance(s, If))
    inside = (s for each in branches for block in blocks(each) for s in block.statements)
    return any(isinstance(s, Load | Increment) for s in inside)


@dataclass(eq=False)
class _Relay:
    flow: Dataflow
    order: Reordering

    def block(self, block: Block) -> Block:
        result: list[Statement] = []
        for position, statement in enumerate(block.statements):
            if isinstance(statement, For) and _is_promising(statement):
                result.append(_Loop(self, block, position, statement).changed())
            else:
                result.append(map_blocks(statement, self.block))
        return renewed(block, result)


@dataclass(eq=False)
class _Loop:
    """An innermost loop, and what of it is replaced."""

    work: _Relay
    block: Block
    position: int
    loop: For
    entries: list[Carried] = field(default_factory=list)
    gone: set[Statement] = field(default_factory=set)
    mapping: dict[Value, Operand] = field(default_factory=dict)
    added: dict[Load, Value] = field(default_factory=dict)
    """The numbers that are added to what is loaded."""
    joined: dict[If, list[Join]] = field(default_factory=dict)

    def changed(self) -> For:
        """Return the loop that hands on what it can; itself if that is nothing."""
        found: dict[Value, list[Touch]] = {}
        for touch in touches(self.loop.body, self.loop.body.statements):
            found.setdefault(touch.statement.ref, []).append(touch)
        for ref, group in found.items():
            if len(self.entries) < MOST and len(group) > 1:
                self.hand_on(ref, group)
        if not self.entries:
            return self.loop
        body = substitute_block(Block(tuple(self.rewritten(self.loop.body))), self.mapping)
        entries = [replace(e, next=self.mapped(e.next)) for e in self.entries]
        old = [replace(e, next=self.mapped(e.next)) for e in self.loop.carried]
        return replace(self.loop, body=body, carried=(*old, *entries))

    def mapped(self, operand: Operand) -> Operand:
        return self.mapping.get(operand, operand) if isinstance(operand, Value) else operand

    # ---- what is handed on ----

    def hand_on(self, ref: Value, group: list[Touch]) -> None:
        """Note the changes for one array, if an iteration reads there what the last one wrote."""
        stores = [t for t in group if isinstance(t.statement, Store)]
        loads = [t for t in group if isinstance(t.statement, Load)]
        added = [t for t in group if isinstance(t.statement, Increment)]
        if len(stores) == 1 and not added:
            self.stored(stores[0], [t for t in loads if self.follows(t, stores[0])])
        elif len(added) == 1 and len(loads) == 1 and len(stores) <= 1:
            self.added_to(loads[0], added[0], stores)

    def follows(self, read: Touch, write: Touch) -> bool:
        """Say whether an iteration reads the element that the one before it has written."""
        if not (self.is_natural(read) and self.is_natural(write)):
            return False
        integers, inside = self.work.flow.integers, changing(self.loop)
        step = -1 if is_constant(self.loop.step, -1) else 1
        keys = (integers.key(t.statement.indices) for t in (read, write))
        moved = False
        for (base, at), (other, there) in zip(*keys, strict=True):
            if base is not other or (base in inside and base is not self.loop.index):
                return False
            if at != (there - step if base is self.loop.index else there):
                return False
            moved = moved or base is self.loop.index
        return moved

    def is_natural(self, touch: Touch) -> bool:
        """Say whether no index of an access counts from the end."""
        return None not in self.work.order.dependence.place(touch.access)

    def waits(self, value: Operand, wanted: set[Value]) -> bool:
        """Say whether a number of an iteration is made of others of it."""
        pending, seen = [value], set[Operand]()
        while pending:
            operand = pending.pop()
            if operand in wanted:
                return True
            if operand in seen or not isinstance(operand, Value):
                continue
            seen.add(operand)
            definition = self.work.flow.definitions[operand]
            if self.is_inside(definition.block) and definition.statement is not self.loop:
                statement = definition.statement
                assert statement is not None
                pending += operands(statement)
        return False

    def is_inside(self, block: Block) -> bool:
        around = (outer for outer, _, _ in self.work.flow.ancestors(block))
        return block is self.loop.body or any(outer is self.loop.body for outer in around)

    # ---- stored and read ----

    def stored(self, write: Touch, reads: list[Touch]) -> None:
        """Carry what is stored to the loads of the next iteration."""
        store = write.statement
        assert isinstance(store, Store)
        outs = {t.statement.out for t in reads if isinstance(t.statement, Load)}
        if not reads or store not in self.loop.body.statements or not self.waits(store.value, outs):
            return
        if not all(self.is_alone(read, write) for read in reads):
            return
        if not all(map(self.is_later, reads)):
            return
        phi = Value(f"last_{store.ref.name.lstrip('_')}", Scalar(store.ref.type.dtype))
        nothing = constant(0, Scalar(store.ref.type.dtype))
        self.entries.append(Carried(phi, nothing, store.value, replace(phi)))
        self.gone |= {read.statement for read in reads}
        self.mapping |= dict.fromkeys(outs, phi)

    def is_alone(self, read: Touch, write: Touch) -> bool:
        """Say whether nothing else in the loop writes the element."""
        root = self.work.order.memory.root(read.statement.ref)
        others = (t for t in self.touched() if t.writes and t.statement is not write.statement)
        return all(
            self.work.order.never_meet(self.loop, other, read)
            for other in others
            if self.work.order.memory.root(other.statement.ref) is root
        )

    def touched(self) -> list[Touch]:
        return list(touches(self.loop.body, self.loop.body.statements))

    def is_later(self, read: Touch) -> bool:
        """Say whether a branch is around a load, which the first iteration does not take."""
        dependence = self.work.order.dependence
        ahead = dependence.form(self.loop.index) - dependence.form(self.loop.start)
        return dependence.never([*dependence.conditions(read.access.block), ahead, -ahead])

    # ---- added and taken ----

    def added_to(self, read: Touch, write: Touch, stores: list[Touch]) -> None:
        """Carry what is added to the load of the next iteration."""
        load, increment = read.statement, write.statement
        assert isinstance(load, Load) and isinstance(increment, Increment)
        inside = self.loop.body.statements
        ours = increment.origin.sweep == "adjoint" and self.follows(read, write)
        if not ours or load not in inside or not self.is_forgotten(load.ref):
            return
        zeros = [t.statement for t in stores]
        if not all(self.is_reset(zero, load) for zero in zeros):
            return
        if not self.waits(increment.value, {load.out}):
            return
        self.carry(load, increment, zeros)

    def is_reset(self, store: Statement, load: Load) -> bool:
        """Say whether a store sets to 0 what was loaded just before."""
        inside = self.loop.body.statements
        key = self.work.flow.integers.key
        return (
            isinstance(store, Store)
            and store in inside
            and is_constant(store.value, 0)
            and key(store.indices) == key(load.indices)
            and inside.index(store) > inside.index(load)
        )

    def is_forgotten(self, ref: Value) -> bool:
        """Say whether an array is made in front of the loop, and not read behind it."""
        known = self.work.order.memory
        root = known.root(ref)
        made = any(isinstance(s, Alloc) and s.out is ref for s in self.block.statements)
        if not made or root in known.bound or root in known.lasting:
            return False
        touched = (known.reads(s) for s in self.block.statements[self.position + 1 :])
        alone = all(
            t.statement.ref is ref or known.root(t.statement.ref) is not root
            for t in self.touched()
        )
        return alone and not any(root in roots for roots in touched)

    def carry(self, load: Load, increment: Increment, zeros: Sequence[Statement]) -> None:
        """Note that a number is handed on in place of an element."""
        dtype = Scalar(load.ref.type.dtype)
        nothing = constant(0, dtype)
        inside = self.loop.body.statements
        branch = next((s for s in inside if _holds(s, increment)), None)
        if not isinstance(branch, If):
            return
        following = Value(f"next_{load.ref.name.lstrip('_')}", dtype)
        then = increment in branch.then.statements
        sides = (increment.value, nothing) if then else (nothing, increment.value)
        self.joined.setdefault(branch, []).append(Join(following, *sides))
        phi = Value(f"next_{load.ref.name.lstrip('_')}", dtype)
        self.entries.append(Carried(phi, nothing, following, replace(phi)))
        self.gone |= {increment, *zeros}
        self.added[load] = phi

    # ---- the new body ----

    def rewritten(self, block: Block) -> list[Statement]:
        result: list[Statement] = []
        for statement in block.statements:
            if statement in self.gone:
                continue
            if isinstance(statement, Load) and statement in self.added:
                builder = Builder(statement.origin)
                loaded = builder.load(statement.ref, statement.indices)
                made = Call(statement.out, np.add, (loaded, self.added[statement]))
                result += [*builder.statements, replace(made, origin=statement.origin)]
                continue
            joins = self.joined.get(statement, []) if isinstance(statement, If) else []
            new = map_blocks(statement, lambda inner: Block(tuple(self.rewritten(inner))))
            if joins and isinstance(new, If):
                new = replace(new, joins=(*new.joins, *joins))
            result.append(new)
        return result


def _holds(statement: Statement, inner: Statement) -> bool:
    return any(inner in block.statements for block in blocks(statement))
