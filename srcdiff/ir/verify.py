"""Verify a function: what every pass must leave true.

- A value has one definition, and a statement stands in one place.
- A definition dominates its uses: a value is used in its block or below. Sides of a join come from
  their branches; `next` and `leave` from the body; `init` and bounds from outside the loop; what
  the head of a While defines is seen in its condition and body.
- The extents of an array dominate its definition. Those of a parameter, a phi, a result of control
  flow or an indexed view may instead be read from it later: `n = Call(np.shape, x, axis=0)`.
- Types: see `typecheck`.
- A reference that may come from a Broadcast is never written.

Each statement is looked at once.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NoReturn

import numpy as np
from typing_extensions import assert_never

from srcdiff import words
from srcdiff.errors import InternalError
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
    If,
    Increment,
    Index,
    Load,
    Loop,
    Operand,
    Simple,
    Statement,
    Store,
    Value,
    View,
    While,
)
from srcdiff.ir.recursion import is_own_call
from srcdiff.ir.typecheck import constant_faults, faults, value_faults
from srcdiff.ir.walk import before, definitions, inner_definitions, operands, statements


def verify(function: Function) -> None:
    """Raise InternalError, naming function, statement and line, if `function` is malformed."""
    scope = _Scope(function)
    with scope.opened():
        scope.define_all(function.params, None)
        _block(scope, function.body)
        scope.use_all(function.results, None)
    _no_write_to_read_only(scope)


@dataclass(eq=False)
class _Scope:
    """The values that can be used at one point of the walk, and what the walk has seen."""

    function: Function
    visible: set[Value] = field(default_factory=set)
    defined: set[Value] = field(default_factory=set)
    seen: set[Statement] = field(default_factory=set)
    trail: list[Value] = field(default_factory=list)
    # Extents still to be read from an array: the (array, axis) that have it.
    pending: dict[Value, list[tuple[Value, int]]] = field(default_factory=dict)

    def fail(self, fault: str, statement: Statement | None) -> NoReturn:
        name, span = self.function.name, self.function.span
        if statement is None:
            raise InternalError(f"in the IR of {name}: {fault}", span)
        place = f"{type(statement).__name__} {_subject(statement)}".rstrip()
        message = f"in the IR of {name}, at `{place}`: {fault}"
        raise InternalError(message, statement.origin.span or span)

    def check(self, found: Iterator[str], statement: Statement | None) -> None:
        for fault in found:
            self.fail(fault, statement)

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Forget at the end what is defined inside."""
        depth = len(self.trail)
        yield
        for value in self.trail[depth:]:
            for extent in value.shape:
                if extent in self.pending:
                    self.fail(f"{extent!r}, an extent of {value.name}, is not defined", None)
        self.visible.difference_update(self.trail[depth:])
        del self.trail[depth:]

    def use(self, operand: Operand, statement: Statement | None) -> None:
        match operand:
            case Const():
                self.check(constant_faults(operand), statement)
            case Value():
                if operand not in self.visible:
                    known = operand in self.defined
                    reason = "is out of scope here" if known else "has no definition before its use"
                    self.fail(f"{operand.name} {reason}", statement)
            case _:
                assert_never(operand)

    def use_all(self, items: Sequence[Operand], statement: Statement | None) -> None:
        for operand in items:
            self.use(operand, statement)

    def define(self, value: Value, statement: Statement | None) -> None:
        if value in self.defined:
            self.fail(f"{value.name} has a second definition", statement)
        self.check(value_faults(value), statement)
        self.defined.add(value)
        self.visible.add(value)
        self.trail.append(value)

    def define_all(self, values: Sequence[Value], statement: Statement | None) -> None:
        """Define what is defined at once; the extents of one may be others of them."""
        for value in values:
            self.define(value, statement)
        for value in values:
            for axis, extent in enumerate(value.shape):
                if isinstance(extent, Const) or extent in self.visible:
                    self.use(extent, statement)
                elif extent in self.defined:
                    self.fail(
                        f"{extent.name}, an extent of {value.name}, is out of scope", statement
                    )
                else:
                    self.pending.setdefault(extent, []).append((value, axis))

    def settle(self, call: Call) -> None:
        """Take note if `call` reads an extent that an array was said to have."""
        owners = self.pending.pop(call.out, None)
        if owners is None:
            return
        reads = call.function is np.shape and len(call.args) == 1
        place = (call.args[0], dict(call.static).get("axis")) if reads else None
        if place not in owners:
            array, axis = owners[0]
            self.fail(f"{call.out.name} is not read from {array.name}, axis {axis}", call)


