"""Expressions of the user's source as entities."""

import ast
import builtins
from typing import Any, NoReturn

import numpy as np

from srcdiff.errors import UnsupportedSyntax
from srcdiff.frontend import indexing
from srcdiff.frontend.arithmetic import apply, literal
from srcdiff.frontend.calls import call, read_attribute
from srcdiff.frontend.conditions import chosen, compare, join_sides, part, truth_of
from srcdiff.frontend.context import (
    Conflict,
    Context,
    Entity,
    LocalFunction,
    Read,
    Record,
    Scope,
    Static,
    children,
    is_list,
    row,
)
from srcdiff.frontend.infer import BINARY
from srcdiff.frontend.objects import from_object
from srcdiff.frontend.places import gather, places_of
from srcdiff.frontend.records import item, items_of, key_of, list_of, opened, special
from srcdiff.frontend.recursion import Unknown
from srcdiff.frontend.subscripts import parse
from srcdiff.ir.nodes import Const, Operand, Slice, Value, is_array
from srcdiff.ir.types import Scalar


def evaluate(c: Context, node: ast.expr, name: str = "_t") -> Entity:
    """Lower an expression; `name` is what its value is to be called."""
    match node:
        case ast.Constant():
            return _constant(c, node)
        case ast.Name():
            return lookup(c, node)
        case ast.BinOp():
            function = BINARY[type(node.op).__name__]
            return binary(c, node, function, node.left, node.right, name)
        case ast.UnaryOp():
            return _unary(c, node, name)
        case ast.BoolOp():
            return chosen(c, node, node.values, name)
        case ast.Compare():
            return compare(c, node, name)
        case ast.JoinedStr():
            _refuse_f_string(c, node)
        case ast.IfExp():
            return _conditional(c, node, name)
        case ast.Subscript():
            return subscript(c, node, name)
        case ast.Attribute():
            return read_attribute(c, node, evaluate(c, node.value, part(name)), node.attr)
        case ast.Call():
            return _call(c, node, name)
        case ast.Tuple():
            return tuple(_elements(c, node.elts))
        case ast.List():
            return list_of(c, node, tuple(_elements(c, node.elts)))
        case ast.Dict():
            return _dict(c, node)
        case ast.ListComp() | ast.DictComp():
            return c.comprehend(c, node, name)
        case ast.Lambda():
            return LocalFunction(node, c.scope, defaults(c, node.args))
    c.fail(
        node,
        f"{type(node).__name__} is not supported here.",
        "Write it in other words.",
        UnsupportedSyntax,
    )


def _constant(c: Context, node: ast.Constant) -> Entity:
    match node.value:
        case bool() | int() | float():
            return literal(node.value)
    return Static(node.value)


def lookup(c: Context, node: ast.Name) -> Entity:
    """Return what a name denotes: local, enclosing, global or builtin."""
    scope: Scope | None = c.scope
    while scope is not None:
        binding = scope.names.get(node.id)
        if binding is not None:
            if isinstance(binding.entity, Conflict):
                c.fail(
                    node,
                    f"`{node.id}` {binding.entity.reason}",
                    "Use different names, or give the name the same type on every path.",
                )
            return binding.entity
        read = surrounding(scope, node.id)
        if read is not None:
            c.note_read(read)
            return from_object(c, node, read.value, node.id)
        scope = scope.enclosing
    c.fail(
        node,
        f"`{node.id}` is not defined here.",
        "Assign it before it is read, on every path.",
        UnsupportedSyntax,
    )


def surrounding(scope: Scope, name: str) -> Read | None:
    """Return the read of a name that no scope binds: a closure cell, a global or a builtin."""
    source = scope.source
    if name in source.closure:
        cells = source.function.__closure__ or ()
        cell = cells[source.function.__code__.co_freevars.index(name)]
        return Read(cell, "cell_contents", source.closure[name])
    if scope.enclosing is not None:
        return None
    for owner in (source.globals, vars(builtins)):
        if name in owner:
            return Read(owner, name, owner[name])
    return None


def operand(c: Context, node: ast.expr, name: str = "_t") -> Operand:
    """Lower an expression that must be a number or an array."""
    return number(c, node, evaluate(c, node, name))


