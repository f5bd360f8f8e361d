"""Functions that call themselves to a depth that only the run time knows.

    def walk(x, i):                         walk(x, i):
        if i < 0:                             If i < 0: (out, 0.0, out')
            return 0.0                  ->    else: _i = Call subtract(i, 1)
        return x[i] + walk(x, i - 1)                _w = Derive call of walk, at (x, _i)
                                                    out' = Call add(x[i], _w)

The function becomes one of its own. Its parameters are the arrays and the numbers that it is called
with; numbers that are the same in all calls, and all else, are part of it. What it returns is what
it returns where it does not call itself. Neither is known at first: then lowering starts again.
"""

import ast
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

import numpy as np

from srcdiff.errors import UnsupportedSyntax
from srcdiff.frontend.context import (
    Context,
    Entity,
    Static,
    alike,
    form,
    leaf_names,
    leaves,
    leaves_like,
    rebuild,
)
from srcdiff.frontend.joins import describe, unsettled
from srcdiff.frontend.lifting import append_call, named, refuse_lists, refuse_writes
from srcdiff.frontend.source import Source
from srcdiff.ir.build import extents
from srcdiff.ir.layout import layouts_of
from srcdiff.ir.nodes import (
    Block,
    Call,
    Const,
    Derive,
    Function,
    If,
    Operand,
    Recursion,
    Statement,
    Value,
    While,
    is_array,
)
from srcdiff.ir.recursion import declared
from srcdiff.ir.types import PYTHON_FLOAT, Array, Scalar, Type
from srcdiff.ir.walk import free_values, rewrite

MOST_ROUNDS = 64
"""How often lowering starts again before it gives up."""
MOST_CALLS = 32
"""How deep calls are written out; beyond, a function calls itself."""
MOST_ENTRIES = 100
"""How often a function is written out within itself, unless it cannot be called."""

Definition = ast.FunctionDef | ast.Lambda
Place = tuple[Any, ...]


class Again(Exception):
    """More is known of a function that calls itself: lowering has to start again."""


class Unknown(Exception):
    """What a function that calls itself returns is asked for before it is known."""


@dataclass(eq=False)
class Known:
    """What is known so far of a function that calls itself, as it is called from one place."""

    recursion: Recursion
    result: Entity | None = None
    types: dict[int, Type] = field(default_factory=dict)
    """The types of those parameters for which the first call has a narrower one."""
    running: set[int] = field(default_factory=set)
    """Which numbers, among all that is passed, are not the same in all calls."""


@dataclass(eq=False)
class Recursions:
    """Which functions call themselves, and what is known of them, from one attempt to the next."""

    called: set[Place] = field(default_factory=set)
    written: set[Place] = field(default_factory=set)
    """Those that can only be written out, as often as they call themselves."""
    known: dict[Place, Known] = field(default_factory=dict)
    often: set[Place] = field(default_factory=set)
    entries: Counter[Place] = field(default_factory=Counter)
    around: list[Place] = field(default_factory=list)
    """The functions that are being written out, the innermost last."""

    def is_called(self, key: Place) -> bool:
        """Say whether a function is one that stays a call; if there is a new one, start again."""
        if key in self.called:
            return True
        self.entries[key] += key in self.around
        if self.entries[key] > MOST_ENTRIES and key not in self.written:
            self.called.add(key)
            self.often.add(key)
            raise Again
        if len(self.around) > MOST_CALLS:
            [(most, _)] = Counter(self.around).most_common(1)
            self.called.add(most)
            raise Again
        return False

    def restart(self) -> None:
        """Forget how far the last attempt came."""
        self.entries.clear()
        self.around.clear()

    @contextmanager
    def within(self, key: Place) -> Iterator[None]:
        """Write out a function."""
        self.around.append(key)
        try:
            yield
        finally:
            self.around.pop()

    def write_out(self) -> bool:
        """Write out what calls itself often but to a known depth, if there is any such."""
        if not self.often:
            return False
        self.called -= self.often
        self.written |= self.often
        self.often.clear()
        return True


@dataclass(frozen=True, eq=False)
class Head:
    """A function that calls itself, while its body is lowered."""

    key: Place
    known: Known
    given: Mapping[str, Entity]
    params: Mapping[int, Value]


def key_of(source: Source, definition: Definition) -> Place:
    """Return what tells a definition, however often its source is read."""
    return (source.path, definition.lineno, definition.col_offset)


