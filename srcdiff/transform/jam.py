"""Run four iterations of a loop around an inner one at once, so that what they share is read once.

    For j                                     For j in range(0, rest, 4)
        For k                                     For k
            Increment a[i, k] += b[j, k]  ->          Increment a[i, k] += b[j, k] + ... b[j + 3, k]
                                              For j in range(rest, n)
                                                  ...

A sum that the inner loop carries is four sums then, none of which waits for another one. So it is
with an element, or a number, that each round makes of the one before. The order of the user's
additions stays: to one element they are made one after another. Sums of adjoints are put together
first.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.analysis.indices import Indices
from srcdiff.analysis.loops import additions
from srcdiff.analysis.memory import memory
from srcdiff.analysis.reorder import Part, Reordering, Touch, everything, parts
from srcdiff.ir.build import Builder, integer, is_constant, mapped
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    Carried,
    For,
    Function,
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
    changing,
    clone,
    definitions,
    map_blocks,
    operands,
    renewed,
    statements,
)
from srcdiff.transform.staircase import stepped
from srcdiff.transform.strips import rest_of
from srcdiff.transform.sums import plus
from srcdiff.transform.vectorise import PLAIN, is_below
from srcdiff.words import opaque, radd

_Access = Load | Store | Increment
_Origins = dict[Operand, set[Value]]
ROWS = 4
"""Iterations that run at once, at most."""
LINES = 3
"""Those of recurrences, whose bodies are long: one more would cost time to compile."""
CHECKS = 128
"""Pairs of accesses that LLVM is ready to tell apart at run time."""
LONGEST = 40
"""Statements of an iteration: each is there five times."""
LONGEST_RECURRENCE = 72
"""Those of iterations that wait for numbers: each is there four times."""


def jam(function: Function) -> Function:
    """Unroll loops of `function` whose iterations share what their inner loops read and write."""
    nests = {s: parts(s) for s in statements(function.body) if isinstance(s, For)}
    wanted = {s: p for s, p in nests.items() if p is not None and _is_worth_a_look(s, p)}
    if not wanted:
        return function
    flow = dataflow(function)
    work = _Jammer(flow, Reordering(flow, memory(function)), wanted)
    return replace(function, body=work.block(function.body))


def _is_worth_a_look(loop: For, found: list[Part]) -> bool:
    """Say whether a nest is short in text, and not known to be short in time."""
    inner = [part for part in found if isinstance(part, For)]
    plain = all(
        isinstance(s, Load | Store | Increment) or (isinstance(s, Call) and s.function in PLAIN)
        for part in inner
        for s in part.body.statements
    )
    short = is_below(loop, 2 * ROWS) or any(is_below(part, 2 * ROWS) for part in inner)
    within = [*statements(loop.body)]
    brief = len(within) <= LONGEST_RECURRENCE and not any(isinstance(s, If) for s in within)
    if not (len(inner) <= 2 and plain and brief) or short:
        return False
    return len(within) <= LONGEST or any(map(multiplies_on, inner))


@dataclass(eq=False)
class _Jammer:
    flow: Dataflow
    order: Reordering
    wanted: dict[For, list[Part]]

    def block(self, block: Block) -> Block:
        return renewed(block, [new for s in block.statements for new in self.statement(s)])

    def statement(self, statement: Statement) -> list[Statement]:
        if isinstance(statement, For) and statement in self.wanted:
            nest = _Nest(self.flow, self.order, statement, self.wanted[statement])
            if nest.holds() and nest.gains() and self.order.holds(statement, nest.found):
                return nest.statements()
            stairs = stepped(self.flow, self.order, statement, self.wanted[statement])
            if stairs is not None:
                return stairs
        return [map_blocks(statement, self.block)]


@dataclass(eq=False)
class _Nest:
    flow: Dataflow
    order: Reordering
    loop: For
    found: list[Part]
    through: set[Carried] = field(default_factory=set)
    """The entries of inner loops that are sums of the outer one as well."""
    maps: list[dict[Value, Operand]] = field(default_factory=list)
    """What stands for a value in each of the iterations."""

    def __post_init__(self) -> None:
        self.inside = changing(self.loop)
        everything = (self.order.touches(self.loop, part) for part in self.found)
        self.touched = [touch for each in everything for touch in each]
        self.shared = {part: self.common(part) for part in self.found if isinstance(part, For)}
        integers = self.flow.integers
        self.recurring = {p for p in self.shared if recurs(p, integers) or multiplies_on(p)}
        possible = (LINES, LINES - 1) if self.recurring else (ROWS, ROWS // 2)
        self.rows = next((rows for rows in possible if self.checks(rows) <= CHECKS), 1)

    def checks(self, rows: int) -> int:
        """Return how many pairs of accesses an inner loop has, one of which writes."""
        plain = (pair for pair in self.shared.items() if pair[0] not in self.recurring)
        return max((_pairs(part, shared, rows) for part, shared in plain), default=0)

    # ---- what can be done ----

    def holds(self) -> bool:
        """Say whether bounds are the same in all iterations, and entries can follow each other."""
        loops = [part for part in self.found if isinstance(part, For)]
        bounds = {bound for part in loops for bound in (part.start, part.stop)}
        arrays = any(is_array(e.phi) for each in (self.loop, *loops) for e in each.carried)
        bases = {self.flow.integers.affine(bound)[0] for bound in bounds}
        fixed = bases.isdisjoint(self.inside)
        return fixed and not arrays and all(map(self.follows, self.loop.carried))

    def follows(self, entry: Carried) -> bool:
        """Say whether an entry of one iteration is known when the next one asks for it."""
        home = self.home(entry.next)
        if home is None:
            return False
        part = self.found[home]
        uses = {use.statement for use in self.flow.uses.get(entry.phi, [])}
        if not isinstance(part, For):
            earlier = (s for each in self.found[:home] for s in everything(each))
            return not uses.intersection(earlier)
        return self.passes(entry)

    def passes(self, entry: Carried) -> bool:
        """Say whether an entry is a sum without an order that inner loops add to, in their turn."""
        current: Operand = entry.phi
        while current is not entry.next:
            part = self.taker(current)
            if part is None:
                return False
            inner = next((each for each in part.carried if each.init is current), None)
            if inner is None or not _has_no_order(additions(inner.phi, inner.next, self.flow)):
                return False
            self.through.add(inner)
            current = inner.out
        return isinstance(current, Value) and len(self.flow.uses.get(current, [])) == 1

    def taker(self, operand: Operand) -> For | None:
        """Return the inner loop that alone uses a number."""
        uses = self.flow.uses.get(operand, []) if isinstance(operand, Value) else []
        part = uses[0].statement if len(uses) == 1 else None
        return part if isinstance(part, For) and part in self.shared else None

    def home(self, operand: Operand) -> int | None:
        """Return the number of the part that defines an operand."""
        for number, part in enumerate(self.found):
            made = (part,) if isinstance(part, For) else part
            if any(operand in definitions(s) for s in made):
                return number
        return None

    def gains(self) -> bool:
        """Say whether four iterations at once are faster than one after the other.

        The user's sums wait for each addition, and elements for those before them; and where an
        iteration adds to a row of its own and to one that may be the same, LLVM makes no vector
        code of one iteration (see `row`). An element to which all four add products is read and
        written once instead of four times; mere sums are not worth the text, and with divisions
        the memory does not matter. What is only read comes from a fast cache: it is not worth the
        text. Nor are arrays of its own for each, for sums alone.
        """
        makes = any(isinstance(s, Alloc) for s in self.loop.body.statements)
        if self.rows == 1 or (makes and not self.recurring):
            return False
        for part, shared in self.shared.items():
            if part in self.recurring or any(self.waits(entry) for entry in part.carried):
                return True
            if any(map(_writes, shared)) and _multiplies(part):
                return True
            adding = [t for t in self.touched if isinstance(t.statement, Increment)]
            ours = [t for t in adding if t.statement in shared]
            own = [t for t in adding if t.statement in part.body.statements and t not in ours]
            if any(self.may_be_one(s, t) for s in ours for t in own):
                return True
        return False

    def may_be_one(self, one: Touch, other: Touch) -> bool:
        """Say whether two rows may be the same in some iteration."""
        roots = {self.order.memory.root(touch.statement.ref) for touch in (one, other)}
        return len(roots) == 1 and self.order.dependence.meet(one.access, other.access, None)

    def waits(self, entry: Carried) -> bool:
        """Say whether an entry is a sum in the order of the user."""
        found = additions(entry.phi, entry.next, self.flow)
        return bool(found) and any(call.function is not radd for call in found or ())

    def common(self, part: For) -> set[Statement]:
        """Return the statements of an inner loop that are one for all iterations."""
        own = {self.loop.index, *(v for v in self.inside if v is not part.index)}
        result: set[Statement] = set()
        for statement in part.body.statements:
            match statement:
                case Load() | Call() if not any(o in own for o in operands(statement)):
                    if isinstance(statement, Call) or self.is_apart(statement, part):
                        result.add(statement)
                        own -= {*definitions(statement)}
                case Increment(ref=ref, indices=indices) if not own.intersection((ref, *indices)):
                    if self.is_apart(statement, part):
                        result.add(statement)
        return result

    def is_apart(self, statement: Load | Increment, part: For) -> bool:
        """Say whether nothing else in an inner loop has an order with an access to an element."""
        touches = list(self.order.touches(self.loop, part))
        (one,) = [touch for touch in touches if touch.statement is statement]
        return all(
            self.order.never_meet(self.loop, one, other) for other in touches if other is not one
        )

    # ---- the new loops ----

    def statements(self) -> list[Statement]:
        """Return a loop over four iterations at once, and one over those that are left."""
        made, loop = Builder(self.loop.origin), self.loop
        rest = rest_of(made, self.flow.integers, loop, self.rows)
        self.main = Builder(loop.origin)
        self.phis = {e: Value(e.phi.name, e.phi.type) for e in loop.carried}
        low = Value(loop.index.name, loop.index.type)
        down = is_constant(loop.step, -1)
        self.maps = [{loop.index: self.row(low, row)} for row in range(self.rows)]
        for part in self.found:
            if isinstance(part, For):
                self.joint(part)
            else:
                for row in range(self.rows):
                    self.follow(row)
                    self.main.statements += clone(Block(part), self.maps[row]).statements
        middle = {e: Value(e.out.name, e.out.type) for e in loop.carried}
        last = self.maps[-1]
        carried = [Carried(self.phis[e], e.init, mapped(e.next, last), middle[e]) for e in middle]
        step = integer(-self.rows if down else self.rows)
        block = self.main.block()
        made.append(For(low, loop.start, rest, step, tuple(carried), block, origin=loop.origin))
        left = tuple(replace(e, init=middle[e]) for e in loop.carried)
        return [*made.statements, replace(loop, start=rest, carried=left)]

    def row(self, low: Value, row: int) -> Operand:
        """Return the counter of one of the iterations.

        LLVM asks once, for all iterations of the outer loop, whether rows that are written are
        apart. Those of one iteration are rows of another one: it must not see that they follow.
        """
        down = is_constant(self.loop.step, -1)
        index = self.main.fold(np.subtract if down else np.add, low, integer(row))
        if not any(_writes(s) for s in self.own()):
            return index
        return self.main.call(opaque, index, type=low.type, shape=())

    def own(self) -> Iterable[Statement]:
        """Iterate over the statements of inner loops that are another one for each iteration."""
        for part, shared in self.shared.items():
            yield from (s for s in part.body.statements if s not in shared)

    def follow(self, row: int) -> None:
        """Let the entries of a row begin with what they are after the row before."""
        for entry, phi in self.phis.items():
            if row == 0:
                self.maps[0][entry.phi] = phi
            elif isinstance(entry.next, Value) and entry.next in self.maps[row - 1]:
                self.maps[row][entry.phi] = self.maps[row - 1][entry.next]

    def joint(self, part: For) -> None:
        """Append an inner loop that does four iterations of the outer one."""
        self.follow(0)
        index, inner = Value(part.index.name, part.index.type), Builder(part.origin)
        shared = [s for s in part.body.statements if s in self.shared[part]]
        once = Block(tuple(s for s in shared if not isinstance(s, Increment)))
        common: dict[Value, Operand] = {part.index: index}
        inner.statements += clone(once, common).statements
        own = Block(tuple(s for s in part.body.statements if s not in shared))
        for row in range(self.rows):
            self.maps[row] |= common
            self.begin(part, row)
            inner.statements += clone(own, self.maps[row]).statements
        for statement in shared:
            if isinstance(statement, Increment):
                self.add(inner, statement)
        carried = tuple(entry for old in part.carried for entry in self.entries(old))
        start, stop = (mapped(bound, self.maps[0]) for bound in (part.start, part.stop))
        part = replace(part, index=index, start=start, stop=stop, carried=carried)
        self.main.append(replace(part, body=inner.block()))

    def begin(self, part: For, row: int) -> None:
        """Give a row the numbers that an inner loop carries for it."""
        for entry in part.carried:
            phi: Operand = Value(entry.phi.name, entry.phi.type)
            if row > 0 and entry in self.through:
                phi = mapped(entry.next, self.maps[row - 1])
            self.maps[row][entry.phi] = phi

    def entries(self, old: Carried) -> list[Carried]:
        """Return what an inner loop carries in place of one entry."""
        result: list[Carried] = []
        for row, known in enumerate(self.maps):
            phi, out = known[old.phi], Value(old.out.name, old.out.type)
            assert isinstance(phi, Value)
            if row == 0 or old not in self.through:
                last = self.maps[-1] if old in self.through else known
                result.append(Carried(phi, mapped(old.init, known), mapped(old.next, last), out))
            known[old.out] = result[-1].out
        return result

    def add(self, inner: Builder, statement: Increment) -> None:
        """Append one addition to an element for all rows."""
        first, *others = (mapped(statement.value, known) for known in self.maps)
        known = self.maps[0]
        ref = mapped(statement.ref, known)
        place = tuple(mapped(index, known) for index in statement.indices)
        assert isinstance(ref, Value)
        inner.origin = statement.origin
        if statement.origin.sweep == "adjoint":
            for value in others:
                first = inner.call(np.add, first, value)
            inner.increment(ref, place, first)
            return
        total = inner.load(ref, place)
        for value in (first, *others):
            total = plus(inner, total, value)
        inner.store(ref, place, total)


def _has_no_order(found: list[Call] | None) -> bool:
    """Say whether there are additions, and all of them are to adjoints."""
    own = (c for c in found or () if c.function is not radd and c.origin.sweep != "adjoint")
    return bool(found) and not any(own)


def is_recurrence(loop: For) -> bool:
    """Say whether rounds of inner loops wait for each other, in a nest that may be jammed."""
    found = parts(loop)
    if found is None or not _is_worth_a_look(loop, found):
        return False
    return all(multiplies_on(part) for part in found if isinstance(part, For))


def multiplies_on(part: For) -> bool:
    """Say whether each round of a loop waits for a product with what the last one handed on."""
    made: _Origins = {e.phi: {e.phi} for e in part.carried if e.phi.type.dtype.kind == "f"}
    times: _Origins = {}
    for _ in range(len(made)):
        for statement in part.body.statements:
            if isinstance(statement, Call):
                _spread(statement, made, times)
        for entry in part.carried:
            for known in (made, times):
                known[entry.phi] = known.get(entry.phi, set()) | known.get(entry.next, set())
    return any(entry.phi in times.get(entry.phi, ()) for entry in part.carried)


def _spread(call: Call, made: _Origins, times: _Origins) -> None:
    """Note which of the numbers carried a result is made of, and which by way of a product."""
    origins = set().union(*(made.get(arg, ()) for arg in call.args))
    if origins:
        made[call.out] = origins
        is_product = call.function in (np.multiply, np.divide)
        through = set().union(*(times.get(arg, ()) for arg in call.args))
        times[call.out] = through | origins if is_product else through


def recurs(part: For, integers: Indices) -> bool:
    """Say whether each round of an inner loop waits for an element that the last one wrote."""
    inside = [s for s in part.body.statements if isinstance(s, Load | Store | Increment)]
    writes = [s for s in inside if _writes(s)]
    reads = [s for s in inside if not isinstance(s, Store)]
    return any(_hands_on(part, w, r, integers) for w in writes for r in reads if w.ref is r.ref)


def _hands_on(part: For, write: _Access, read: _Access, integers: Indices) -> bool:
    """Say whether a round reads the element that the round before has written."""
    step = -1 if is_constant(part.step, -1) else 1
    moved = tuple(
        (base, at + step if base is part.index else at) for base, at in integers.key(read.indices)
    )
    key = integers.key(write.indices)
    return key == moved and key != integers.key(read.indices)


def _pairs(part: For, shared: set[Statement], rows: int) -> int:
    counts = {True: 0, False: 0}
    for statement in part.body.statements:
        if isinstance(statement, Load | Store | Increment):
            counts[_writes(statement)] += 1 if statement in shared else rows
    stores, loads = counts[True], counts[False]
    return stores * loads + stores * (stores - 1) // 2


def _writes(statement: Statement) -> bool:
    return isinstance(statement, Store | Increment)


def _multiplies(part: For) -> bool:
    """Say whether a round multiplies, and does not divide."""
    functions = [s.function for s in part.body.statements if isinstance(s, Call)]
    return np.multiply in functions and np.divide not in functions