def _subject(statement: Statement) -> str:
    """Return what `statement` defines or writes, in a few words."""
    match statement:
        case Call(out=out, function=function):
            return f"{out.name} = {getattr(function, '__name__', function)}(...)"
        case Alloc(out=out) | View(out=out) | Load(out=out):
            return out.name
        case Store(ref=ref) | Increment(ref=ref):
            return ref.name
        case Guard(message=message):
            return message
        case Derive(function=function, mode=mode):
            return f"{mode} of {function.name}"
        case For(index=index):
            return index.name
        case If() | While():
            return ", ".join(value.name for value in definitions(statement))
        case _:
            assert_never(statement)


def _block(scope: _Scope, block: Block) -> None:
    for statement in block.statements:
        if statement in scope.seen:
            scope.fail("stands in two places", statement)
        scope.seen.add(statement)
        _statement(scope, statement)


def _statement(scope: _Scope, statement: Statement) -> None:
    match statement:
        case If():
            _branch(scope, statement)
        case For() | While():
            _loop(scope, statement)
        case Call() | Alloc() | View() | Load() | Store() | Increment() | Guard() | Derive():
            _simple(scope, statement)
        case _:
            assert_never(statement)


def _simple(scope: _Scope, statement: Simple) -> None:
    scope.use_all(operands(statement), statement)
    match statement:
        case (
            View(out=out, how=Index())
            | Call(out=out, function=words.grow)
            | Call(out=out, function=np.copy)
        ):
            scope.define_all([out], statement)
        case Derive(outs=outs, function=function):
            if not is_own_call(statement, scope.function):
                verify(function)
            scope.define_all(outs, statement)
        case _:
            for value in definitions(statement):
                scope.use_all(value.shape, statement)
                scope.define(value, statement)
    if isinstance(statement, Call):
        scope.settle(statement)
    scope.check(faults(statement), statement)


def _branch(scope: _Scope, branch: If) -> None:
    scope.use(branch.condition, branch)
    with scope.opened():
        _block(scope, branch.then)
        scope.use_all([join.then for join in branch.joins], branch)
    with scope.opened():
        _block(scope, branch.orelse)
        scope.use_all([join.orelse for join in branch.joins], branch)
    scope.define_all(definitions(branch), branch)
    scope.check(faults(branch), branch)


def _loop(scope: _Scope, loop: Loop) -> None:
    scope.use_all(before(loop), loop)
    with scope.opened():
        scope.define_all(inner_definitions(loop), loop)
        if isinstance(loop, While):
            _block(scope, loop.head)
            scope.use(loop.condition, loop)
        _block(scope, loop.body)
        scope.use_all([entry.next for entry in loop.carried], loop)
        if loop.leave is not None:
            scope.use(loop.leave, loop)
    scope.define_all(definitions(loop), loop)
    scope.check(faults(loop), loop)


def _no_write_to_read_only(scope: _Scope) -> None:
    """Refuse writes through what may be a broadcast, whose elements share memory."""
    body = scope.function.body
    flows: dict[Value, list[Value]] = {}
    for source, target in _flows(body):
        if isinstance(source, Value):
            flows.setdefault(source, []).append(target)
    views = (s for s in statements(body) if isinstance(s, View))
    work = [view.out for view in views if isinstance(view.how, Broadcast)]
    read_only: set[Value] = set()
    while work:
        value = work.pop()
        if value not in read_only:
            read_only.add(value)
            work.extend(flows.get(value, ()))
    for statement in statements(body):
        if isinstance(statement, Store | Increment) and statement.ref in read_only:
            scope.fail(f"writes {statement.ref.name}, which may be a broadcast", statement)


def _flows(body: Block) -> Iterator[tuple[Operand, Value]]:
    """Iterate over (source, target) where `target` may refer to the memory of `source`."""
    for statement in statements(body):
        match statement:
            case View(ref=ref, out=out):
                yield ref, out
            case If(joins=joins):
                for join in joins:
                    yield from ((join.then, join.out), (join.orelse, join.out))
            case For(carried=carried) | While(carried=carried):
                for entry in carried:
                    yield from ((entry.init, entry.phi), (entry.next, entry.phi))
                    yield from ((entry.phi, entry.out), (entry.next, entry.out))
            case _:
                pass
