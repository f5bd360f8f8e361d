"""The reverse mode of functions that call themselves: two functions, and a stack between them.

    walk(x, i):                     walk_primal(x, i, stack):
        w = walk(x, i - 1)              w, place = walk_primal(x, i - 1, stack)
        return x[i] * w                 return x[i] * w, push(stack, w, i, place)
                             ->
                                    walk_adjoint(out_bar, x, x_bar, stack, place):
                                        w, i, inner = what is at `place`; cut(stack, place)
                                        x_bar[i] += w * out_bar
                                        walk_adjoint(x[i] * out_bar, x, x_bar, stack, inner)

First all calls give what is kept back, besides what they return (`with_stack`); of the adjoint of
that, the primal sweep becomes one function and the adjoint sweep the other (`part`). Numbers and
arrays that the second needs go over the stack. Adjoints of arrays are added onto those that are
passed, so that a call costs what it does, not the size of its arguments.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from srcdiff import words
from srcdiff.analysis.activity import active_params, activity
from srcdiff.analysis.aliasing import aliases
from srcdiff.errors import UnsupportedSyntax
from srcdiff.ir.build import Builder, extents, integer, is_constant
from srcdiff.ir.memory import alias_classes, written
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    Derive,
    Function,
    Guard,
    Operand,
    Recursion,
    Rule,
    Statement,
    Value,
    View,
    is_array,
)
from srcdiff.ir.recursion import declared, is_own_call, is_recursive_call
from srcdiff.ir.types import PYTHON_INT, Array, Scalar, is_float
from srcdiff.ir.walk import (
    asks,
    clone_function,
    definitions,
    free_values,
    operands,
    rewrite,
    statements,
    values,
)
from srcdiff.transform.adjoint import PARTING, Request, adjoint
from srcdiff.transform.reverse.again import DEAR
from srcdiff.transform.reverse.plan import ADJOINT
from srcdiff.words import ORDERED

READERS = {"f8": words.float_at, "f4": words.single_at, "b1": words.bool_at}


@dataclass(frozen=True, eq=False)
class Parts:
    """The two functions of one that calls itself, by the parameters `wrt`."""

    primal: Function
    adjoint: Function
    wrt: tuple[int, ...]


Make = Callable[[Function, tuple[int, ...]], Parts]


def new_stack() -> Value:
    return Value("stack", PYTHON_INT)


def with_stack(
    function: Function, wrt: Sequence[Value], make: Make, own: Parts | None = None
) -> tuple[Function, Value | None]:
    """Let calls of functions that call themselves put on a stack what their adjoint needs.

    Return the stack, too, if there are such calls. `own` is what calls of `function` become.
    """
    if own is None and not any(map(is_recursive_call, statements(function.body))):
        return function, None
    active = activity(function, wrt, aliases(function))
    stack, used = new_stack(), False

    def change(statement: Statement) -> list[Statement]:
        nonlocal used
        if not isinstance(statement, Derive) or not is_recursive_call(statement):
            return [statement]
        itself = is_own_call(statement, function)
        given = [k for k, arg in enumerate(statement.args) if active.is_active(arg)]
        if statement.origin.constant or not any(map(active.is_active, statement.outs)):
            return [replace(statement, function=function) if itself else statement]
        used = True
        callee = statement.function
        parts = own if itself else make(callee, tuple(active_params(callee, given)))
        assert parts is not None
        place = Value("_place", PYTHON_INT)
        rule = Rule(adjoint=parts.adjoint, wrt=parts.wrt)
        args, outs = (*statement.args, stack), (*statement.outs, place)
        return [replace(statement, function=parts.primal, args=args, outs=outs, rule=rule)]

    changed = replace(function, body=rewrite(function.body, change))
    return (changed, stack) if used or own is not None else (function, None)


def making(function: Function, stack: Value) -> Function:
    """Let a function make the stack that it uses."""
    made = Call(stack, words.new_stack, ())
    return replace(function, body=Block((made, *function.body.statements)))


def freeing(function: Function, stack: Value) -> Function:
    """Let a function give its stack back at its end."""
    gone = Call(Value("_none", PYTHON_INT), words.free, (stack,))
    return replace(function, body=Block((*function.body.statements, gone)))


def parts_of(function: Function, wrt: tuple[int, ...], make: Make) -> Parts:
    """Return the two functions of one that calls itself, which is prepared to be reversed."""
    own = Parts(_declared_primal(function), _declared_adjoint(function, wrt), wrt)
    params = [function.params[k] for k in wrt]
    changed, stack = with_stack(function, params, make, own)
    assert stack is not None
    changed = replace(changed, params=(*changed.params, stack), recursion=None)
    request = Request(tuple(params), seeded=True, wanted=False, parted=True)
    both = adjoint(changed, request)
    primal, back = _Parting(both, changed, stack, own).parts()
    return Parts(primal, back, wrt)


def _declared_primal(function: Function) -> Function:
    name = f"{function.name}_primal"
    results = (*function.results, Value("_place", PYTHON_INT))
    return declared(Recursion(name, derived=True), (*function.params, new_stack()), results)


def _declared_adjoint(function: Function, wrt: tuple[int, ...]) -> Function:
    name = f"{function.name}_adjoint"
    seeds = [Value("_seed", r.type, extents(r)) for r in function.results if is_float(r.type)]
    arrays = [param for param in function.params if is_array(param)]
    wanted = [function.params[k] for k in wrt]
    targets = [_target(param) for param in wanted if is_array(param)]
    place = Value("_place", PYTHON_INT)
    bars = [Value("_bar", param.type) for param in wanted if not is_array(param)]
    recursion = Recursion(name, derived=True)
    params = (*seeds, *arrays, *targets, new_stack(), place)
    return declared(recursion, params, bars)


def _target(param: Value) -> Value:
    return Value(f"{param.name}_bar", param.type, param.shape)


def _integer(builder: Builder, word: Callable[..., int], *args: Operand) -> Value:
    return builder.call(word, *args, name="_place", type=PYTHON_INT, shape=())


def _in_adjoint_sweep(statement: Statement) -> Statement:
    return replace(statement, origin=replace(statement.origin, sweep="adjoint"))


@dataclass(eq=False)
class _Parting:
    """The sweeps of `both`, the adjoint of `function`, and what the second needs of the first."""

    both: Function
    function: Function
    stack: Value
    own: Parts
    first: tuple[Statement, ...] = ()
    second: tuple[Statement, ...] = ()
    made: dict[Value, Statement] = field(default_factory=dict)
    numbers: list[Value] = field(default_factory=list)
    arrays: list[Value] = field(default_factory=list)
    asked: list[Call] = field(default_factory=list)
    views: list[View] = field(default_factory=list)
    again: dict[Value, Call] = field(default_factory=dict)
    seen: set[Value] = field(default_factory=set)

    def parts(self) -> tuple[Function, Function]:
        body = self.both.body.statements
        cut = next(k for k, s in enumerate(body) if isinstance(s, Guard) and s.message == PARTING)
        self.first, self.second = body[:cut], body[cut + 1 :]
        self.made = {v: s for s in self.first for v in definitions(s)}
        bars = self.both.results[len(self.function.results) :]
        seeds = self.both.params[: -len(self.function.params)]
        self.seen.update(seeds)
        for value in free_values(Block(self.second), bars, seeds):
            self.require(value)
        self.refuse_shared()
        self.make_again()
        return self.primal(), clone_function(self.adjoint(seeds, bars))

    def require(self, value: Value) -> None:
        """Note how the second part comes to a value of the first."""
        if value in self.seen:
            return
        self.seen.add(value)
        statement = self.made.get(value)
        for extent in values(value.shape):
            self.require(extent)
        if value is self.stack or (is_array(value) and statement is None):
            return
        if isinstance(statement, View):
            for part in values(operands(statement)):
                self.require(part)
            self.views.append(statement)
        elif is_array(value):
            self.arrays.append(value)
        elif self.is_extent(statement):
            assert isinstance(statement, Call)
            self.asked.append(statement)
        else:
            self.numbers.append(value)

    def make_again(self) -> None:
        """Leave out numbers that follow from others: conditions, mostly."""
        for value in [*self.numbers]:
            statement = self.made.get(value)
            if not isinstance(statement, Call) or statement.function in DEAR | ORDERED:
                continue
            if all(part in self.numbers or part in self.again for part in values(statement.args)):
                self.numbers.remove(value)
                self.again[value] = statement

    def is_extent(self, statement: Statement | None) -> bool:
        """Say whether a statement asks a parameter for an extent."""
        params = self.function.params
        return statement is not None and any(asks(statement, param) for param in params)

    def refuse_shared(self) -> None:
        """Refuse arrays whose contents would part though one is written by way of the other."""
        classes = alias_classes(self.both)
        crossing = [*self.arrays, *filter(is_array, self.function.params)]
        changed = {root for s in self.second for root in written(s, classes)}
        roots = [classes.of(array) for array in crossing]
        for array in self.arrays:
            root = classes.of(array)
            order = isinstance(array.type, Array) and array.type.layout == "F"
            if order or (root in changed and roots.count(root) > 1):
                raise UnsupportedSyntax(
                    f"`{self.function.name}` calls itself and keeps `{array.name.lstrip('_')}`, "
                    "which may be the same memory as another array.",
                    self.function.span,
                    "Make it a copy: `a.copy()`.",
                )

    def primal(self) -> Function:
        """The primal sweep, which puts on the stack what is needed."""
        builder = Builder()
        builder.statements = list(self.first)
        places = [_integer(builder, words.push_array, self.stack, a) for a in self.arrays]
        place = _integer(builder, words.push, self.stack, *self.numbers, *places)
        kept = f"{len(self.numbers)} numbers and {len(self.arrays)} arrays"
        recursion = self.own.primal.recursion
        assert recursion is not None
        return replace(
            self.function,
            name=recursion.name,
            params=self.function.params,
            body=builder.block(),
            results=(*self.both.results[: len(self.function.results)], place),
            doc=self.both.doc.replace("Adjoint", "Primal sweep", 1),
            notes=(f"Kept on `stack`: {kept} of each call.",),
            recursion=recursion,
        )

    def adjoint(self, seeds: Sequence[Value], bars: Sequence[Operand]) -> Function:
        """The adjoint sweep, which begins with what was put on the stack."""
        place = Value("place", PYTHON_INT)
        builder = self.taken(place)
        targets, dropped, after = self.targets(bars)
        rest = [s for s in self.second if s not in dropped]
        recursion = self.own.adjoint.recursion
        assert recursion is not None
        arrays = [param for param in self.function.params if is_array(param)]
        return replace(
            self.both,
            name=recursion.name,
            params=(*seeds, *arrays, *targets, self.stack, place),
            body=Block((*builder.statements, *rest, *after.statements)),
            results=tuple(bar for bar in bars if not is_array(bar)),
            notes=(),
            recursion=recursion,
        )

    def taken(self, place: Value) -> Builder:
        """Return what takes everything off the stack, and makes the rest again."""
        builder = Builder(ADJOINT)
        builder.statements += map(_in_adjoint_sweep, self.asked)
        for k, value in enumerate(self.numbers):
            self.read(builder, place, k, value)
        again = set(self.again.values())
        builder.statements += [_in_adjoint_sweep(s) for s in self.first if s in again]
        lowest: Operand = place
        for k, array in enumerate(self.arrays, len(self.numbers)):
            at = _integer(builder, words.int_at, self.stack, place, integer(k))
            lowest = at if lowest is place else lowest
            room = builder.alloc(array.shape, array.type.dtype, None, "_room")
            builder.call_into(array, words.array_at, (self.stack, at, room), ())
        builder.call_into(Value("_none", PYTHON_INT), words.cut, (self.stack, lowest), ())
        builder.statements += map(_in_adjoint_sweep, self.views)
        return builder

    def targets(self, bars: Sequence[Operand]) -> tuple[list[Value], set[Statement], Builder]:
        """Return the parameters for adjoints of arrays, and the zeros that they take the place of.

        Where the adjoint of an array is not summed in zeros, the last of the three adds it.
        """
        targets: list[Value] = []
        dropped: set[Statement] = set()
        made = {v: s for s in self.second for v in definitions(s)}
        after = Builder(ADJOINT)
        for k, bar in zip(self.own.wrt, bars, strict=True):
            param = self.function.params[k]
            if not isinstance(bar, Value) or not is_array(param):
                continue
            statement, target = made.get(bar), _target(param)
            zeros = isinstance(statement, Alloc) and is_constant(statement.fill or bar, 0)
            if statement is not None and zeros and bar.type == target.type:
                dropped.add(statement)
                target = bar
            else:
                after.increment(target, (), bar)
            targets.append(target)
        return targets, dropped, after

    def read(self, builder: Builder, place: Value, k: int, value: Value) -> None:
        """Append what takes a number off the stack."""
        dtype = value.type.dtype
        reader = READERS.get(dtype.str[1:], words.int_at)
        args = (self.stack, place, integer(k))
        if reader is not words.int_at or dtype == np.int64:
            builder.call_into(value, reader, args, ())
            return
        wide = Value("_wide", Scalar(np.dtype(np.int64)))
        builder.call_into(wide, reader, args, ())
        builder.call_into(value, words.cast, (wide,), (("dtype", dtype),))