def number(c: Context, node: ast.AST, entity: Entity) -> Operand:
    """Return an entity that must be a number or an array."""
    if isinstance(entity, Value | Const) and entity not in c.lists:
        return entity
    what = "a list" if entity in c.lists else "neither a number nor an array"
    c.fail(node, f"This is {what}.", "Convert it with `np.array(...)` if it holds numbers.")


def binary(
    c: Context, node: ast.AST, function: Any, left: ast.expr, right: ast.expr, name: str
) -> Entity:
    """Lower a binary operator; tuples can be added and repeated."""
    first, second = evaluate(c, left, part(name)), evaluate(c, right, part(name))
    found = combined(c, node, function, first, second)
    if found is not None:
        return found
    for entity, side in ((first, left), (second, right)):
        if not isinstance(entity, Value | Const) or entity in c.lists:
            c.fail(
                side,
                "An operand of this operator is neither a number nor an array.",
                "Convert it with `np.array(...)` if it holds numbers.",
            )
    if function is np.matmul:
        return call(c, node, Static(np.matmul), (first, second), {}, name)
    return apply(c, node, function, (first, second), name, operator=True)  # type: ignore[arg-type]


METHODS_OF: dict[Any, str] = {
    np.add: "add",
    np.subtract: "sub",
    np.multiply: "mul",
    np.divide: "truediv",
    np.floor_divide: "floordiv",
    np.remainder: "mod",
    np.power: "pow",
    np.matmul: "matmul",
}
"""What a class calls its own operators, but for the underscores."""


def combined(
    c: Context, node: ast.AST, function: Any, first: Entity, second: Entity
) -> Entity | None:
    """Lower an operator between trees, None if there is no tree: tuples and lists can be added."""
    name = METHODS_OF.get(function)
    if name is None:
        return None
    if isinstance(first, Record):
        own = special(c, node, first, f"__{name}__", (second,))
        if own is not None:
            return own
    if isinstance(second, Record) and _lets_go_first(first):
        own = special(c, node, second, f"__r{name}__", (first,))
        if own is not None:
            return own
    left, right = row(first), row(second)
    if function is not np.add or left is None or right is None:
        return None
    if is_list(first) is not is_list(second):
        return None
    return list_of(c, node, left + right) if is_list(first) else left + right


def _lets_go_first(entity: Entity) -> bool:
    """Say whether `entity + other` asks `other`: NumPy's own numbers and arrays do not."""
    if isinstance(entity, Value | Const):
        return isinstance(entity.type, Scalar) and entity.type.weak
    return True


def _unary(c: Context, node: ast.UnaryOp, name: str) -> Entity:
    match node.op:
        case ast.Not():
            value = truth_of(c, node.operand, part(name))
            return apply(c, node, np.logical_not, (value,), name, operator=True)
        case ast.UAdd():
            return operand(c, node.operand, name)
        case ast.Invert():
            return apply(c, node, np.invert, (operand(c, node.operand, part(name)),), name)
    inner = evaluate(c, node.operand, part(name))
    own = special(c, node, inner, "__neg__")
    if own is not None:
        return own
    return apply(c, node, np.negative, (number(c, node.operand, inner),), name, operator=True)


def _refuse_f_string(c: Context, node: ast.AST) -> NoReturn:
    c.fail(
        node,
        "An f-string is not supported here.",
        'Pass the values to `print` one by one: `print("x is", x)`.',
        UnsupportedSyntax,
    )


def _conditional(c: Context, node: ast.IfExp, name: str) -> Entity:
    test = truth_of(c, node.test)
    if isinstance(test, Const):
        return evaluate(c, node.body if test.value else node.orelse, name)
    with c.block() as then:
        first = _if_known(c, node.body, name)
    with c.block() as orelse:
        second = _if_known(c, node.orelse, name)
    if first is None and second is None:
        raise Unknown
    if first is None or second is None:
        known = second if first is None else first
        assert known is not None
        return known
    return join_sides(c, node, test, (then, orelse), (first, second), name)


def _if_known(c: Context, node: ast.expr, name: str) -> Entity | None:
    try:
        return evaluate(c, node, name)
    except Unknown:
        return None


