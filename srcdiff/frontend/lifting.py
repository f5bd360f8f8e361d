"""A function that the user's function differentiates, as a function of its own.

It is lowered with parameters in place of the arguments that it is differentiated by. What else it
uses of the function around it becomes parameters, too, so that the derivative by those is not lost,
and not confused with the one that is asked for.
"""

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FunctionType

from srcdiff.errors import UnsupportedSyntax
from srcdiff.frontend.context import (
    Context,
    Entity,
    LocalFunction,
    Partial,
    Static,
    Transformed,
    leaves,
    rebuild,
)
from srcdiff.frontend.joins import unsettled
from srcdiff.ir.build import extents
from srcdiff.ir.memory import alias_classes
from srcdiff.ir.nodes import (
    Block,
    Const,
    Derive,
    Function,
    Increment,
    Operand,
    Rule,
    Store,
    Value,
    is_array,
)
from srcdiff.ir.types import Array
from srcdiff.ir.walk import (
    all_definitions,
    free_values,
    has_effect,
    rename,
    statements,
    substitute_block,
    values,
)

Call = Callable[..., Entity]


@dataclass(frozen=True, eq=False)
class Lifted:
    """A function of its own, and how it is called from the one around it."""

    function: Function
    args: tuple[Operand, ...]
    result: Entity
    wrt: dict[Value, int]
    """The parameter for each leaf that it is differentiated by."""
    fresh: int
    """How many parameters stand for arguments; the others are used of the function around."""

    @property
    def free(self) -> tuple[Value, ...]:
        return self.function.params[self.fresh :]


@dataclass(eq=False)
class _Entry:
    """The parameters that stand for what a function is called with."""

    fresh: dict[Value, Operand] = field(default_factory=dict)
    wrt: list[Value] = field(default_factory=list)

    def entity(self, entity: Entity, *, differentiated: bool) -> Entity:
        """Return a tree with parameters for arrays, and for numbers that are `differentiated`."""
        return rebuild(entity, (self.leaf(leaf, differentiated) for leaf in leaves(entity)))

    def leaf(self, leaf: Entity, differentiated: bool) -> Entity:
        if not isinstance(leaf, Value | Const):
            return leaf
        active = differentiated and leaf.type.dtype.kind == "f"
        if not (active or is_array(leaf)):
            return leaf
        name = leaf.name if isinstance(leaf, Value) else "_x"
        param = Value(name, leaf.type, leaf.shape if isinstance(leaf, Value) else ())
        self.fresh[param] = leaf
        if active:
            self.wrt.append(param)
        return param


def lift(
    c: Context,
    node: ast.AST,
    function: Entity,
    inputs: tuple[Entity, ...],
    kwargs: dict[str, Entity],
    wanted: Sequence[int | str],
    call: Call,
) -> Lifted:
    """Lower a function so that all it uses are its parameters."""
    refuse_lists(c, node, [*inputs, *kwargs.values()])
    entry = _Entry()
    args = tuple(entry.entity(e, differentiated=k in wanted) for k, e in enumerate(inputs))
    keywords = {n: entry.entity(e, differentiated=n in wanted) for n, e in kwargs.items()}
    # What is derived is not constant inside, though what comes out may be: see `no_grad`.
    outer, c.constant = c.constant, False
    with c.block() as builder:
        c.at(node)
        for param in entry.fresh:
            c.settle(param)
        result = call(c, node, function, args, keywords, "_out")
    c.constant = outer
    refuse_lists(c, node, [result])
    block, result, _ = named(c, Block(tuple(builder.statements)), result)
    results = tuple(leaf for leaf in leaves(result) if isinstance(leaf, Value | Const))
    free = free_values(block, results, tuple(entry.fresh))
    params = (*entry.fresh, *free)
    lifted = Function(_title(function), params, block, results, span=c.span(node))
    _refuse_side_effects(c, node, lifted, free)
    _refuse_effects(c, node, lifted)
    positions = {param: params.index(param) for param in entry.wrt}
    args_ = (*entry.fresh.values(), *free)
    return Lifted(lifted, args_, result, positions, len(entry.fresh))


