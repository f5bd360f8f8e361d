"""Make one vector of a short loop that adds to rows here and there.

    For i in range(n)                            part = Alloc zeros(4)
        p = Load corner[i]                       For i in range(n), carried s
        For a in range(3), carried s                 p = Load corner[i]
            e = ... Load x[p, a]                     For a in range(abreast(4))
            s' = Call add(s, e)             ->           e = ... Load x[p, a]
            Increment x_bar[p, a] += ...                 Store part[a] = e
                                                         Increment x_bar[p, a] += ...
                                                     s' = s + part[0] + part[1] + part[2]

Which rows they are is read from an array, so that no two iterations of the loop around are known to
be apart: neither vectors nor lanes go over these. But the elements of a row are apart. Unrolled, as
LLVM does it, three coordinates are three times the code.

Rows of 3 get a fourth element, if the function has made the array and nobody sees it as a whole.
What is computed in the fourth iteration goes nowhere else: what a sum of adjoints gets there is 0,
best of all since what it is made of is, and other arrays are not read. The user's sums keep their
order, behind the loop.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from srcdiff.analysis.aliasing import Aliases, aliases
from srcdiff.analysis.columns import OF_ZEROS
from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.analysis.loops import additions
from srcdiff.ir.build import Builder, constant, integer, is_constant
from srcdiff.ir.memory import Access
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    Carried,
    Const,
    For,
    Function,
    Guard,
    If,
    Increment,
    Join,
    Load,
    Operand,
    Statement,
    Store,
    Value,
    While,
    is_array,
)
from srcdiff.ir.types import PYTHON_INT, Array, Scalar
from srcdiff.ir.walk import (
    Substitution,
    changing,
    has_effect,
    operands,
    rewrite,
    statements,
)
from srcdiff.runtime import vecmath
from srcdiff.transform.vectorise import replaces
from srcdiff.words import WIDTH, abreast, cast, radd

PLAIN = frozenset(
    {np.add, np.subtract, np.multiply, np.divide, np.negative, np.positive, np.absolute, np.sqrt}
    | {np.square, np.reciprocal, np.power, np.less, np.less_equal, np.greater, np.greater_equal}
    | {np.equal, np.not_equal, cast, radd}
)
"""What is computed without a branch. Behind one, LLVM may not find the loop again."""
FEWEST_ACCESSES = 4
FEWEST_CALLS = 6
"""What a loop must do, at least, for its vector to pay."""


def broaden(function: Function) -> Function:
    """Make vectors of the short loops of `function` for which it is right and worth it."""
    short = [s for s in statements(function.body) if isinstance(s, For) and _is_short(s)]
    if not short or not vecmath.available():
        return function
    study = _Study(function, dataflow(function), aliases(function, through_edges=True))
    loops = {loop: _parted(loop) for loop in short}
    loops = {loop: parts for loop, parts in loops.items() if study.may_run_abreast(loop, parts[1])}
    if not loops:
        return function
    vectors = [rest for _, rest in loops.values()]
    padded = study.padded(vectors)
    work = _Broadener(study, loops, padded, study.blank(padded, vectors))
    body = Block(tuple(new for s in function.body.statements for new in work.top(s)))
    return replace(function, body=Substitution(dict(work.padded)).block(body))


def _trips(loop: For) -> int:
    assert isinstance(loop.stop, Const)
    return int(loop.stop.value)


def _is_short(loop: For) -> bool:
    """Say whether a loop has as many iterations as a vector has elements, or one less."""
    counted = is_constant(loop.start, 0) and is_constant(loop.step, 1)
    known = counted and is_constant(loop.stop, WIDTH - 1, WIDTH)
    plain = loop.leave is None and loop.trips is None and loop.index.type == PYTHON_INT
    return known and plain and len(loop.body.statements) >= FEWEST_ACCESSES + FEWEST_CALLS


def _parted(loop: For) -> tuple[list[Statement], For]:
    """Return what is the same in all iterations of a loop, checks first of all, and the rest.

    The loop surely runs, and until a check fails it writes nothing that anybody sees.
    """
    inside = changing(loop)
    front: list[Statement] = []
    for statement in loop.body.statements:
        fixed = not any(operand in inside for operand in operands(statement))
        if fixed and isinstance(statement, Guard):
            front.append(statement)
        elif fixed and isinstance(statement, Call) and not has_effect(statement):
            front.append(statement)
            inside.discard(statement.out)
    rest = [statement for statement in loop.body.statements if statement not in front]
    return front, replace(loop, body=Block(tuple(rest)))


@dataclass(eq=False)
class _Study:
    """Which loops may be vectors, and which arrays may have longer rows."""

    function: Function
    flow: Dataflow
    aliases: Aliases
    found: dict[Value, bool] = field(default_factory=dict)

    def may_run_abreast(self, original: For, loop: For) -> bool:
        """Say whether a loop, without what is the same in all iterations, can be one vector.

        And whether that pays.
        """
        around = [s for _, _, s in self.flow.ancestors(original.body)[1:]]
        outer = [s for s in around if isinstance(s, For | While)]
        return bool(
            outer
            and all(self.is_element(s, loop) for s in loop.body.statements)
            and all(additions(e.phi, e.next, self.flow) for e in loop.carried)
            and all(self.is_written_along(ref, loop) for ref in _written(loop))
            and self.is_scattered(loop, outer[0])
        )

    def is_element(self, statement: Statement, loop: For) -> bool:
        """Say whether a statement computes or touches one element of a vector."""
        match statement:
            case Call(function=function, out=out, args=args):
                scalar = not any(map(is_array, (out, *args)))
                return scalar and function in PLAIN and replaces(statement) is None
            case Load(ref=ref):
                return self.is_along(statement, loop) or not self.varies(statement.indices, loop)
            case Store(ref=ref, value=value) | Increment(ref=ref, value=value):
                number = ref.type.dtype.kind == "f" and not is_array(value)
                return number and self.is_along(statement, loop)
        return False

    def varies(self, indices: tuple[Operand, ...], loop: For) -> bool:
        inside = changing(loop)
        return any(index in inside for index in indices)

    def is_along(self, access: Access, loop: For) -> bool:
        """Say whether the iterations touch the elements of a row one after the other."""
        type = access.ref.type
        if not access.indices or access.indices[-1] is not loop.index:
            return False
        packed = isinstance(type, Array) and type.layout == "C"
        return packed and not self.varies(access.indices[:-1], loop)

    def is_written_along(self, ref: Value, loop: For) -> bool:
        """Say whether a loop touches an array that it writes along rows only, by this name.

        Rows of one array are the same or apart.
        """
        made = self.flow.definitions[ref].statement
        if not isinstance(made, Alloc) or self.aliases.is_bound(ref):
            return False
        root = self.aliases.root(ref)
        for statement in loop.body.statements:
            if root in self.aliases.touched(statement):
                if not isinstance(statement, Access) or statement.ref is not ref:
                    return False
                if not self.is_along(statement, loop):
                    return False
        return _trips(loop) == WIDTH or self.may_be_longer(ref)

    def is_scattered(self, loop: For, around: For | While) -> bool:
        """Say whether a loop adds to rows that are found in arrays, and does enough besides."""
        calls = sum(isinstance(s, Call) for s in loop.body.statements)
        along = [s for s in loop.body.statements if isinstance(s, Access)]
        along = [s for s in along if self.is_along(s, loop)]
        rows = [s.indices[:-1] for s in along if not isinstance(s, Load)]
        apart = any(self.is_found(index, around) for row in rows for index in row)
        return apart and len(along) >= FEWEST_ACCESSES and calls >= FEWEST_CALLS

    def is_found(self, index: Operand, around: For | While) -> bool:
        """Say whether an index comes from an element that the loop around reads."""
        if not isinstance(index, Value):
            return False
        made = self.flow.definitions[index].statement
        match made:
            case Load():
                return made in statements(around.body)
            case Call(args=args):
                return any(self.is_found(arg, around) for arg in args)
        return False

    # ---- rows that may be longer ----

    def padded(self, loops: Sequence[For]) -> dict[Value, Value]:
        """Return what takes the place of the arrays whose rows get one element more."""
        result: dict[Value, Value] = {}
        for loop in loops:
            for access in loop.body.statements:
                if not isinstance(access, Access) or not self.is_along(access, loop):
                    continue
                if _trips(loop) < WIDTH and self.may_be_longer(access.ref):
                    old = access.ref
                    shape = (*old.shape[:-1], integer(WIDTH))
                    result.setdefault(old, Value(old.name, old.type, shape))
        return result

    def blank(self, padded: Iterable[Value], loops: Sequence[For]) -> set[Value]:
        """Return the arrays whose new elements are 0 and stay it."""
        written = {ref for loop in loops for ref in _written(loop)}
        return {ref for ref in padded if ref not in written and self.is_filled_with_zeros(ref)}

    def is_filled_with_zeros(self, ref: Value) -> bool:
        """Say whether an array is filled with nothing else, or not as a whole."""
        made = self.flow.definitions[ref].statement
        users = [use.statement for use in self.flow.uses[ref]]
        whole = [s.value for s in users if isinstance(s, Store | Increment) and not s.indices]
        assert isinstance(made, Alloc)
        return all(is_constant(fill, 0) for fill in (*whole, made.fill) if fill is not None)

    def may_be_longer(self, ref: Value) -> bool:
        """Say whether nobody sees that the rows of an array have more than 3 elements."""
        if ref not in self.found:
            made = self.flow.definitions[ref].statement
            users = [use.statement for use in self.flow.uses.get(ref, [])]
            ours = isinstance(made, Alloc) and ref not in self.function.results
            self.found[ref] = ours and all(self.is_within(s, ref) for s in users)
        return self.found[ref]

    def is_within(self, statement: Statement, ref: Value) -> bool:
        """Say whether a statement touches one of the first 3 elements of a row, or fills all."""
        if not isinstance(statement, Access) or statement.ref is not ref:
            return False
        if not isinstance(statement, Load) and is_array(statement.value):
            return False
        return not statement.indices or self.is_below(statement.indices[-1])

    def is_below(self, index: Operand) -> bool:
        match index:
            case Const(value=value):
                return bool(0 <= value < WIDTH - 1)
        definition = self.flow.definitions[index]
        match definition.statement:
            case For(start=Const() as start, stop=Const() as stop, step=Const() as step):
                counter = definition.kind == "index" and step.value == 1
                return counter and start.value >= 0 and stop.value < WIDTH
        return False


def _written(loop: For) -> Iterator[Value]:
    found = (s.ref for s in loop.body.statements if isinstance(s, Store | Increment))
    return iter(dict.fromkeys(found))


@dataclass(eq=False)
class _Broadener:
    """Writes the loops anew."""

    study: _Study
    loops: dict[For, tuple[list[Statement], For]]
    """For each, what is done in front of it, and what is left."""
    padded: dict[Value, Value]
    blank: set[Value]
    """Of the padded arrays, those whose fourth elements stay 0."""
    made: list[Statement] = field(default_factory=list)
    """Arrays that the statement of the function at hand needs."""
    parts: dict[tuple[object, int], Value] = field(default_factory=dict)

    def top(self, statement: Statement) -> list[Statement]:
        body = rewrite(Block((statement,)), self.changed)
        made, self.made = self.made, []
        return [*made, *body.statements]

    def changed(self, statement: Statement) -> list[Statement]:
        match statement:
            case Alloc(out=out, fill=fill) if out in self.padded:
                # What is in the fourth elements is computed with: nothing that takes long.
                zero = constant(0, Scalar(out.type.dtype))
                return [replace(statement, out=self.padded[out], fill=fill or zero)]
            case For() if statement in self.loops:
                front, rest = self.loops[statement]
                return [*front, *self.vector(rest)]
        return [statement]

    def vector(self, loop: For) -> list[Statement]:
        """Return a loop as one vector, and what adds up the user's sums."""
        head, body = Builder(loop.origin), Builder(loop.origin)
        count = head.call(abreast, integer(WIDTH), name="_width", type=PYTHON_INT, shape=())
        sums = {entry: self.terms(entry) for entry in loop.carried}
        strict = {entry: calls for entry, calls in sums.items() if not _is_free(calls)}
        free = {entry: calls for entry, calls in sums.items() if entry not in strict}
        inside, cleared = None, None
        if _trips(loop) < WIDTH:
            inside = body.call(np.less, loop.index, integer(_trips(loop)), name="_inside")
            cleared = self.cleared(loop, free)
        for statement in loop.body.statements:
            if any(statement in calls for calls in sums.values()):
                continue
            new = self.element(statement, loop, inside)
            if inside is not None and isinstance(new, Call) and new is cleared:
                every = Value(new.out.name, new.out.type)
                body.append(replace(new, out=every))
                args = (inside, every, constant(0, every.type))
                new = replace(new, function=np.where, args=args, static=())
            body.append(new)
        entries = tuple(
            replace(
                entry,
                init=_begun(entry),
                next=_summed(body, entry, calls, None if cleared else inside),
            )
            for entry, calls in free.items()
        )
        after = self.in_order(loop, strict, body)
        vector = replace(loop, stop=count, carried=entries, body=body.block())
        return [*head.statements, vector, *after]

    def terms(self, entry: Carried) -> list[Call]:
        return additions(entry.phi, entry.next, self.study.flow) or []

    def element(self, statement: Statement, loop: For, inside: Value | None) -> Statement:
        """Return a statement, that reads nothing behind the end of a row."""
        if inside is None or not isinstance(statement, Load) or statement.ref in self.padded:
            return statement
        if not self.study.is_along(statement, loop):
            return statement
        out = Value(statement.out.name, statement.out.type)
        join = Join(statement.out, out, constant(0, statement.out.type))
        load = replace(statement, out=out)
        return If(inside, Block((load,)), Block(), (join,), statement.origin)

    def cleared(self, loop: For, sums: dict[Carried, list[Call]]) -> Call | None:
        """Return what makes the terms of all sums 0 if it is 0, the last of such calls.

        None: there is none. A product with a number from elsewhere, that may be inf, is not 0.
        """
        terms = [term for entry, calls in sums.items() for _, term in _terms(entry, calls)]
        for call in reversed(loop.body.statements):
            # A sign costs nothing where it is part of what follows.
            if isinstance(call, Call) and terms and call.function is not np.negative:
                if self.zeros(loop, call).issuperset(terms):
                    return call
        return None

    def zeros(self, loop: For, cleared: Call) -> set[Operand]:
        """Return what is 0 in the fourth iteration if `cleared` is."""
        found: set[Operand] = {cleared.out}
        for statement in loop.body.statements:
            match statement:
                case Load(out=out) if self.study.is_along(statement, loop):
                    zero = statement.ref not in self.padded or statement.ref in self.blank
                case Call(function=function, out=out, args=args):
                    zero = function in OF_ZEROS and found.issuperset(args)
                case _:
                    continue
            if zero:
                found.add(out)
        return found

    def in_order(
        self, loop: For, sums: dict[Carried, list[Call]], body: Builder
    ) -> list[Statement]:
        """Append to the body what stores the terms of sums, and return what adds them up."""
        after = Builder(loop.origin)
        rooms: dict[Call, Value] = {}
        for call, term in ((c, t) for e, calls in sums.items() for c, t in _terms(e, calls)):
            rooms[call] = self.part(term.type.dtype, len(rooms))
            body.append(Store(rooms[call], (loop.index,), term, call.origin))
        for entry, calls in sums.items():
            total = entry.init
            for element in range(_trips(loop)):
                for call, term in _terms(entry, calls):
                    known = after.load(rooms[call], (integer(element),), "_part")
                    args = tuple(known if arg is term else total for arg in call.args)
                    end = element == _trips(loop) - 1 and call is calls[-1]
                    out = entry.out if end else Value(call.out.name, call.out.type)
                    after.append(replace(call, out=out, args=args))
                    total = out
        return after.statements

    def part(self, dtype: object, number: int) -> Value:
        """Return room for the terms of a sum."""
        if (dtype, number) not in self.parts:
            part = Value("_part", Array(np.dtype(dtype), 1), (integer(WIDTH),))  # type: ignore[call-overload]
            self.parts[dtype, number] = part
            self.made.append(Alloc(part))
        return self.parts[dtype, number]


