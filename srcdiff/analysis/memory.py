"""What each statement reads and writes of memory, by alias class.

References that a View, a join, a carried entry or a Call that may hand on its argument connects are
one class. A class is *bound* if something other than views connects it: then one reference may
denote different memory at different times.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from srcdiff.ir.memory import Classes, alias_classes
from srcdiff.ir.nodes import (
    Call,
    Derive,
    For,
    Function,
    Guard,
    If,
    Increment,
    Load,
    Operand,
    Statement,
    Store,
    Value,
    While,
    is_array,
)
from srcdiff.ir.walk import blocks, operands, statements, values, written_refs
from srcdiff.words import product

Roots = frozenset[Value]
NONE: Roots = frozenset()

FRESH = frozenset(
    {
        np.copy,
        np.where,
        np.sum,
        np.prod,
        np.max,
        np.min,
        np.mean,
        np.dot,
        np.cumsum,
        np.cumprod,
        product,
    }
)
"""Functions, besides ufuncs, whose result never shares memory with an argument."""


@dataclass(eq=False)
class Memory:
    """The classes of a function, and who touches them."""

    classes: Classes
    bound: set[Value] = field(default_factory=set)
    lasting: set[Value] = field(default_factory=set)
    """The classes that are seen from outside: those of parameters and results."""
    callers: set[Value] = field(default_factory=set)
    """The classes of parameters, which are seen even where an error is raised."""
    _reads: dict[Statement, Roots] = field(default_factory=dict)
    _writes: dict[Statement, Roots] = field(default_factory=dict)

    def root(self, ref: Value) -> Value:
        """Return the representative of the class of `ref`."""
        return self.classes.of(ref)

    def reads(self, statement: Statement) -> Roots:
        """Return the classes whose contents a statement, or one nested in it, reads."""
        return self._of_all(statement, self._reads, _read)

    def writes(self, statement: Statement) -> Roots:
        """Return the classes that a statement, or one nested in it, writes."""
        return self._of_all(statement, self._writes, written_refs)

    def _of_all(
        self,
        statement: Statement,
        known: dict[Statement, Roots],
        refs_of: Callable[[Statement], Sequence[Value]],
    ) -> Roots:
        """Return the classes of some references of a statement and of those in it."""
        if statement not in known:
            refs = refs_of(statement)
            found = frozenset(map(self.root, refs)) if refs else NONE
            for block in blocks(statement):
                found = found.union(*(self._of_all(s, known, refs_of) for s in block.statements))
            known[statement] = found
        return known[statement]


@lru_cache(maxsize=4)
def memory(function: Function) -> Memory:
    """Return who touches which memory in `function`."""
    result = Memory(alias_classes(function))
    connected: list[Value] = []
    for statement in statements(function.body):
        for a, b in _handed_on(statement):
            result.classes.unite(a, b)
            connected.append(b)
    result.bound = {result.root(value) for value in connected}
    result.callers = {result.root(p) for p in function.params if is_array(p)}
    ends = [r for r in values(function.results) if is_array(r)]
    result.lasting = result.callers | {result.root(r) for r in ends}
    return result


def _read(statement: Statement) -> Sequence[Value]:
    match statement:
        case Call(args=args, function=function):
            return () if function is np.shape else _arrays(args)
        case Load(ref=ref):
            return (ref,)
        case Store(value=value):
            return _arrays((value,))
        case Increment(ref=ref, value=value):
            return (ref, *_arrays((value,)))
        case Derive():
            return _arrays(operands(statement))
    return ()


def _arrays(operands: Sequence[Operand]) -> list[Value]:
    return [each for each in operands if is_array(each) and isinstance(each, Value)]


def _handed_on(statement: Statement) -> list[tuple[Operand, Value]]:
    """Return (source, reference) where a reference may be what `source` refers to."""
    match statement:
        case Call(out=out, args=args, function=function) if is_array(out):
            if not isinstance(function, np.ufunc) and function not in FRESH:
                return [(arg, out) for arg in args if is_array(arg)]
        case If(joins=joins):
            arrays = [join for join in joins if is_array(join.out)]
            return [(side, each.out) for each in arrays for side in (each.then, each.orelse)]
        case For(carried=carried) | While(carried=carried):
            handed: list[tuple[Operand, Value]] = []
            for entry in carried:
                if is_array(entry.phi):
                    handed += [(side, entry.phi) for side in (entry.init, entry.next)]
                    handed.append((entry.phi, entry.out))
            return handed
    return []


def is_error(statement: Statement) -> bool:
    """Say whether a statement, or one nested in it, may raise an error of the user's."""
    if isinstance(statement, Guard):
        return True
    return any(isinstance(s, Guard) for block in blocks(statement) for s in statements(block))