def call_recursive(
    c: Context,
    node: ast.AST,
    definition: Definition,
    key: Place,
    given: Mapping[str, Entity],
    body: Callable[[Mapping[str, Entity]], Entity],
) -> Entity:
    """Lower a call of a function that calls itself; `body` lowers it for given arguments."""
    refuse_lists(c, node, list(given.values()))
    title = getattr(definition, "name", "function")
    place = (key, *((part.lineno, part.col_offset) for part in c.calls))
    known = c.recursions.known.setdefault(place, Known(Recursion(title)))
    outer, c.constant = c.constant, False
    head, arguments = _entry(c, key, known, given)
    with c.block() as builder:
        c.at(node)
        for param in head.params.values():
            c.settle(param)
        c.heads = (*c.heads, head)
        try:
            result = body(_with_params(head))
        except Unknown:
            _guess(c, node, known)
        finally:
            c.heads = c.heads[:-1]
    c.constant = outer
    _check_result(c, node, known, result, title)
    body_, fresh = Block(tuple(builder.statements)), tuple(head.params.values())
    block, result, fresh = named(c, body_, result, fresh)
    function, free = _function(c, node, known.recursion, fresh, block, result)
    return append_call(c, result, function, (*arguments, *free))


def call_itself(c: Context, node: ast.AST, head: Head, given: Mapping[str, Entity]) -> Entity:
    """Lower a call of the function whose body is being lowered."""
    if head is not c.heads[-1]:
        c.fail(
            node,
            f"`{head.known.recursion.name}` calls itself by way of a function that calls itself.",
            "Let one of them call itself only.",
            UnsupportedSyntax,
        )
    refuse_lists(c, node, list(given.values()))
    args = _arguments(c, node, head, given)
    if head.known.result is None:
        raise Unknown
    known = head.known.result
    result = rebuild(known, (_anew(c, leaf) for leaf in leaves(known)))
    operands = [leaf for leaf in leaves(result) if isinstance(leaf, Value | Const)]
    function = declared(head.known.recursion, tuple(head.params.values()), operands)
    return append_call(c, result, function, args)


def _anew(c: Context, leaf: Entity) -> Entity:
    """Return a value like a result of a call, of extents that may be others in each call."""
    if not isinstance(leaf, Value | Const):
        return leaf
    shape = tuple(unsettled(c) for _ in extents(leaf))
    type = Array(leaf.type.dtype, len(shape)) if shape else leaf.type
    return Value(leaf.name if isinstance(leaf, Value) else "_out", type, shape)


# ---- parameters ----


def _entry(
    c: Context, key: Place, known: Known, given: Mapping[str, Entity]
) -> tuple[Head, list[Operand]]:
    """Return the parameters that the function has, and what is passed for them."""
    params: dict[int, Value] = {}
    arguments: list[Operand] = []
    types = known.types
    names = [part for name, entity in given.items() for part in leaf_names(entity, name)]
    everything = leaves(tuple(given.values()))
    for k, (leaf, name) in enumerate(zip(everything, names, strict=True)):
        if isinstance(leaf, Value) or (isinstance(leaf, Const) and k in known.running):
            type = types.get(k, leaf.type)
            if k in types and not is_array(leaf):
                leaf = c.builder.cast(leaf, type.dtype)
            shape = tuple(unsettled(c) for _ in extents(leaf))
            params[k] = Value(name, type, shape)
            arguments.append(leaf)
    return Head(key, known, given, params), arguments


def _with_params(head: Head) -> dict[str, Entity]:
    everything = leaves(tuple(head.given.values()))
    new = iter([head.params.get(k, leaf) for k, leaf in enumerate(everything)])
    return {name: rebuild(entity, new) for name, entity in head.given.items()}


def _arguments(
    c: Context, node: ast.AST, head: Head, given: Mapping[str, Entity]
) -> tuple[Operand, ...]:
    """Return what a call passes for the parameters; what is not one must be what it was."""
    args: list[Operand] = []
    k = 0
    for name, first in head.given.items():
        found = leaves_like(given[name], first)
        if found is None:
            _refuse(c, node, name, given[name], first)
        for leaf, was in zip(found, leaves(first), strict=True):
            param = head.params.get(k)
            if param is not None:
                args.append(_passed(c, node, head.known, k, name, leaf, param))
            elif not alike(leaf, was):
                if not (isinstance(leaf, Value | Const) and isinstance(was, Const)):
                    _refuse(c, node, name, leaf, was)
                head.known.running.add(k)
                raise Again
            k += 1
    return tuple(args)


