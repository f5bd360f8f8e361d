"""Value numbering: equal computations are done once, and what does not change is not carried.

    a = Call shape(x)                         a = Call shape(x)
    b = Call subtract(a, 1)             ->    b = Call subtract(a, 1)
    c = Call subtract(a, 1)                   (c is b)
    For i, carried p = (p', n, p', p)         For i                       (p', p are n)

Only scalar calls without memory are merged; each keeps the place of the first.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any, TypeGuard

import numpy as np

from srcdiff.ir.build import COMMUTATIVE, extents, is_constant, same
from srcdiff.ir.nodes import (
    Block,
    Call,
    Carried,
    Const,
    For,
    Function,
    Guard,
    If,
    Load,
    Operand,
    Statement,
    Value,
    While,
    is_array,
)
from srcdiff.ir.types import Scalar
from srcdiff.ir.updates import entries, updated
from srcdiff.ir.walk import NESTED, WRITING, Substitution, asks, rename, renewed, substitute
from srcdiff.words import ORDERED

Key = tuple[Any, ...]
CHANGING = (*WRITING, *NESTED)
"""Behind these, an element may be another one."""


@lru_cache(maxsize=1)
def simplify(function: Function) -> Function:
    """Merge equal scalar computations of `function` and drop what loops only pass on."""
    work = _Numbering()
    body = work.block(_own_first(function))
    results = tuple(work.find(result) for result in function.results)
    if work.wishes:
        renamed: dict[Value, Operand] = {}
        body = rename(body, work.wishes, renamed)
        results = tuple(renamed.get(r, r) if isinstance(r, Value) else r for r in results)
    return updated(function, body=body, results=results)


def _own_first(function: Function) -> Block:
    """Return the body; what asks a parameter for its extents stands before what asks it again.

    Else the extent that the parameter has would be taken for the other one, and have no definition.
    """
    asked = [s for s in function.body.statements if asks(s) and s.args[0] in function.params]
    own = [s for s in asked if s.out in extents(s.args[0])]
    if own == asked[: len(own)]:
        return function.body
    rest = (s for s in function.body.statements if s not in own)
    return Block((*own, *rest))


@dataclass(eq=False)
class _Numbering:
    mapping: dict[Value, Operand] = field(default_factory=dict)
    known: list[dict[Key, Value]] = field(default_factory=lambda: [{}])
    scales: dict[Operand, tuple[Operand, float]] = field(default_factory=dict)
    """Adjoints that are a power of two times something."""
    wishes: dict[Value, str] = field(default_factory=dict)
    """The names of the user for temporaries that were found to be what a name denotes."""

    @cached_property
    def substitution(self) -> Substitution:
        return Substitution(self.mapping)

    def find(self, operand: Operand) -> Operand:
        while isinstance(operand, Value) and operand in self.mapping:
            operand = self.mapping[operand]
        return operand

    def block(self, block: Block) -> Block:
        self.known.append({})
        kept: list[Statement] = []
        loads: dict[Key, Value] = {}
        for statement in block.statements:
            new = self.statement(statement)
            if isinstance(new, Load):
                new = self.load(new, loads)
            elif isinstance(new, CHANGING):
                loads.clear()
            if new is not None:
                kept.append(new)
        self.known.pop()
        return renewed(block, kept)

    def load(self, load: Load, loads: dict[Key, Value]) -> Load | None:
        """Drop a load that repeats one with no write or nested block in between."""
        key = (id(load.ref), load.origin.constant, *map(_part, load.indices))
        if key in loads and _may_replace(loads[key], load.out):
            self.mapping[load.out] = loads[key]
            return None
        loads[key] = load.out
        return load

    def statement(self, statement: Statement) -> Statement | None:
        if isinstance(statement, If):
            return self.branch(statement)
        if isinstance(statement, For | While):
            return self.loop(statement)
        statement = self.substitution.statement(statement)
        match statement:
            case Call() if statement.function in ORDERED:
                return statement
            case Call() if not any(map(is_array, statement.args)) or statement.function is np.shape:
                return self.call(statement)
            case Guard(condition=Const(value=True)):
                return None
            case Guard(condition=Value() as condition):
                return self.guard(statement, condition)
        return statement

    def may_replace(self, known: Value, value: Value, scope: dict[Key, Value]) -> bool:
        """A temporary of the same block takes the name that the user gives to what it is."""
        if _may_replace(known, value):
            return True
        mine = scope is self.known[-1] and value.type.dtype.kind == "f"
        if mine and known.name.startswith("_") and known not in self.wishes:
            self.wishes[known] = value.name
            return True
        return False

    def guard(self, guard: Guard, condition: Value) -> Guard | None:
        """Drop a guard that repeats one."""
        key = (Guard, id(condition))
        if any(key in scope for scope in self.known):
            return None
        self.known[-1][key] = condition
        return guard

    def call(self, call: Call) -> Call | None:
        """Drop a call whose value is known."""
        # What is constant must not become what it was made of: that has a derivative.
        call = self.scaled(call)
        replacement = None if call.origin.constant else _folded(call)
        if replacement is None:
            if is_array(call.out):
                return call
            key = _key(call)
            for scope in reversed(self.known):
                if key in scope and self.may_replace(scope[key], call.out, scope):
                    replacement = scope[key]
                    break
            else:
                self.known[-1][key] = call.out
                return call
        self.mapping[call.out] = replacement
        return None

    def scaled(self, call: Call) -> Call:
        """Multiply an adjoint by the product of two powers of two, instead of by both in turn.

        As seeds and partials are: 2 x of a square, and 0.5 of half the sum of squares.
        """
        origin = call.origin
        if call.function is not np.multiply or origin.sweep != "adjoint" or origin.constant:
            return call
        for number, other in (call.args, call.args[::-1]):
            if not _is_power_of_two(number) or is_array(other) or other.type != call.out.type:
                continue
            known, factor = self.scales.get(other, (other, 1.0))
            product = replace(number, value=number.value * factor)
            self.scales[call.out] = (known, product.value)
            if known is other:
                return call
            if product.value == 1.0:
                return replace(call, function=np.positive, args=(known,))
            return replace(call, args=(product, known))
        return call

    def branch(self, statement: If) -> If:
        condition = self.find(statement.condition)
        then, orelse = self.block(statement.then), self.block(statement.orelse)
        joins = []
        for join in statement.joins:
            new = updated(join, then=self.find(join.then), orelse=self.find(join.orelse))
            if same(new.then, new.orelse):
                self.mapping[join.out] = new.then
            else:
                joins.append(new)
        outs = tuple(updated(join, out=self.define(join.out)) for join in joins)
        return updated(statement, condition=condition, then=then, orelse=orelse, joins=outs)

    def define(self, value: Value) -> Value:
        shape = tuple(self.find(extent) for extent in value.shape)
        if all(a is b for a, b in zip(shape, value.shape, strict=True)):
            return value
        self.mapping[value] = Value(value.name, value.type, shape)
        return self.mapping[value]  # type: ignore[return-value]

    def loop(self, loop: For | While) -> For | While | None:
        if isinstance(loop, For) and _never_runs(loop):
            for entry in loop.carried:
                self.mapping[entry.out] = self.find(entry.init)
            if loop.trips is not None:
                self.mapping[loop.trips] = Const(0, loop.trips.type)
            return None
        kept = []
        for entry in loop.carried:
            if entry.next is entry.phi:
                self.mapping[entry.phi] = self.mapping[entry.out] = self.find(entry.init)
            else:
                kept.append(entry)
        inits = [self.find(entry.init) for entry in kept]
        phis = [self.define(entry.phi) for entry in kept]
        if isinstance(loop, For):
            bounds = [self.find(bound) for bound in (loop.start, loop.stop, loop.step)]
            body = self.block(loop.body)
            new: For | While = updated(
                loop, start=bounds[0], stop=bounds[1], step=bounds[2], body=body
            )
        else:
            head, condition, body = self.loop_parts(loop)
            new = updated(loop, head=head, condition=condition, body=body)
        nexts = [self.find(entry.next) for entry in kept]
        leave = None if loop.leave is None else self.find(loop.leave)
        outs = [self.define(entry.out) for entry in kept]
        carried = entries(kept, phis, inits, nexts, outs)
        return self.without_constants(updated(new, carried=carried, leave=leave))

    def without_constants(self, loop: For | While) -> For | While:
        """Drop what the body, as it is now, leaves unchanged."""
        constants: dict[Value, Operand] = {e.phi: e.init for e in loop.carried if e.next is e.phi}
        constants |= {} if constants else _twins(loop)
        if not constants:
            return loop
        outs: dict[Operand, Operand] = {entry.phi: entry.out for entry in loop.carried}
        for entry in loop.carried:
            if entry.phi in constants:
                same_as = constants[entry.phi]
                self.redefine(entry.phi, same_as)
                self.redefine(entry.out, outs.get(same_as, same_as))
        carried = tuple(e for e in loop.carried if e.phi not in constants)
        rest = substitute(replace(loop, carried=carried), constants)
        # What was defined anew on the way, because an extent of it changed, is found from here on.
        self.mapping.update(constants)
        return self.without_constants(rest)

    def redefine(self, value: Value, operand: Operand) -> None:
        """Let an operand stand for a value, and for all that the value already stood for."""
        for key, known in self.mapping.items():
            if known is value:
                self.mapping[key] = operand
        self.mapping[value] = operand

    def loop_parts(self, loop: While) -> tuple[Block, Operand, Block]:
        """Number the head so that its values stay known in the body."""
        self.known.append({})
        head = []
        for statement in loop.head.statements:
            new = self.statement(statement)
            if new is not None:
                head.append(new)
        condition = self.find(loop.condition)
        body = self.block(loop.body)
        self.known.pop()
        return renewed(loop.head, head), condition, body


def _is_power_of_two(operand: Operand) -> TypeGuard[Const]:
    if not isinstance(operand, Const) or not isinstance(operand.value, float):
        return False
    return abs(math.frexp(operand.value)[0]) == 0.5


def _never_runs(loop: For) -> bool:
    bounds = (loop.start, loop.stop, loop.step)
    if not all(isinstance(bound, Const) for bound in bounds):
        return False
    return not range(*(bound.value for bound in bounds))  # type: ignore[union-attr]


def _twins(loop: For | While) -> dict[Value, Operand]:
    """Return phis that are always what another one is, and that other one.

    They are the same at first, and change places only among each other.
    """
    group: dict[Operand, int] = {}
    firsts: list[Carried] = []
    for entry in loop.carried:
        alike = [k for k, first in enumerate(firsts) if _begin_alike(first, entry)]
        group[entry.phi] = alike[0] if alike else len(firsts)
        firsts += [] if alike else [entry]
    count = 0
    while count < len(set(group.values())):
        count = len(set(group.values()))
        keys = {e.phi: (group[e.phi], group.get(e.next, id(e.next))) for e in loop.carried}
        numbers = {key: k for k, key in enumerate(dict.fromkeys(keys.values()))}
        group = {phi: numbers[key] for phi, key in keys.items()}
    leaders: dict[int, Value] = {}
    for entry in loop.carried:
        leaders.setdefault(group[entry.phi], entry.phi)
    pairs = [(entry.phi, leaders[group[entry.phi]]) for entry in loop.carried]
    return {phi: leader for phi, leader in pairs if phi is not leader}


def _begin_alike(one: Carried, other: Carried) -> bool:
    return same(one.init, other.init) and one.phi.type == other.phi.type


def _key(call: Call) -> Key:
    parts: list[Any] = [_part(arg) for arg in call.args]
    if call.function in COMMUTATIVE:
        parts = [frozenset(parts)]
    return (call.function, call.origin.constant, *parts, *call.static)


def _part(operand: Operand) -> Any:
    return (repr(operand.value), operand.type.dtype) if isinstance(operand, Const) else id(operand)


def _may_replace(known: Value, value: Value) -> bool:
    """A name that the user gave is not lost to a temporary or to another name."""
    return value.name.startswith("_") or value.name == known.name


def _folded(call: Call) -> Operand | None:
    """Return what a call is known to give, None if it has to run."""
    if call.function is np.positive and isinstance(call.out.type, Scalar):
        return call.args[0] if call.out.name.startswith("_") else None
    if call.function is np.multiply and not is_array(call.out):
        factors = _without_one(call)
        if factors is not None:
            return factors
    if call.function is np.where and isinstance(call.args[0], Const) and not is_array(call.out):
        return call.args[1] if call.args[0].value else call.args[2]
    if call.function is np.power and _is_first_power(call):
        return call.args[0]
    if call.function is np.subtract and _is_less_one(call):
        return _less_one(call)
    if call.function is np.equal and _is_itself(call):
        return Const(True, call.out.type)
    if call.out.type.dtype.kind not in "ib" or not _all_literal(call):
        return None
    fold = _FOLDS.get(call.function)
    if fold is None:
        return None
    values = [arg.value for arg in call.args]  # type: ignore[union-attr]
    if call.function in DIVISIONS and values[1] == 0:
        return None
    return Const(fold(*values), call.out.type)


def _is_first_power(call: Call) -> bool:
    base, exponent = call.args
    temporary = call.out.name.startswith("_") and not is_array(call.out)
    return temporary and is_constant(exponent, 1) and base.type == call.out.type


def _is_less_one(call: Call) -> bool:
    """Say whether this is a literal float less 1: the exponent in the partial of a power."""
    number, one = call.args
    return isinstance(number, Const) and is_constant(one, 1) and call.out.type.dtype.kind == "f"


def _less_one(call: Call) -> Const:
    dtype = call.out.type.dtype
    number, one = (dtype.type(arg.value) for arg in call.args)  # type: ignore[union-attr]
    return Const((number - one).item(), call.out.type)


def _is_itself(call: Call) -> bool:
    """Say whether a number is compared with itself; of floats, nan is not equal to itself."""
    left, right = call.args
    return left is right and not is_array(left) and left.type.dtype.kind in "iub"


def _without_one(call: Call) -> Operand | None:
    """Return the other factor where one is 1; what is exact for every number, a nan too."""
    for one, other in (call.args, call.args[::-1]):
        if is_constant(one, 1) and call.out.name.startswith("_"):
            return other
    return None


def _all_literal(call: Call) -> bool:
    return bool(call.args) and all(isinstance(arg, Const) for arg in call.args)


DIVISIONS = (np.floor_divide, np.remainder)
_FOLDS: dict[Any, Callable[..., Any]] = {
    np.floor_divide: lambda a, b: a // b,
    np.remainder: lambda a, b: a % b,
    np.add: lambda a, b: a + b,
    np.subtract: lambda a, b: a - b,
    np.multiply: lambda a, b: a * b,
    np.equal: lambda a, b: a == b,
    np.not_equal: lambda a, b: a != b,
    np.less: lambda a, b: a < b,
    np.less_equal: lambda a, b: a <= b,
    np.greater: lambda a, b: a > b,
    np.greater_equal: lambda a, b: a >= b,
    np.logical_not: lambda a: not a,
    max: max,
    min: min,
}