def subscript(c: Context, node: ast.Subscript, name: str) -> Entity:
    """Lower an element or a slice that is read."""
    owner = opened(c, node.value, evaluate(c, node.value, "_t"))
    if children(owner) is not None:
        found = item(c, node, owner, _index(c, node.slice))
        if found is not None:
            return found
    if not isinstance(owner, Value) or not is_array(owner):
        c.fail(
            node,
            f"`{ast.unparse(node.value)}` is neither an array nor a tuple.",
            "Only these can be indexed.",
        )
    items = parse(c, node, owner)
    if indexing.has_arrays(items):
        return gather(c, node, places_of(c, node, owner, items), name)
    if indexing.is_element(items):
        indexing.check_bounds(c, node, owner, items)
        indices = indexing.element(items)
        return c.builder.load(owner, indices, name if name != "_t" else _element_name(node))
    part_of = indexing.view(c, node, owner, items, name)
    if owner not in c.lists or not isinstance(items[0], Slice):
        return part_of
    copied = c.builder.copy(part_of, name)
    c.lists = c.lists | {copied}
    return copied


def _element_name(node: ast.Subscript) -> str:
    """Return `_u_i` for `u[i]`, and `_t` for what is not that simple."""
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    names = [n.id for n in (node.value, *parts) if isinstance(n, ast.Name)]
    return "_" + "_".join(names) if len(names) == 1 + len(parts) else "_t"


def _index(c: Context, node: ast.expr) -> Entity | slice:
    """Lower the index of a tree."""
    if not isinstance(node, ast.Slice):
        return evaluate(c, node)
    bounds = [
        None if b is None else _known_integer(c, b) for b in (node.lower, node.upper, node.step)
    ]
    return slice(*bounds)


def _known_integer(c: Context, node: ast.expr) -> int:
    entity = evaluate(c, node)
    if isinstance(entity, Const) and entity.type.dtype.kind == "i":
        return int(entity.value)
    c.fail(
        node,
        "A tuple can only be indexed by a literal or a constant.",
        "Use an array for what is indexed at run time.",
    )


def _elements(c: Context, nodes: list[ast.expr]) -> list[Entity]:
    """Lower the elements of a display, starred tuples spread."""
    result: list[Entity] = []
    for node in nodes:
        if isinstance(node, ast.Starred):
            items = items_of(opened(c, node, evaluate(c, node.value)))
            if items is None:
                c.fail(
                    node,
                    "Only a tuple of fixed length can be spread with `*`.",
                    "Write the elements out.",
                )
            result += items
        else:
            result.append(evaluate(c, node, "_t"))
    return result


def _dict(c: Context, node: ast.Dict) -> Record:
    """Lower a dict with constant keys, and with other dicts spread in it."""
    made: dict[str, Entity] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            made |= _spread(c, value)
        else:
            made[key_of(c, key, evaluate(c, key))] = evaluate(c, value, "_t")
    return Record(dict, tuple(made), tuple(made.values()), c.made_at(node))


def _spread(c: Context, node: ast.expr) -> dict[str, Entity]:
    """Return the items of a dict that stands after `**`."""
    entity = opened(c, node, evaluate(c, node))
    if not isinstance(entity, Record) or entity.kind is not dict:
        c.fail(node, "Only a dict with known keys can be spread with `**`.", "Write it out.")
    return dict(zip(entity.keys, entity.children, strict=True))


def _call(c: Context, node: ast.Call, name: str) -> Entity:
    function = evaluate(c, node.func, "_t")
    args = tuple(_elements(c, node.args))
    kwargs: dict[str, Entity] = {}
    for keyword in node.keywords:
        if keyword.arg is None:
            for key, value in _spread(c, keyword.value).items():
                if key in kwargs:
                    c.fail(node, f"The argument `{key}` is given twice.", "Give it once.")
                kwargs[key] = value
        else:
            kwargs[keyword.arg] = evaluate(c, keyword.value, "_t")
    return call(c, node, function, args, kwargs, name)


def defaults(c: Context, args: ast.arguments) -> tuple[tuple[str, Entity], ...]:
    """Evaluate the defaults of a nested function where it is defined."""
    positional = [*args.posonlyargs, *args.args]
    given = positional[len(positional) - len(args.defaults) :]
    pairs = list(zip(given, args.defaults, strict=True))
    pairs += [(a, d) for a, d in zip(args.kwonlyargs, args.kw_defaults, strict=True) if d]
    return tuple((arg.arg, evaluate(c, default)) for arg, default in pairs)