def refuse_lists(c: Context, node: ast.AST, entities: Sequence[Entity]) -> None:
    """Refuse lists of a length that only the run time knows: a derivative would be an array."""
    if any(leaf in c.lists for entity in entities for leaf in leaves(entity)):
        c.fail(
            node,
            "The function that is differentiated takes or returns a list whose length is known at "
            "run time only.",
            "Make an array of it, with `np.array(...)`.",
        )


def named(
    c: Context, block: Block, result: Entity, params: Sequence[Value] = ()
) -> tuple[Block, Entity, tuple[Value, ...]]:
    """Give the values of a block the names of the user, which are given at the end elsewhere.

    It may ask `params` for extents that have a name: these are returned anew.
    """
    own = set(all_definitions(block))
    names = {value: c.names.pop(value) for value in list(c.names) if value in own}
    renamed: dict[Value, Operand] = {}
    block = rename(block, names, renamed)
    anew: dict[Value, Operand] = {}
    for param in params:
        shape = tuple(renamed.get(e, e) if isinstance(e, Value) else e for e in param.shape)
        if shape != param.shape:
            anew[param] = Value(param.name, param.type, shape)
    block = substitute_block(block, anew)
    renamed |= anew
    found = (renamed.get(e, e) if isinstance(e, Value) else e for e in leaves(result))
    return block, rebuild(result, found), values([anew.get(param, param) for param in params])


def _title(function: Entity) -> str:
    match function:
        case LocalFunction(node=ast.FunctionDef(name=name)):
            return name
        case Static(value=FunctionType(__name__=name)) if name.isidentifier():
            return name
        case Partial(function=inner) | Transformed(function=inner):
            return _title(inner)
    return "function"


def _refuse_side_effects(
    c: Context, node: ast.AST, function: Function, free: Sequence[Value]
) -> None:
    classes = alias_classes(function)
    writes = (s for s in statements(function.body) if isinstance(s, Store | Increment))
    written = {classes.of(write.ref) for write in writes}
    for value in free:
        if is_array(value) and classes.of(value) in written:
            c.fail(
                node,
                f"The function that is differentiated writes into `{value.name.lstrip('_')}`, "
                "which is not one of its arguments.",
                "Pass the array as an argument, or return what is written.",
                UnsupportedSyntax,
            )


def _refuse_effects(c: Context, node: ast.AST, function: Function) -> None:
    """Refuse what must run once: a function that is differentiated in another one may run again."""
    if any(map(has_effect, statements(function.body))):
        c.fail(
            node,
            f"`{function.name}` prints or draws random numbers, and may run more than once here.",
            "Do that outside of it, and pass what was drawn.",
            UnsupportedSyntax,
        )


def refuse_writes(c: Context, node: ast.AST, function: Function) -> None:
    """Refuse a function that writes into what it is given, and is called as a whole."""
    classes = alias_classes(function)
    writes = (s for s in statements(function.body) if isinstance(s, Store | Increment))
    written = {classes.of(write.ref) for write in writes}
    if any(is_array(p) and classes.of(p) in written for p in function.params):
        c.fail(
            node,
            f"`{function.name}` writes into an argument, and is called as a whole.",
            "Let it write into a copy, and return that.",
            UnsupportedSyntax,
        )


def append_call(
    c: Context,
    result: Entity,
    function: Function,
    args: Sequence[Operand],
    rule: Rule | None = None,
) -> Entity:
    """Append the call of a function as a whole; return what the user's call gives."""
    own = set(all_definitions(function.body))
    made = []
    for leaf in function.results:
        shape = tuple(unsettled(c) if extent in own else extent for extent in extents(leaf))
        type = Array(leaf.type.dtype, len(shape)) if is_array(leaf) else leaf.type
        made.append(Value(leaf.name if isinstance(leaf, Value) else "_out", type, shape))
    origin = c.builder.origin
    derive = Derive(tuple(made), function, "call", (), (), tuple(args), origin, rule=rule)
    c.builder.append(derive)
    for value in made:
        c.settle(value)
    values = iter(made)
    return rebuild(
        result, (next(values) if isinstance(e, Value | Const) else e for e in leaves(result))
    )
