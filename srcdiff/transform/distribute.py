"""Part a loop whose iterations may run side by side, with its inner loops outside.

    For j                                 For j
        t = Load b[i, j]                      Store t_row[j] = b[i, j] + 1.0
        t' = Call add(t, 1.0)             For k
        For k                     ->          For j
            Increment c[k, j] += t'               Increment c[k, j] += t_row[j]

What is carried through an inner loop, and what one part of the body leaves to another, is in an
array with an element for each iteration; where it comes from an element that only this iteration
touches, it is that element, and what is cheap is computed again. An array that each iteration makes
for itself becomes one of all iterations.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from srcdiff.analysis.dataflow import Dataflow
from srcdiff.analysis.dependence import Access
from srcdiff.analysis.loops import additions
from srcdiff.analysis.reorder import Part, Reordering, Touch, everything, used
from srcdiff.ir.build import Builder, integer, is_constant, mapped
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    Carried,
    For,
    Increment,
    Load,
    Operand,
    Statement,
    Store,
    Value,
    is_array,
)
from srcdiff.ir.types import Array
from srcdiff.ir.walk import asks, changing, clone, definitions, operands, rewrite

CHEAP = frozenset({np.negative, np.add, np.subtract, np.multiply})
"""What is computed again in another part."""
MOST = 6
"""The most numbers that become arrays."""


def distributed(
    flow: Dataflow, order: Reordering, loop: For, found: list[Part]
) -> list[Statement] | None:
    """Return what takes the place of a loop whose parts may be reordered; None: it stays."""
    return _Nest(flow, order, loop, found).statements()


@dataclass(frozen=True, eq=False)
class _Room:
    """Where a number of each iteration is: an element of an array, maybe of the user's own."""

    ref: Value
    indices: tuple[Operand, ...]
    is_own: bool = True


