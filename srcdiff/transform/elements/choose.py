"""Which arrays can become their elements.

Those of a few elements, made in the function, that loops touch, if every access names its elements
by literals. What an array is handed to as a whole must itself be taken apart: then an operation on
arrays is one on each element.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from srcdiff.analysis.aliasing import Aliases, aliases
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    Const,
    Derive,
    For,
    Function,
    If,
    Increment,
    Index,
    Load,
    Operand,
    Slice,
    Statement,
    Store,
    Value,
    View,
    While,
    is_array,
)
from srcdiff.ir.walk import blocks, definitions, operands, statements, values, written_refs
from srcdiff.transform.elements.advance import DIVISIONS, SAFE
from srcdiff.transform.fusion.scalars import LOWERED, is_elementwise

MOST_ELEMENTS = 16


def choose(function: Function, counters: frozenset[Value] = frozenset()) -> set[Value]:
    """Return the references that can become elements, if loops with these `counters` unroll."""
    work = _Chooser(aliases(function), counters)
    work.look(function.body, inside=False)
    work.bad.update(r for r in values(function.results) if is_array(r))
    while work.spread(function):
        pass
    return _indexed(function, work.chosen, work.aliases)


def _indexed(function: Function, chosen: set[Value], classes: Aliases) -> set[Value]:
    """Leave out what belongs to no array of which an element is named: loops do that as well."""
    groups = Aliases(function.body)
    named: list[Value] = []
    for value in chosen:
        groups.unite(classes.root(value), value)
    for statement in statements(function.body):
        parts = [v for v in values((*operands(statement), *definitions(statement))) if v in chosen]
        if isinstance(statement, For | While):
            parts += [entry.phi for entry in statement.carried if entry.phi in chosen]
        for part in parts[1:]:
            groups.unite(parts[0], part)
        if isinstance(statement, Load | Store | Increment) and statement.indices:
            named += [statement.ref] if statement.ref in chosen else []
    roots = set(map(groups.root, named))
    return {value for value in chosen if groups.root(value) in roots}


def extents_of(array: Operand) -> tuple[int, ...] | None:
    """Return the shape of a small array, None if it is not known to be one."""
    if not isinstance(array, Value) or not is_array(array) or not array.shape:
        return None
    if not all(isinstance(extent, Const) for extent in array.shape):
        return None
    shape = tuple(int(extent.value) for extent in array.shape)  # type: ignore[union-attr]
    return shape if 0 < prod(shape) <= MOST_ELEMENTS else None


def places(view: View) -> Any:
    """Return the index or the axes of a view with literals, as NumPy takes them; else None."""
    assert isinstance(view.how, Index)
    parts: list[Any] = []
    for item in view.how.items:
        match item:
            case Const(value=value):
                parts.append(int(value))
            case Slice(start=start, stop=stop, step=step):
                bounds = (start, stop, step)
                if any(isinstance(bound, Value) for bound in bounds):
                    return None
                literals = [b if b is None else int(b.value) for b in bounds]  # type: ignore[union-attr]
                parts.append(slice(*literals))
            case Value():
                return None
            case _:
                parts.append(None)
    return tuple(parts)


def is_operation(function: Callable[..., Any]) -> bool:
    """Say whether a function of arrays can be done element by element here."""
    if function in (np.sum, np.matmul):
        return True
    return is_elementwise(function) and function not in LOWERED


@dataclass(eq=False)
class _Chooser:
    aliases: Aliases
    counters: frozenset[Value]
    calls: dict[Value, Call] = field(default_factory=dict)
    chosen: set[Value] = field(default_factory=set)
    bad: set[Value] = field(default_factory=set)
    near: set[Value] = field(default_factory=set)
    """The classes that a loop touches."""

    def look(self, block: Block, *, inside: bool) -> None:
        """Collect what is made, and what rules an array out at once."""
        for statement in block.statements:
            if isinstance(statement, Call):
                self.calls[statement.out] = statement
            self.chosen.update(self.made(statement))
            touched = [v for v in (*operands(statement), *definitions(statement)) if is_array(v)]
            if inside or isinstance(statement, For | While):
                self.near.update(map(self.aliases.root, values(touched)))
            if statement.origin.constant:
                self.bad.update(values(touched))
            if isinstance(statement, While):
                heads = [r for s in statements(statement.head) for r in written_refs(s)]
                self.bad.update(heads)
            for nested in blocks(statement):
                self.look(nested, inside=inside or not isinstance(statement, If))

    def made(self, statement: Statement) -> Iterator[Value]:
        """Return the small arrays that a statement makes, or that a loop hands on."""
        match statement:
            case Alloc(out=out) | View(out=out):
                found: Sequence[Value] = (out,)
            case Call(out=out, function=function) if is_operation(function):
                found = (out,)
            case If(joins=joins):
                found = self.unwritten(join.out for join in joins)
            case For(carried=carried) | While(carried=carried):
                found = self.unwritten(v for e in carried for v in (e.phi, e.out))
            case _:
                found = ()
        return (value for value in found if extents_of(value) is not None)

    def unwritten(self, found: Iterator[Value]) -> list[Value]:
        """Contents are handed on, not memory: see `transform.rebind`."""
        return [v for v in found if is_array(v) and not self.aliases.is_memory(v)]

    # ---- what follows ----

    def spread(self, function: Function) -> bool:
        """Leave out what cannot be taken apart, given what can; say whether there was any."""
        before = len(self.chosen)
        for statement in statements(function.body):
            self.check(statement)
        roots = set(map(self.aliases.root, self.bad))
        away = {
            v
            for v in self.chosen
            if self.aliases.root(v) in roots or self.aliases.root(v) not in self.near
        }
        self.bad |= away
        self.chosen -= away
        return len(self.chosen) < before

    def leave(self, *found: Operand) -> None:
        self.bad.update(v for v in values(found) if is_array(v))

    def check(self, statement: Statement) -> None:
        """Leave out the arrays that a statement treats as a whole."""
        match statement:
            case Load(ref=ref, indices=indices):
                if not self.is_place(ref, indices):
                    self.leave(ref)
            case Store() | Increment():
                self.check_write(statement)
            case View(out=out, ref=ref):
                if out not in self.chosen or ref not in self.chosen or not self.is_known(statement):
                    self.leave(out, ref)
            case Call(function=np.shape):
                pass
            case Call(out=out, args=args):
                if not self.is_done(statement):
                    self.leave(out, *args)
            case Derive(args=args, outs=outs):
                self.leave(*args, *outs)
            case If(joins=joins):
                for join in joins:
                    if join.out not in self.chosen:
                        self.leave(join.then, join.orelse)
            case For(carried=carried) | While(carried=carried):
                for entry in carried:
                    if not {entry.phi, entry.out} <= self.chosen:
                        self.leave(entry.phi, entry.init, entry.next, entry.out)

    def check_write(self, write: Store | Increment) -> None:
        if write.indices and not self.is_place(write.ref, write.indices):
            self.leave(write.ref)
        if is_array(write.value) and write.ref not in self.chosen:
            if extents_of(write.ref) is None:
                self.leave(write.value)

    def is_done(self, call: Call) -> bool:
        """Say whether a call can be done element by element."""
        if not is_operation(call.function):
            return False
        if call.function in (np.sum, np.matmul):
            same = all(arg.type.dtype == call.out.type.dtype for arg in call.args)
            known = all(extents_of(arg) is not None for arg in call.args)
            if not same or not known or call.out.type.dtype.kind != "f":
                return False
        return call.out in self.chosen or not is_array(call.out)

    def is_known(self, view: View) -> bool:
        """Say whether it is known which elements a view shows."""
        if not isinstance(view.how, Index):
            return True
        items = [item for item in view.how.items if isinstance(item, Value)]
        if not all(self.is_static(item) for item in items):
            return False
        return bool(items) or places(view) is not None

    def is_place(self, ref: Value, indices: tuple[Operand, ...]) -> bool:
        """Say whether indices are literals, or become literals, that name an element."""
        if not all(map(self.is_static, indices)):
            return False
        if not all(isinstance(index, Const) for index in indices):
            return True
        pairs = zip(indices, extents_of(ref) or (), strict=False)
        return all(-n <= index.value < n for index, n in pairs)  # type: ignore[union-attr]

    def is_static(self, index: Operand) -> bool:
        if isinstance(index, Const) or index in self.counters:
            return True
        call = self.calls.get(index)
        if not self.counters or call is None or call.function is np.shape:
            return False
        return call.function in SAFE | DIVISIONS and all(map(self.is_static, call.args))