def _begun(entry: Carried) -> Operand:
    """Return where a sum begins: at -0.0 for 0.0, as LLVM leaves out that it is added."""
    return constant(-0.0, entry.init.type) if is_constant(entry.init, 0) else entry.init


def _is_free(calls: list[Call]) -> bool:
    """Say whether the terms of a sum may be added up in any order."""
    return all(call.origin.sweep == "adjoint" or call.function is radd for call in calls)


def _terms(entry: Carried, calls: list[Call]) -> Iterator[tuple[Call, Operand]]:
    """Iterate over the additions of a sum, and what each adds or subtracts."""
    current: Operand = entry.phi
    for call in calls:
        (term,) = [arg for arg in call.args if arg is not current]
        yield call, term
        current = call.out


def _summed(body: Builder, entry: Carried, calls: list[Call], inside: Value | None) -> Value:
    """Append the sum of what is added in one iteration, and its addition."""
    total: Operand | None = None
    for call, term in _terms(entry, calls):
        minus = call.function is np.subtract
        if total is None:
            total = body.call(np.negative, term) if minus else term
        else:
            total = body.call(np.subtract if minus else np.add, total, term)
    assert total is not None
    if inside is not None:
        total = body.call(np.where, inside, total, constant(0, total.type))
    return body.call(radd, entry.phi, total, name=entry.phi.name)
