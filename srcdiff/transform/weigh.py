"""Take what elements of a product of matrices are weighed to from its adjoint.

    t = Call product(x, y)
    For i, For j                                  For i, For j
        Increment s_bar += t[i, j] * v                Increment t_bar[i, j] += v
        Increment t_bar[i, j] += a * v            t' = Call product(t_bar, y.T)
    x_bar = Call product(t_bar, y.T)      ->      s_bar += sum(x * t')
                                                  x_bar = a * t'

Wherever `v` is added to an element of the adjoint, the sum gets the element of the product times
`v`; so the sum is that of all elements of both, which is that of `x` and the adjoint of `x`. See
`transform.trace`, which does so for whole arrays. Only sums of the adjoint sweep have no order.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from srcdiff import words
from srcdiff.analysis.aliasing import Aliases, aliases
from srcdiff.analysis.dataflow import Dataflow, Use, dataflow
from srcdiff.analysis.loops import additions
from srcdiff.ir.build import Builder, constant, is_constant, is_zeros, same
from srcdiff.ir.nodes import (
    Block,
    Call,
    For,
    Function,
    Increment,
    Load,
    Operand,
    Statement,
    Transpose,
    Value,
    View,
    is_array,
)
from srcdiff.ir.walk import rewrite, substitute_block
from srcdiff.transform.adopt import place
from srcdiff.transform.eliminate import eliminate
from srcdiff.transform.euler import share
from srcdiff.transform.factor import PRODUCTS, Matrix, matrix_of, view_of
from srcdiff.transform.reverse.calls import EXCHANGED, OF_RESULT


def weigh(function: Function) -> Function:
    """Let sums over elements of products in `function` be sums over those of their adjoints."""
    products = [s for s in function.body.statements if _is_product(s)]
    if len(products) < 2:
        return function
    for product in products:
        assert isinstance(product, Call)
        work = _Weigher(function, dataflow(function), aliases(function, through_edges=True))
        function = work.without(product)
    return function


def _is_product(statement: Statement) -> bool:
    return isinstance(statement, Call) and statement.function in PRODUCTS


@dataclass(eq=False)
class _Term:
    """A term of a sum: an element of the product times a weight, which is added to `ref`, too."""

    load: Load
    product: Call
    addition: Call
    increment: Increment
    weight: Operand
    scale: Operand | None
    """What the weight is multiplied by, before it is added to the adjoint."""


@dataclass(eq=False)
class _Sum:
    """A number that terms are added to in a loop."""

    loop: For
    out: Value
    is_all: bool
    """Whether nothing else than a term is added."""
    terms: list[_Term]

    @property
    def bar(self) -> Value:
        """Return the adjoint of the product."""
        return self.terms[0].increment.ref

    @property
    def scale(self) -> Operand | None:
        return self.terms[0].scale


@dataclass(eq=False)
class _Share:
    """A product whose sum with `factor` is the share of some pairs of factors in the sum."""

    call: Call
    factor: Matrix
    pairs: set[int]
    is_twice: bool = False


@dataclass(eq=False)
class _Weigher:
    function: Function
    flow: Dataflow
    aliases: Aliases
    places: dict[Statement, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.places = {s: k for k, s in enumerate(self.function.body.statements)}

    def without(self, product: Call) -> Function:
        """Return the function without a product, if the sums over it are all that needs it."""
        for total in self.sums(product):
            users = _Users(self, product, total)
            adjoints = users.products()
            shares = [] if adjoints is None else users.shares(adjoints)
            if adjoints is None or not shares:
                continue
            last = max(self.places[each.call] for each in shares)
            if all(self.place(use) > last for use in self.flow.uses.get(total.out, [])):
                return eliminate(_Rewriting(self, total, adjoints, shares).function())
        return self.function

    def place(self, use: Use) -> int:
        return place(self.flow, use, self.function.body)

    def matrix(self, array: Operand) -> Matrix:
        return matrix_of(self.flow, array)

    # ---- the sum ----

    def sums(self, product: Call) -> Iterator[_Sum]:
        """Iterate over what the sum of all elements may be that are made of a product."""
        found = [self.terms(use) for use in self.flow.uses.get(product.out, [])]
        for first in found[0] if found else ():
            bar = first.increment.ref
            terms = [t for each in found for t in each if t.increment.ref is bar]
            ends = {self.end(term.addition) for term in terms}
            (end, *others) = ends
            if len(terms) != len(found) or others or end is None:
                continue
            is_all = end[2] and len(terms) == 1
            alike = all(_is_same(term.scale, first.scale) for term in terms)
            if alike and self.is_known(first.scale, end[0]):
                yield _Sum(*end[:2], is_all, terms)

    def is_known(self, scale: Operand | None, loop: For) -> bool:
        """Say whether a number is known before a loop."""
        if not isinstance(scale, Value):
            return True
        definition = self.flow.definitions[scale]
        if definition.block is not self.function.body:
            return False
        return definition.kind == "param" or definition.position < self.places[loop]

    def terms(self, use: Use) -> list[_Term]:
        """Return the terms of a sum that an element may become, one for each adjoint beside it."""
        load = use.statement
        product = self.only_use(load.out, use.block) if isinstance(load, Load) else None
        addition = None if product is None else self.only_use(product.out, use.block)
        if product is None or addition is None or product.function is not np.multiply:
            return []
        assert isinstance(load, Load)
        weights = [arg for arg in product.args if arg is not load.out]
        is_sum = addition.function in (np.add, words.radd) and addition.origin.sweep == "adjoint"
        if not is_sum or len(weights) != 1:
            return []
        (weight,) = weights
        result = []
        for statement in use.block.statements:
            if isinstance(statement, Increment) and _is_beside(statement, load):
                scale = self.scale(statement.value, weight)
                if statement.value is weight or scale is not None:
                    result.append(_Term(load, product, addition, statement, weight, scale))
        return result

    def only_use(self, value: Value, block: Block) -> Call | None:
        """Return the call that is all that uses a value, in the same iteration of all loops."""
        uses = self.flow.uses.get(value, [])
        statement = uses[0].statement if len(uses) == 1 and uses[0].block is block else None
        return statement if isinstance(statement, Call) else None

    def scale(self, value: Operand, weight: Operand) -> Operand | None:
        """Return what a weight is multiplied by to give a value, if it is that."""
        statement = self.flow.definitions[value].statement if isinstance(value, Value) else None
        match statement:
            case Call(function=np.multiply, args=(one, other)) if one is weight or other is weight:
                return other if one is weight else one
        return None

    def end(self, addition: Call) -> tuple[For, Value, bool] | None:
        """Return the outermost loop that carries a sum on, and what it gives.

        And whether it starts at 0, and gets nothing but one term.
        """
        current, count = addition.out, 0
        while True:
            uses = self.flow.uses.get(current, [])
            statement = uses[0].statement if len(uses) == 1 else None
            match statement:
                case Call(function=np.add | words.radd):
                    current = statement.out
                case For(carried=carried):
                    entries = [e for e in carried if current is e.init or current is e.next]
                    if len(entries) != 1:
                        return None
                    (entry,) = entries
                    added = additions(entry.phi, entry.next, self.flow)
                    if added is None:
                        return None
                    count += len(added)
                    if entry.next is current and statement in self.places:
                        return statement, entry.out, count == 1 and is_constant(entry.init, 0)
                    current = entry.out
                case _:
                    return None


def _is_beside(increment: Increment, load: Load) -> bool:
    """Say whether an increment adds to an adjoint, at the place of an element."""
    if len(increment.indices) != len(load.indices) or increment.origin.sweep != "adjoint":
        return False
    return all(map(same, increment.indices, load.indices))


def _is_same(one: Operand | None, other: Operand | None) -> bool:
    return one is other or (one is not None and other is not None and same(one, other))


@dataclass(eq=False)
class _Users:
    """What is done with the adjoint of a product."""

    weigher: _Weigher
    product: Call
    total: _Sum

    def products(self) -> list[Call] | None:
        """Return the products that are all that is made of the adjoint.

        None: something else is done with it, or it gets something else than the terms.
        """
        work, bar = self.weigher, self.total.bar
        made = work.flow.definitions[bar].statement
        if not is_zeros(made):
            return None
        increments = {term.increment for term in self.total.terms}
        if len(increments) != len(self.total.terms) or made not in work.places:
            return None
        found: dict[Call, None] = {}
        for statement in self.users(bar):
            if statement in increments:
                continue
            if statement is None or not _is_product(statement):
                return None
            if statement not in work.places:
                return None
            if work.places[statement] < work.places[self.total.loop]:
                return None
            assert isinstance(statement, Call)
            found[statement] = None
        return list(found)

    def users(self, array: Value) -> Iterator[Statement | None]:
        """Iterate over what uses an array, a transpose of it, or its sum with that."""
        if any(result is array for result in self.weigher.function.results):
            yield None
        for use in self.weigher.flow.uses.get(array, []):
            match use.statement:
                case View(how=Transpose(), out=out):
                    yield from self.users(out)
                case Call(function=np.shape):
                    pass
                case Call(out=out) as call if self.is_twofold(call):
                    yield from self.users(out)
                case statement:
                    yield statement

    def is_twofold(self, made: Statement | None) -> bool:
        """Say whether the sum of the adjoint and its transpose is made behind the loop."""
        places = self.weigher.places
        match made:
            case Call(function=np.add, args=args) if made in places and all(map(is_array, args)):
                one, other = map(self.weigher.matrix, args)
                alike = one.array is other.array is self.total.bar
                behind = places[made] > places[self.total.loop]
                return alike and behind and one.flipped != other.flipped
        return False

    # ---- shares ----

    def shares(self, adjoints: list[Call]) -> list[_Share]:
        """Return products that give the shares of all pairs of factors; none if one is missing."""
        matrices = map(self.weigher.matrix, self.product.args)
        if any(self.weigher.aliases.is_memory(each.array) for each in matrices):
            return []
        missing, found = set(range(len(self.pairs))), list[_Share]()
        for call in adjoints:
            share = self.share(call)
            if share is not None and share.pairs <= missing:
                found.append(share)
                missing -= share.pairs
        return [] if missing else found

    @property
    def pairs(self) -> list[tuple[Matrix, Matrix]]:
        """Return the matrices that the product multiplies."""
        matrices = [self.weigher.matrix(arg) for arg in self.product.args]
        return list(zip(matrices[::2], matrices[1::2], strict=True))

    def share(self, call: Call) -> _Share | None:
        """Return the share that a product of the adjoint gives."""
        if len(call.args) != 2:
            return None
        first, second = map(self.weigher.matrix, call.args)
        bar = Matrix(self.total.bar, flipped=False)
        for k, (x, y) in enumerate(self.pairs):
            for left, right, names, factor in (
                (bar, y.turned(), EXCHANGED, x),
                (bar.turned(), x, OF_RESULT, y.turned()),
                (x.turned(), bar, {}, y),
                (y, bar.turned(), {}, x.turned()),
            ):
                one, other = (first, second) if left.array is bar.array else (second, first)
                meant, kept = (left, right) if left.array is bar.array else (right, left)
                if not other.is_like(kept) or not self.counts_all(call, names):
                    continue
                if one.is_like(meant):
                    return _Share(call, factor, {k})
                turned = self.turned(x, y)
                made = self.weigher.flow.definitions[one.array].statement
                if self.is_twofold(made) and not call.static and turned is not None:
                    return _Share(call, factor, {k, turned}, is_twice=turned == k)
        return None

    def turned(self, x: Matrix, y: Matrix) -> int | None:
        """Return the pair whose product is the transpose of that of two matrices."""
        for k, (left, right) in enumerate(self.pairs):
            if left.is_like(y.turned()) and right.is_like(x.turned()):
                return k
        return None

    def counts_all(self, call: Call, names: dict[str, str]) -> bool:
        """Say whether all that is asked for of the product counts in an adjoint."""
        if any(name not in OF_RESULT for name, _ in self.product.static):
            return False
        sign = -1 if names is OF_RESULT else 1
        asked = {(names.get(name), sign * end) for name, end in self.product.static}
        return not call.static or set(call.static) == asked


# ---- the new statements ----


@dataclass(eq=False)
class _Rewriting:
    """What takes the place of a sum over the elements of a product."""

    weigher: _Weigher
    total: _Sum
    adjoints: list[Call]
    shares: list[_Share]
    mapping: dict[Value, Operand] = field(default_factory=dict)

    def function(self) -> Function:
        function = self.weigher.function
        last = max(self.shares, key=lambda each: self.weigher.places[each.call])
        before = Value(self.total.out.name, self.total.out.type)
        made: dict[Call, Value] = {}
        result: list[Statement] = []
        for statement in function.body.statements:
            builder = Builder(statement.origin)
            if statement is self.total.loop:
                builder.append(self.loop(before))
            elif isinstance(statement, Call) and statement in self.adjoints:
                made[statement] = self.unscaled(builder, statement)
                if statement is last.call:
                    self.add(builder, before, made)
            else:
                builder.append(statement)
            result += builder.statements
        return replace(function, body=Block(tuple(result)))

    def loop(self, before: Value) -> For:
        """Return the loop without the terms; the adjoint gets the weights alone."""
        gone = {s for term in self.total.terms for s in (term.load, term.product, term.addition)}
        weights = {term.increment: term.weight for term in self.total.terms}

        def change(statement: Statement) -> list[Statement]:
            if statement in gone:
                return []
            if isinstance(statement, Increment) and statement in weights:
                return [replace(statement, value=weights[statement])]
            return [statement]

        rests: dict[Value, Operand] = {}
        for term in self.total.terms:
            (rest,) = (arg for arg in term.addition.args if arg is not term.product.out)
            rests[term.addition.out] = rest
        for out, rest in rests.items():
            while isinstance(rest, Value) and rest in rests:
                rest = rests[rest]
            rests[out] = rest
        (loop,) = substitute_block(rewrite(Block((self.total.loop,)), change), rests).statements
        assert isinstance(loop, For)
        carried = (
            replace(entry, out=before) if entry.out is self.total.out else entry
            for entry in loop.carried
        )
        return replace(loop, carried=tuple(carried))

    def unscaled(self, builder: Builder, call: Call) -> Value:
        """Append a product of the weights, and that times the number they were multiplied by."""
        scale, out = self.total.scale, call.out
        if scale is None:
            builder.append(call)
            return out
        made = Value(out.name, out.type, out.shape)
        builder.append(replace(call, out=made))
        builder.call_into(out, np.multiply, (made, scale), ())
        return made

    def add(self, builder: Builder, before: Value, made: dict[Call, Value]) -> None:
        """Append what the sum is."""
        total: Operand | None = None if self.total.is_all else before
        for each in self.shares:
            term = share(builder, view_of(builder, each.factor), made[each.call])
            if each.is_twice:
                term = builder.call(np.multiply, constant(0.5, term.type), term)
            total = term if total is None else builder.call(np.add, total, term)
        assert total is not None
        builder.call_into(self.total.out, np.positive, (total,), ())