def _passed(
    c: Context, node: ast.AST, known: Known, k: int, name: str, leaf: Entity, param: Value
) -> Operand:
    """Return an argument as its parameter takes it, which may have to become wider for it."""
    if not isinstance(leaf, Value | Const) or len(extents(leaf)) != len(param.shape):
        _refuse(c, node, name, leaf, param)
    if is_array(param):
        assert isinstance(param.type, Array)
        if leaf.type.dtype != param.type.dtype:
            _refuse(c, node, name, leaf, param)
        if param.type.layout not in layouts_of(leaf.type):
            known.types[k] = replace(param.type, layout="A")
            raise Again
        return leaf
    wide = np.result_type(leaf.type.dtype, param.type.dtype)
    if wide != param.type.dtype:
        known.types[k] = Scalar(wide)
        raise Again
    return c.builder.cast(leaf, wide)


def _refuse(c: Context, node: ast.AST, name: str, leaf: Entity, was: Entity) -> NoReturn:
    c.fail(
        node,
        f"A function that calls itself is given `{name}` as {describe(leaf)} here, and as "
        f"{describe(was)} at first.",
        "Pass arrays of one dtype and rank, and the same functions, in each call.",
    )


# ---- results ----


def _guess(c: Context, node: ast.AST, known: Known) -> NoReturn:
    """Without a branch that does not call it, a function surely returns a number, or never."""
    if known.result is not None:
        _refuse_endless(c, node, known.recursion.name)
    known.result = Value("_out", PYTHON_FLOAT)
    raise Again


def _check_result(c: Context, node: ast.AST, known: Known, result: Entity, title: str) -> None:
    refuse_lists(c, node, [result])
    for leaf in leaves(result):
        if not isinstance(leaf, Value | Const | Static):
            c.fail(
                node,
                f"`{title}` calls itself, and returns what is neither a number nor an array.",
                "Return numbers and arrays.",
            )
    if known.result is None or not _agree(known.result, result):
        known.result = result
        raise Again


def _agree(known: Entity, found: Entity) -> bool:
    """Say whether two results are of the same types."""
    if form(known) != form(found):
        return False
    pairs = zip(leaves(known), leaves(found), strict=True)
    return all(
        (type(one) is Static and type(other) is Static and alike(one, other))
        or (
            isinstance(one, Value | Const)
            and isinstance(other, Value | Const)
            and one.type.dtype == other.type.dtype
            and len(extents(one)) == len(extents(other))
        )
        for one, other in pairs
    )


def _function(
    c: Context,
    node: ast.AST,
    recursion: Recursion,
    fresh: tuple[Value, ...],
    block: Block,
    result: Entity,
) -> tuple[Function, tuple[Value, ...]]:
    """Return the function, and what it uses of the function around it: parameters, too."""
    results = tuple(leaf for leaf in leaves(result) if isinstance(leaf, Value | Const))
    free, asked = _asking(free_values(block, results, fresh))
    block = Block((*asked, *block.statements))
    stub = declared(recursion, (*fresh, *free), results)

    def with_free(statement: Statement) -> list[Statement]:
        if isinstance(statement, Derive) and statement.function.recursion is recursion:
            return [replace(statement, function=stub, args=(*statement.args, *free))]
        return [statement]

    block = rewrite(block, with_free)
    function = replace(stub, body=block, span=c.span(node))
    refuse_writes(c, node, function)
    if _never_ends(block, recursion):
        _refuse_endless(c, node, recursion.name)
    return function, free


def _never_ends(block: Block, recursion: Recursion) -> bool:
    """Say whether a function calls itself on every path through a block."""
    for statement in block.statements:
        match statement:
            case Derive(function=Function(recursion=called)) if called is recursion:
                return True
            case If(then=then, orelse=orelse):
                if _never_ends(then, recursion) and _never_ends(orelse, recursion):
                    return True
            case While(head=head):
                if _never_ends(head, recursion):
                    return True
    return False


def _refuse_endless(c: Context, node: ast.AST, name: str) -> NoReturn:
    c.fail(node, f"`{name}` calls itself on every path.", "Let a branch of it end without.")


def _asking(free: tuple[Value, ...]) -> tuple[tuple[Value, ...], list[Call]]:
    """Let arrays be asked for their extents, which then need not be passed; return the rest."""
    asked: dict[Value, Call] = {}
    for value in free:
        for axis, extent in enumerate(value.shape):
            if isinstance(extent, Value) and extent not in asked:
                asked[extent] = Call(extent, np.shape, (value,), (("axis", axis),))
    return tuple(value for value in free if value not in asked), list(asked.values())