@dataclass(eq=False)
class _Nest:
    """One nest, whose iterations may run side by side.

    New statements are put together of the old values, and then copied for each new loop.
    """

    flow: Dataflow
    order: Reordering
    loop: For
    found: list[Part]
    rooms: dict[Value, _Room] = field(default_factory=dict)
    """Of the numbers that one part leaves to another, and of what inner loops carry."""
    places: dict[Value, int] = field(default_factory=dict)
    """The number of the part that defines a value."""
    homes: dict[Carried, int] = field(default_factory=dict)
    """The number of the part that has an entry of the outer loop for itself."""
    through: dict[Carried, Carried] = field(default_factory=dict)
    """The entries of inner loops that are sums of the outer one as well."""
    dropped: set[Statement] = field(default_factory=set)
    wide: dict[Value, Value] = field(default_factory=dict)
    """What takes the place of an array that each iteration makes for itself."""

    def statements(self) -> list[Statement] | None:
        """Return what takes the place of the loop; None: it stays."""
        self.made = Builder(self.loop.origin)
        self.note()
        if not self.bounds_are_known() or not all(map(self.takes, self.loop.carried)):
            return None
        if not all(map(self.widens, self.loop.body.statements)):
            return None
        for part in self.found:
            if isinstance(part, For):
                self.carry(part)
        crossing = self.crossing()
        if any(map(is_array, crossing)):
            return None
        self.rooms.update((value, self.room(value)) for value in crossing)
        if not self.has_room():
            return None
        for number, part in enumerate(self.found):
            if isinstance(part, For):
                self.inner(number, part)
            else:
                self.outer(number, part)
        return self.made.statements

    def has_room(self) -> bool:
        """Say whether an array for each of the numbers is not too much, and has a place."""
        own = sum(room.is_own for room in self.rooms.values()) + len(self.wide)
        return own <= MOST and (not own or self.flow.integers.is_index(self.loop.index))

    def note(self) -> None:
        """Put something between loops everywhere, and note which part defines what."""
        parted: list[Part] = []
        for part in self.found:
            if isinstance(part, For) and not (parted and isinstance(parted[-1], tuple)):
                parted.append(())
            parted.append(part)
        self.found = parted if isinstance(parted[-1], tuple) else [*parted, ()]
        self.inside = changing(self.loop)
        for number, part in enumerate(self.found):
            made = (part,) if isinstance(part, For) else part
            known = (s for s in made if not isinstance(s, Alloc))
            self.places.update((v, number) for s in known for v in definitions(s))
        everything = (self.order.touches(self.loop, part) for part in self.found)
        self.touched = [touch for each in everything for touch in each]

    # ---- what can be turned around ----

    def bounds_are_known(self) -> bool:
        """Say whether the inner loops run alike in all iterations of the outer one."""
        inner = [part for part in self.found if isinstance(part, For)]
        numbers = not any(is_array(entry.phi) for part in inner for entry in part.carried)
        bounds = {bound for part in inner for bound in (part.start, part.stop)}
        return numbers and all(map(self.is_fixed, bounds))

    def is_fixed(self, bound: Operand) -> bool:
        """Say whether a number can be made before the loop."""
        made = self.again(bound)
        if made is None or bound is self.loop.index:
            return False
        return not any(self.loop.index in operands(s) or isinstance(s, Load) for s in made)

    def takes(self, entry: Carried) -> bool:
        """Say whether one part has an entry for itself, or it is a sum of adjoints through one."""
        home = self.places.get(entry.next) if isinstance(entry.next, Value) else None
        if home is None or is_array(entry.phi):
            return False
        part = self.found[home]
        if not isinstance(part, For):
            self.homes[entry] = home
            inside = set(everything(part))
            return all(statement in inside for statement in self.uses(entry.phi))
        inner = next(each for each in part.carried if each.out is entry.next)
        found = additions(inner.phi, inner.next, self.flow)
        self.through[inner] = entry
        single = len(self.uses(entry.phi)) == 1 == len(self.uses(inner.out))
        adjoint = all(call.origin.sweep == "adjoint" for call in found or ())
        return single and inner.init is entry.phi and bool(found) and adjoint

    def uses(self, value: Value) -> list[Statement]:
        return [use.statement for use in self.flow.uses.get(value, [])]

    def carry(self, part: For) -> None:
        """Give each number that an inner loop carries for one iteration a place of its own."""
        for entry in part.carried:
            if entry not in self.through:
                room = self.own_element(entry) or self.room(entry.phi)
                self.rooms[entry.phi] = self.rooms[entry.out] = room

    def own_element(self, entry: Carried) -> _Room | None:
        """Return the element that an entry is read from and stored into, if that is all."""
        load = self.definition(entry.init)
        uses = self.uses(entry.out)
        if not isinstance(load, Load) or len(uses) != 1 or len(self.uses(load.out)) != 1:
            return None
        (store,) = uses
        if not isinstance(store, Store) or store.value is not entry.out:
            return None
        if store.ref is not load.ref or not self.are_same(store.indices, load.indices):
            return None
        if not all(self.again(index) is not None for index in load.indices):
            return None
        if not self.is_untouched(load, {load, store}) or not self.is_single(load, store):
            return None
        self.dropped |= {load, store}
        return _Room(load.ref, load.indices, is_own=False)

    def definition(self, operand: Operand) -> Statement | None:
        """Return what defines an operand between the inner loops."""
        known = self.flow.definitions.get(operand) if isinstance(operand, Value) else None
        inside = known is not None and known.block is self.loop.body and known.kind == "simple"
        return known.statement if inside and known is not None else None

    def are_same(self, left: tuple[Operand, ...], right: tuple[Operand, ...]) -> bool:
        return self.flow.integers.key(left) == self.flow.integers.key(right)

    def is_untouched(self, load: Load, own: set[Statement]) -> bool:
        """Say whether nothing but `own` touches an element, in any iteration."""
        one = self.element(load)
        others = [touch for touch in self.touched if touch.statement not in own]
        return all(self.order.never_meet(self.loop, one, other) for other in others)

    def is_single(self, load: Load, store: Store) -> bool:
        """Say whether each iteration has an element of its own."""
        one, other = self.element(load), self.element(store)
        return self.order.are_apart(self.loop, one, other)

    def element(self, statement: Load | Store) -> Touch:
        access = Access(statement.ref, statement.indices, self.loop.body, 0)
        return Touch(statement, access)

    # ---- what one part leaves to another ----

    def crossing(self) -> list[Value]:
        """Return the numbers that need a room, in the order of their definitions."""
        found: dict[Value, None] = {}
        for number in range(len(self.found)):
            for value in self.wanted(number):
                if value not in self.rooms and self.again(value) is None:
                    found[value] = None
        return sorted(found, key=lambda value: self.places[value])

    def wanted(self, number: int) -> list[Value]:
        """Return what a part needs of other parts, what it makes again included."""
        needed = used(tuple(self.kept(number)))
        return [v for v, home in self.places.items() if v in needed and home != number]

    def again(self, operand: Operand, most: int = 3) -> list[Statement] | None:
        """Return the statements that make a number again in any part; None: it is kept."""
        if operand not in self.inside or operand is self.loop.index:
            return []
        statement = self.definition(operand)
        match statement:
            case Load() if self.is_untouched(statement, {statement}):
                needed: tuple[Operand, ...] = statement.indices
            case Call(function=function, args=args, out=out) if function in CHEAP:
                needed = args
                most += out.type.dtype.kind in "iu"
            case _:
                return None
        result: list[Statement] = []
        for each in needed:
            before = self.again(each, most - 1)
            if before is None:
                return None
            result += [s for s in before if s not in result]
        return [*result, statement] if len(result) < most else None

    def room(self, value: Value) -> _Room:
        """Make an array with an element for each iteration."""
        ref = Value(f"{value.name}_row", Array(value.type.dtype, 1), (self.count(),))
        self.made.append(Alloc(ref, None, self.loop.origin))
        return _Room(ref, (self.loop.index,))

    def count(self) -> Operand:
        """Return the extent of an axis that has an element for each iteration."""
        made, loop = self.made, self.loop
        end = loop.stop
        if is_constant(loop.step, -1):
            end = made.fold(np.add, loop.start, integer(1))
        if not self.flow.integers.is_index(end):
            end = made.fold(max, end, integer(0))
        return end

    # ---- what an iteration makes for itself ----

    def widens(self, statement: Statement) -> bool:
        """Make an array of each iteration one of all of them, with one axis more, the last."""
        if not isinstance(statement, Alloc):
            return True
        if self.inside.intersection(operands(statement)):
            return False
        old = statement.out
        if any(asks(use) for use in self.uses(old)) or not isinstance(old.type, Array):
            return False
        type = Array(old.type.dtype, old.type.ndim + 1)
        self.wide[old] = Value(old.name, type, (*old.shape, self.count()))
        self.made.append(replace(statement, out=self.wide[old]))
        self.dropped.add(statement)
        return True

    def widened(self, statement: Statement) -> list[Statement]:
        """Return a statement that touches the element of its own iteration."""
        match statement:
            case Load(ref=ref) | Store(ref=ref) | Increment(ref=ref) if ref in self.wide:
                at = (*statement.indices, self.loop.index)
                return [replace(statement, ref=self.wide[ref], indices=at)]
        return [statement]

    # ---- the new loops ----

    def kept(self, number: int) -> list[Statement]:
        """Return what a part has to do: all that writes, and what is needed for that."""
        part = self.found[number]
        if isinstance(part, For):
            return self.body(part)
        following = self.found[number + 1] if number + 1 < len(self.found) else ()
        stores = self.starts(following) if isinstance(following, For) else list[Store]()
        stores += [
            Store(room.ref, room.indices, value, self.loop.origin)
            for value, room in self.rooms.items()
            if self.places.get(value) == number
        ]
        needed: set[Operand] = {e.next for e, home in self.homes.items() if home == number}
        needed |= {store.value for store in stores}
        result: list[Statement] = []
        for statement in reversed(part):
            writes = any(isinstance(s, Store | Increment) for s in everything(statement))
            if statement not in self.dropped and (
                writes or needed.intersection(definitions(statement))
            ):
                needed.update(used(statement))
                result.append(statement)
        return [*reversed(result), *stores]

    def starts(self, part: For) -> list[Store]:
        """Return the stores of what an inner loop begins with."""
        own = [entry for entry in part.carried if entry not in self.through]
        rooms = [(self.rooms[entry.phi], entry) for entry in own]
        origin = part.origin
        return [Store(r.ref, r.indices, e.init, origin) for r, e in rooms if r.is_own]

    def body(self, part: For) -> list[Statement]:
        """Return the body of an inner loop, with what it carries in memory."""
        first: list[Statement] = []
        last: list[Statement] = []
        changed: dict[Statement, list[Statement]] = {}
        for entry in part.carried:
            if entry in self.through:
                continue
            room = self.rooms[entry.phi]
            calls = additions(entry.phi, entry.next, self.flow) or []
            if len(calls) == 1 and calls[0] in part.body.statements:
                changed[calls[0]] = added(room.ref, room.indices, calls[0], entry)
            else:
                first.append(Load(entry.phi, room.ref, room.indices, part.origin))
                last.append(Store(room.ref, room.indices, entry.next, part.origin))
        middle = (new for s in part.body.statements for new in changed.get(s, [s]))
        return [*first, *middle, *last]

    def fetched(self, number: int) -> list[Statement]:
        """Return what makes the numbers of other parts known in a part."""
        loads: list[Statement] = []
        again: set[Statement] = set()
        for value in self.wanted(number):
            room = self.rooms.get(value)
            if room is not None:
                loads.append(Load(value, room.ref, room.indices, self.loop.origin))
            else:
                again.update(self.again(value) or ())
        return [*(s for s in self.loop.body.statements if s in again), *loads]

    def outer(self, number: int, part: tuple[Statement, ...]) -> None:
        """Append the loop of what stands between inner loops."""
        entries = [entry for entry, home in self.homes.items() if home == number]
        block = Block((*self.fetched(number), *self.kept(number)))
        if block.statements or entries:
            self.made.append(self.along(block, {}, {e: e for e in entries}))

    def inner(self, number: int, part: For) -> None:
        """Append an inner loop, which is now the outer one."""
        index = Value(part.index.name, part.index.type)
        sums = {inner: outer for inner, outer in self.through.items() if inner in part.carried}
        phis = {e: Value(e.phi.name, e.phi.type) for e in sums}
        passed = {e: Carried(e.phi, phis[e], e.next, Value(e.out.name, e.out.type)) for e in sums}
        inside = [*self.fetched(number), *self.kept(number)]
        first = self.once(part, inside)
        known: dict[Value, Operand] = {part.index: index}
        before = clone(Block(tuple(first)), known).statements
        row = self.along(Block(tuple(s for s in inside if s not in first)), known, passed)
        carried = tuple(
            Carried(phis[e], outer.init, passed[e].out, outer.out) for e, outer in sums.items()
        )
        mapping: dict[Value, Operand] = {}
        again = [s for bound in (part.start, part.stop) for s in self.again(bound) or ()]
        made = clone(Block(tuple(dict.fromkeys(again))), mapping).statements
        start, stop = mapped(part.start, mapping), mapped(part.stop, mapping)
        bounds = replace(part, index=index, start=start, stop=stop)
        self.made.statements += [
            *made,
            replace(bounds, carried=carried, body=Block((*before, row))),
        ]

    def once(self, part: For, inside: list[Statement]) -> list[Statement]:
        """Return the loads of a new inner loop that are the same in all of its iterations.

        LLVM would have to know that nothing there writes to them. The loop may have no iterations:
        so the elements must exist in any case.
        """
        own = {*self.inside} - {part.index}
        written = {self.order.memory.root(t.statement.ref) for t in self.touched if t.writes}
        needed: set[Operand] = set()
        for statement in inside:
            if own.intersection(operands(statement)):
                continue
            match statement:
                case Call(out=out) if out.type.dtype.kind in "iu":
                    own.discard(out)
                case Load(ref=ref, indices=indices) if self.order.memory.root(ref) not in written:
                    if all(map(self.order.dependence.is_within, indices, ref.shape)):
                        needed.add(statement.out)
        result: list[Statement] = []
        for statement in reversed(inside):
            if needed.intersection(definitions(statement)):
                needed.update(operands(statement))
                result.append(statement)
        return result[::-1]

    def along(
        self, block: Block, mapping: dict[Value, Operand], entries: dict[Carried, Carried]
    ) -> For:
        """Return a loop over the iterations of the outer one, with a body of its own."""
        index = Value(self.loop.index.name, self.loop.index.type)
        phis = {entry: Value(entry.phi.name, entry.phi.type) for entry in entries}
        mapping = {**mapping, self.loop.index: index}
        mapping.update((entry.phi, phi) for entry, phi in phis.items())
        body = clone(rewrite(block, self.widened), mapping)
        carried = tuple(
            Carried(phis[old], new.init, mapped(new.next, mapping), new.out)
            for old, new in entries.items()
        )
        return replace(self.loop, index=index, carried=carried, body=body)


def added(ref: Value, indices: tuple[Operand, ...], call: Call, entry: Carried) -> list[Statement]:
    """Return the addition of the term of a call to an element, in place of a carried number."""
    builder = Builder(call.origin)
    (term,) = [arg for arg in call.args if arg is not entry.phi]
    if call.function is np.subtract:
        term = builder.call(np.negative, term)
    builder.increment(ref, indices, term)
    return builder.statements
