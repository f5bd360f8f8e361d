"""Put arrays that change places into one array, so that names are views of it at an index.

    A = Call copy(x)                              S = Alloc (2, n)
    w = Alloc (n,), 1.0                           Store S[0] = copy(x);   Store S[1] = 1.0
    v = View A[::2]                               v = View (View S[0])[::2]
    For i, carried A = (A', A, w', A1),     ->    For i, carried a = (a', 0, b', a1),
                   w = (w', w, A', w1)                           b = (b', 1, a', b1)
        Increment A'[0] += ...                        Increment (View S[a'])[0] += ...

Then which memory a name refers to is an integer, which the adjoint sweep can have back, and another
name for one of the arrays is nothing special.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from srcdiff.analysis.aliasing import Aliases, edges
from srcdiff.errors import ShapeError
from srcdiff.ir.build import Builder, integer, same
from srcdiff.ir.nodes import (
    NOWHERE,
    Alloc,
    Block,
    Call,
    Carried,
    Const,
    For,
    Function,
    If,
    Index,
    Join,
    Operand,
    Origin,
    Slice,
    Statement,
    Value,
    While,
    is_array,
)
from srcdiff.ir.types import PYTHON_INT, Array
from srcdiff.ir.walk import asks, blocks, definitions, map_blocks, statements, substitute_block

FULL = Slice(None, None, None)


def pool(function: Function, joined: Aliases, root: Value) -> Function | None:
    """Pool the arrays of one class of `joined`; None where they are made in loops, or differ.

    That they have one shape is checked at run time, where it does not follow from what is known.
    """
    function = _asked_first(function)
    makers = [s for s in function.body.statements if _makes(s, joined, root)]
    names = {
        out: source
        for statement in statements(function.body)
        for out, source in edges(statement)
        if is_array(out) and joined.root(out) is root
    }
    given = [p for p in function.params if is_array(p) and joined.root(p) is root]
    bases = [*given, *(s.out for s in makers if isinstance(s, Alloc | Call))]
    inner = [s for s in statements(function.body) if _makes(s, joined, root)]
    if len(bases) < 2 or len(inner) != len(makers):
        return None
    if not _are_alike(bases):
        return None
    every = [source for s in statements(function.body) for out, source in edges(s) if out in names]
    if any(source not in bases and source not in names for source in every):
        return None
    work = _Pool(bases, list(names), given)
    try:
        return work.function(function)
    except TooEarly:
        return None


class TooEarly(Exception):
    """The first of the arrays is made before their extents are known."""


def _makes(statement: Statement, joined: Aliases, root: Value) -> bool:
    """Say whether a statement makes an array of the class."""
    made = isinstance(statement, Alloc | Call) and is_array(statement.out)
    return made and joined.root(statement.out) is root  # type: ignore[union-attr]


def _asked_first(function: Function) -> Function:
    """Ask parameters for their extents before all else."""
    body = function.body.statements
    first = [s for s in body if any(asks(s, param) for param in function.params)]
    rest = [s for s in body if s not in first]
    return replace(function, body=Block((*first, *rest)))


def _are_alike(bases: Sequence[Value]) -> bool:
    """Say whether arrays may have one shape, are of one dtype, and in no order but C."""
    first = bases[0]
    return all(
        base.type.dtype == first.type.dtype
        and isinstance(base.type, Array)
        and base.type.layout != "F"
        and len(base.shape) == len(first.shape)
        and not any(map(_differ, base.shape, first.shape))
        for base in bases
    )


def _differ(one: Operand, other: Operand) -> bool:
    return isinstance(one, Const) and isinstance(other, Const) and not same(one, other)


@dataclass(eq=False)
class _Pool:
    bases: list[Value]
    names: list[Value]
    given: list[Value]
    pool: Value = field(init=False)
    params: tuple[Value, ...] = ()
    title: str = ""
    is_made: bool = False
    known: set[Value] = field(default_factory=set)
    mapping: dict[Value, Operand] = field(default_factory=dict)
    slots: dict[Value, Operand] = field(default_factory=dict)

    def function(self, function: Function) -> Function:
        first = self.bases[0]
        titles = dict.fromkeys(f"`{base.name.lstrip('_')}`" for base in self.bases)
        self.title = " and ".join(titles)
        type = Array(first.type.dtype, len(first.shape) + 1)
        self.pool = Value("_pool", type, (integer(len(self.bases)), *first.shape))
        self.slots = {base: integer(k) for k, base in enumerate(self.bases)}
        self.slots |= {
            name: Value(f"_{name.name.lstrip('_')}_slot", PYTHON_INT) for name in self.names
        }
        anew = {param: Value(param.name, param.type, param.shape) for param in self.given}
        self.params = function.params
        params = tuple(anew.get(param, param) for param in function.params)
        self.known = {param for param in params if not param.shape}
        body = substitute_block(self.top(function.body, anew), self.mapping)
        found = (self.mapping.get(r, r) if isinstance(r, Value) else r for r in function.results)
        return replace(function, params=params, body=body, results=tuple(found))

    def top(self, block: Block, anew: dict[Value, Value]) -> Block:
        """Treat the block that makes the arrays: each goes into its slot once it is there."""
        result: list[Statement] = []
        following = list(block.statements)
        while following and any(asks(following[0], param) for param in self.params):
            ask = following.pop(0)
            array = next(param for param in self.params if asks(ask, param))
            self.add(result, _asking(ask, anew.get(array, array)))
        for param, given in anew.items():
            self.fill(result, param, given, NOWHERE)
        while following:
            statement = following.pop(0)
            if not isinstance(statement, Alloc | Call) or statement.out not in self.bases:
                for new in self.statement(statement):
                    self.add(result, new)
                continue
            base = statement.out
            first = Value(f"_{base.name.lstrip('_')}", base.type, base.shape)
            undefined = isinstance(statement, Alloc) and statement.fill is None
            self.add(result, replace(statement, out=first))
            while following and asks(following[0], base):
                self.add(result, _asking(following.pop(0), first))
            self.fill(result, base, None if undefined else first, statement.origin)
        return Block(tuple(result))

    def add(self, result: list[Statement], statement: Statement) -> None:
        result.append(statement)
        self.known.update(definitions(statement))

    def fill(
        self, result: list[Statement], base: Value, first: Value | None, origin: Origin
    ) -> None:
        """Append the view of a slot, and what it holds at first."""
        if not self.is_made:
            if not all(e in self.known for e in self.pool.shape if isinstance(e, Value)):
                raise TooEarly
            result.append(Alloc(self.pool))
            self.is_made = True
        builder = Builder(origin)
        for one, other in zip(base.shape, self.pool.shape[1:], strict=True):
            if not same(one, other):
                alike = builder.call(np.equal, one, other)
                builder.guard(alike, ShapeError, f"{self.title} change places: of one shape only")
        self.view(builder, base)
        if first is not None:
            builder.store(self.as_view(base), (), first)
        result += builder.statements

    def as_view(self, value: Value) -> Value:
        found = self.mapping[value]
        assert isinstance(found, Value)
        return found

    def view(self, builder: Builder, value: Value) -> None:
        """Append the view that takes the place of a base or a name."""
        shape = self.pool.shape[1:]
        how = Index((self.slots[value], *[FULL] * len(shape)))
        type = Array(self.pool.type.dtype, len(shape))
        self.mapping[value] = builder.view(self.pool, how, type, shape, value.name)

    def statement(self, statement: Statement) -> list[Statement]:
        if not blocks(statement):
            return [statement]
        after = Builder(statement.origin)
        match statement:
            case If(joins=joins):
                statement = map_blocks(statement, self.block)
                new = tuple(self.join(join) for join in joins)
                for join in joins:
                    if join.out in self.slots:
                        self.view(after, join.out)
                return [replace(statement, joins=new), *after.statements]
            case For(carried=carried) | While(carried=carried):
                head = Builder(statement.origin)
                for entry in carried:
                    if entry.phi in self.slots:
                        self.view(head, entry.phi)
                        self.view(after, entry.out)
                inner = [self.block(block) for block in blocks(statement)]
                inner[0] = Block((*head.statements, *inner[0].statements))
                parts = iter(inner)
                statement = map_blocks(statement, lambda _: next(parts))
                entries = tuple(self.entry(entry) for entry in carried)
                return [replace(statement, carried=entries), *after.statements]
        raise AssertionError(statement)

    def block(self, block: Block) -> Block:
        return Block(tuple(new for s in block.statements for new in self.statement(s)))

    def join(self, join: Join) -> Join:
        return Join(*map(self.slot, (join.out, join.then, join.orelse)))  # type: ignore[arg-type]

    def entry(self, entry: Carried) -> Carried:
        return Carried(*map(self.slot, (entry.phi, entry.init, entry.next, entry.out)))  # type: ignore[arg-type]

    def slot(self, operand: Operand) -> Operand:
        return self.slots.get(operand, operand) if isinstance(operand, Value) else operand


def _asking(statement: Statement, array: Value) -> Call:
    """Return what asks for an extent as asking another array."""
    assert isinstance(statement, Call)
    return replace(statement, args=(array,))
