"""May a loop be run in lanes, and what in it differs from lane to lane?

Lanes run each statement for many iterations before the next statement. So iterations must be
independent, and what decides which statements run, but for branches without loops, must be the
same in all of them.

What an iteration makes for itself is *private*; it gets one more axis. *Free* sums are those of
adjoints, which have no order. The terms of the user's own sums are kept and added in their order.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from srcdiff.analysis.aliasing import Aliases
from srcdiff.analysis.dataflow import Dataflow
from srcdiff.analysis.loops import additions, independence
from srcdiff.ir.build import is_constant
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    Carried,
    Const,
    For,
    Guard,
    If,
    Increment,
    Load,
    Operand,
    Statement,
    Store,
    Value,
    is_array,
)
from srcdiff.ir.walk import (
    blocks,
    definitions,
    has_effect,
    inner_definitions,
    operands,
    statements,
    values,
)
from srcdiff.words import radd


@dataclass(eq=False)
class Study:
    """What is known about one loop."""

    loop: For
    flow: Dataflow
    aliases: Aliases
    private: set[Value] = field(default_factory=set)
    varying: set[Value] = field(default_factory=set)
    sums: set[Value] = field(default_factory=set)
    """The partial sums over the iterations, free ones and the user's."""
    strict: list[Call] = field(default_factory=list)
    """The additions of the user's sums, in their order."""
    added: set[Value] = field(default_factory=set)
    """The classes that the loop does nothing with but add to them."""
    packed: list[Value] = field(default_factory=list)
    """The arrays whose rows, one for each iteration, are read again and again by inner loops."""

    def reason(self) -> str:
        """Return why the loop cannot be run in lanes; empty: it can."""
        if not is_constant(self.loop.step, 1) or self.loop.trips is not None:
            return "it does not count by 1 to its end"
        found = independence(self.loop, self.flow, self.aliases)
        if not found.holds:
            return found.reasons[0]
        if found.counters:
            return f"`{found.counters[0].phi.name}` is counted"
        self.added = set(found.incremented)
        self.private = {s.out for s in statements(self.loop.body) if isinstance(s, Alloc)}
        for entry in found.sums:
            if not self.takes(entry):
                return f"`{entry.phi.name}` is added up in its own order"
        self.spread()
        reason = self.refused(self.loop.body, inside=False)
        if not reason:
            self.packed = self.repeated()
        return reason

    # ---- sums over the iterations ----

    def takes(self, entry: Carried) -> bool:
        """Note the calls of a sum; say whether its order can be kept, or is ours."""
        calls = self.chain(entry)
        if all(call.function is radd or call.origin.sweep == "adjoint" for call in calls):
            return True
        own = additions(entry.phi, entry.next, self.flow) or []
        if len(own) != len(calls):
            return False
        order = {s: k for k, s in enumerate(self.loop.body.statements)}
        self.strict = sorted([*self.strict, *own], key=order.__getitem__)
        return True

    def chain(self, entry: Carried) -> list[Call]:
        """Return the additions of a sum, those of nested loops as well."""
        self.sums |= {entry.phi, entry.out}
        calls: list[Call] = []
        current: Operand = entry.phi
        while current is not entry.next:
            assert isinstance(current, Value)
            (use,) = self.flow.uses[current]
            match use.statement:
                case Call(out=out) as call:
                    calls.append(call)
                    current = out
                case For(carried=carried):
                    (inner,) = [e for e in carried if e.init is current]
                    calls += self.chain(inner)
                    current = inner.out
            self.sums |= set(values([current]))
        return calls

    # ---- what varies ----

    def spread(self) -> None:
        """Find the values that differ from lane to lane."""
        self.varying = {self.loop.index}
        known = -1
        while len(self.varying) != known:
            known = len(self.varying)
            for statement in statements(self.loop.body):
                self.vary(statement)

    def vary(self, statement: Statement) -> None:
        match statement:
            case Load(ref=ref) if ref in self.private or self.varies(operands(statement)):
                self.add(statement.out)
            case Call(args=args, out=out) if self.varies(args):
                self.add(out)
            case For(carried=carried):
                for entry in carried:
                    if self.varies((entry.phi, entry.init, entry.next)):
                        self.add(entry.phi, entry.out)
            case If(condition=condition, joins=joins):
                for join in joins:
                    if self.varies((condition, join.then, join.orelse)):
                        self.add(join.out)

    def varies(self, parts: Iterable[Operand]) -> bool:
        return any(part in self.varying for part in parts)

    def add(self, *found: Value) -> None:
        self.varying.update(value for value in found if value not in self.sums)

    # ---- what is refused ----

    def refused(self, block: Block, *, inside: bool) -> str:
        """Return what cannot be done in lanes; `inside` of a branch that lanes take or not."""
        for statement in block.statements:
            if not self.is_allowed(statement, inside=inside):
                return f"line {_line(statement)} needs the iterations one after the other"
            deeper = isinstance(statement, If) and statement.condition in self.varying
            for nested in blocks(statement):
                reason = self.refused(nested, inside=inside or deeper)
                if reason:
                    return reason
        return ""

    def is_allowed(self, statement: Statement, *, inside: bool) -> bool:
        if any(
            is_array(value) and not isinstance(statement, Alloc)
            for value in (*definitions(statement), *inner_definitions(statement))
        ):
            return False
        match statement:
            case Call(function=function, args=args):
                asks = function is np.shape and args[0] not in self.private
                return asks or not (has_effect(statement) or any(map(is_array, args)))
            case Alloc(out=out, fill=fill):
                fixed = not self.varies((*out.shape, *([] if fill is None else [fill])))
                return not inside and fixed
            case Load():
                return bool(statement.indices)
            case Store(ref=ref, indices=(), value=value):
                fixed = not is_array(value) and value not in self.varying
                return ref in self.private and fixed and not inside
            case Store(value=value):
                return not is_array(value)
            case Increment():
                return self.may_add(statement, inside=inside)
            case Guard(condition=condition):
                return not inside and condition not in self.varying
            case For(start=start, stop=stop, step=step, leave=leave, trips=trips):
                fixed = not self.varies((start, stop, step))
                return not inside and fixed and leave is None and trips is None
            case If():
                return True
        return False

    def may_add(self, statement: Increment, *, inside: bool) -> bool:
        if not statement.indices or is_array(statement.value):
            return False
        if self.is_own(statement):
            return True
        ours = statement.origin.sweep == "adjoint" and statement.ref.type.dtype.kind == "f"
        return ours and not (inside and self.is_summed(statement))

    # ---- what is packed ----

    def repeated(self) -> list[Value]:
        """Return the arrays of which inner loops read the lanes' own rows again and again."""
        written = {self.aliases.root(ref) for ref in self.written()}
        loads: dict[Value, list[Load]] = {}
        again: set[Value] = set()
        for around, load in self.loads(self.loop.body, ()):
            loads.setdefault(load.ref, []).append(load)
            if any(index not in load.indices for index in around):
                again.add(load.ref)
        return [
            ref
            for ref, each in loads.items()
            if ref in again
            and self.aliases.root(ref) not in written
            and all(s.indices[0] is self.loop.index for s in each)
            and not any(self.varies(s.indices[1:]) for s in each)
            and len(ref.shape) > 1
        ]

    def written(self) -> Iterator[Value]:
        for statement in statements(self.loop.body):
            if isinstance(statement, Store | Increment):
                yield statement.ref

    def loads(
        self, block: Block, around: tuple[Value, ...]
    ) -> Iterator[tuple[tuple[Value, ...], Load]]:
        """Iterate over the loads of shared arrays, with the counters of the loops around them."""
        for statement in block.statements:
            if isinstance(statement, Load) and statement.ref not in self.private:
                yield around, statement
            inner = (*around, statement.index) if isinstance(statement, For) else around
            for nested in blocks(statement):
                yield from self.loads(nested, inner)

    # ---- questions about statements ----

    def is_own(self, statement: Load | Store | Increment) -> bool:
        """Say whether each lane touches elements of its own."""
        if statement.ref in self.private or self.loop.index in statement.indices:
            return True
        return self.aliases.root(statement.ref) not in self.added

    def is_summed(self, statement: Statement) -> bool:
        """Say whether a statement adds to one element in all lanes."""
        if not isinstance(statement, Increment) or statement.ref in self.private:
            return False
        return not self.varies(statement.indices)

    def exists(self, increment: Increment) -> bool:
        """Say whether an element surely exists: each iteration touches it, or one behind it."""
        return any(
            isinstance(s, Load | Store | Increment)
            and s.ref is increment.ref
            and len(s.indices) == len(increment.indices)
            and all(map(_is_within, increment.indices, s.indices))
            for s in self.loop.body.statements
        )

    def is_scattered(self, statement: Load | Store | Increment) -> bool:
        """Say whether neighbouring lanes touch elements that are not neighbours."""
        near = statement.ref in self.private or statement.ref in self.packed
        if near or not self.varies(statement.indices):
            return False
        *others, last = statement.indices
        return self.shift(last) is None or self.varies(others)

    def is_shifted(self, statement: Load | Store | Increment) -> bool:
        """Say whether lanes add to neighbours of the elements that are their own."""
        if not isinstance(statement, Increment) or self.is_own(statement):
            return False
        return self.varies(statement.indices) and not self.is_scattered(statement)

    def shift(self, index: Operand) -> int | None:
        """Return by how much an index is off the counter; None: it is none, or may be negative."""
        base, offset = self.flow.integers.affine(index)
        known = base is self.loop.index and self.flow.integers.is_index(index)
        return offset if known or index is self.loop.index else None

    def in_lanes(self, statement: Statement) -> bool:
        """Say whether a statement itself is done once for each lane."""
        match statement:
            case Call(out=out) | Load(out=out):
                return out in self.varying or out in self.sums
            case Store(indices=indices):
                return bool(indices)
            case Increment():
                return True
            case If(condition=condition):
                return condition in self.varying
        return False

    def holds_lanes(self, statement: Statement) -> bool:
        """Say whether something in a loop or branch is done once for each lane."""
        return any(self.in_lanes(s) for block in blocks(statement) for s in statements(block))


def _line(statement: Statement) -> int | str:
    span = statement.origin.span
    return "?" if span is None else span.line


def _is_within(index: Operand, other: Operand) -> bool:
    """Say whether an index is another one, or a literal from 0 up to it."""
    match index, other:
        case Const(value=value), Const(value=end):
            return bool(0 <= value <= end)
    return index is other
