"""Expressions of the user's source as entities."""

import ast
import builtins
from collections.abc import Callable
from typing import Any

import numpy as np

from srcdiff.errors import UnsupportedSyntax
from srcdiff.frontend import arithmetic, indexing
from srcdiff.frontend.arithmetic import apply, literal
from srcdiff.frontend.calls import call, read_attribute, take
from srcdiff.frontend.context import (
    Conflict,
    Context,
    Entity,
    LocalFunction,
    Read,
    Scope,
    Static,
    alike,
)
from srcdiff.frontend.infer import BINARY, COMPARISONS
from srcdiff.frontend.joins import join_entities
from srcdiff.frontend.objects import from_object
from srcdiff.ir.nodes import Call, Const, If, Operand, Value, is_array


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
            return _chosen(c, node, node.values, name)
        case ast.Compare():
            return _compare(c, node, name)
        case ast.IfExp():
            return _conditional(c, node, name)
        case ast.Subscript():
            return subscript(c, node, name)
        case ast.Attribute():
            return read_attribute(c, node, evaluate(c, node.value, _part(name)), node.attr)
        case ast.Call():
            return _call(c, node, name)
        case ast.Tuple() | ast.List():
            return tuple(_elements(c, node.elts))
        case ast.ListComp():
            return c.comprehend(c, node, name)
        case ast.Lambda():
            return LocalFunction(node, c.scope, defaults(c, node.args))
    c.fail(
        node,
        f"{type(node).__name__} is not supported here.",
        "Write it in other words.",
        UnsupportedSyntax,
    )


def _part(name: str) -> str:
    """Return the wish for a part of the expression that is to be called `name`."""
    return name if name.startswith("_") else f"_{name}"


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
        read = _surrounding(scope, node.id)
        if read is not None:
            c.reads.append(read)
            return from_object(c, node, read.value, node.id)
        scope = scope.enclosing
    c.fail(
        node,
        f"`{node.id}` is not defined here.",
        "Assign it before it is read, on every path.",
        UnsupportedSyntax,
    )


def _surrounding(scope: Scope, name: str) -> Read | None:
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
    entity = evaluate(c, node, name)
    if isinstance(entity, Value | Const) and entity not in c.lists:
        return entity
    what = "a list" if entity in c.lists else "neither a number nor an array"
    c.fail(node, f"This is {what}.", "Convert it with `np.array(...)` if it holds numbers.")


def binary(
    c: Context, node: ast.AST, function: Any, left: ast.expr, right: ast.expr, name: str
) -> Entity:
    """Lower a binary operator; tuples can be added and repeated."""
    part = _part(name)
    first, second = evaluate(c, left, part), evaluate(c, right, part)
    if isinstance(first, tuple) and isinstance(second, tuple) and function is np.add:
        return first + second
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


def _unary(c: Context, node: ast.UnaryOp, name: str) -> Entity:
    match node.op:
        case ast.Not():
            value = truth_of(c, node.operand, _part(name))
            return apply(c, node, np.logical_not, (value,), name, operator=True)
        case ast.UAdd():
            return operand(c, node.operand, name)
        case ast.Invert():
            return apply(c, node, np.invert, (operand(c, node.operand, _part(name)),), name)
    return apply(
        c, node, np.negative, (operand(c, node.operand, _part(name)),), name, operator=True
    )


def _compare(c: Context, node: ast.Compare, name: str) -> Entity:
    """Lower a chain of comparisons; the middle operands are evaluated once."""
    left = evaluate(c, node.left, _part(name))
    result: Operand | None = None
    for operator, right_node in zip(node.ops, node.comparators, strict=True):
        right = evaluate(c, right_node, _part(name))
        last = right_node is node.comparators[-1]
        one = _comparison(c, node, operator, left, right, name if last else _part(name))
        result = one if result is None else _both(c, node, result, one, name)
        left = right
    assert result is not None
    return result


def _both(c: Context, node: ast.AST, left: Operand, right: Operand, name: str) -> Operand:
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Const):
            return other if one.value else one
    return apply(c, node, np.logical_and, (left, right), name)


def _comparison(
    c: Context, node: ast.AST, operator: ast.cmpop, left: Entity, right: Entity, name: str
) -> Operand:
    match operator:
        case ast.Is() | ast.IsNot():
            return literal(_is(left, right) is isinstance(operator, ast.Is))
        case ast.In() | ast.NotIn() if isinstance(right, tuple):
            found = _any_equal(c, node, left, right)
            return found if isinstance(operator, ast.In) else _not(c, node, found)
        case ast.Eq():
            return _equal(c, node, left, right, name)
        case ast.NotEq() if isinstance(left, tuple | Static) or isinstance(right, tuple | Static):
            return _not(c, node, _equal(c, node, left, right, "_t"))
    if isinstance(left, Value | Const) and isinstance(right, Value | Const):
        function = COMPARISONS[type(operator).__name__]
        return apply(c, node, function, (left, right), name, operator=True)
    c.fail(node, "These two cannot be compared.", "Compare numbers with numbers.")


def _equal(c: Context, node: ast.AST, left: Entity, right: Entity, name: str = "_t") -> Operand:
    """Lower `left == right`; tuples are equal if all their items are."""
    if isinstance(left, tuple) and isinstance(right, tuple):
        if len(left) != len(right):
            return literal(False)
        equal: Operand = literal(True)
        for one, other in zip(left, right, strict=True):
            equal = _both(c, node, equal, _equal(c, node, one, other), "_t")
        return equal
    if isinstance(left, Value | Const) and isinstance(right, Value | Const):
        return apply(c, node, np.equal, (left, right), name, operator=True)
    if any(isinstance(side, Value) and is_array(side) for side in (left, right)):
        c.fail(node, "An array is compared with what is no number.", "Compare arrays and numbers.")
    return literal(alike(left, right))


def _any_equal(c: Context, node: ast.AST, left: Entity, items: tuple[Entity, ...]) -> Operand:
    """Lower `left in items`."""
    found: Operand = literal(False)
    for item in items:
        one = _equal(c, node, left, item)
        if isinstance(one, Const):
            if one.value:
                return one
        elif isinstance(found, Const):
            found = one
        else:
            found = apply(c, node, np.logical_or, (found, one), "_t")
    return found


def _not(c: Context, node: ast.AST, truth: Operand) -> Operand:
    return apply(c, node, np.logical_not, (truth,), "_t", operator=True)


def _is(left: Entity, right: Entity) -> bool:
    """Say whether `left is right`, for None, True and False."""
    if isinstance(left, Static) and isinstance(right, Static):
        return left.value is right.value
    if isinstance(left, Const) and isinstance(right, Const):
        return left.type.dtype.kind == "b" and alike(left, right)
    return left is right


def truth_of(c: Context, node: ast.expr, name: str = "_test") -> Operand:
    """Lower an expression of which only the truth counts."""
    if isinstance(node, ast.BoolOp):
        return _short_circuit(c, node, node.values, name)
    return arithmetic.condition(c, node, evaluate(c, node, name))


def _short_circuit(c: Context, node: ast.BoolOp, values: list[ast.expr], name: str) -> Operand:
    """Lower `and` / `or` of which only the truth counts."""
    first = truth_of(c, values[0], _part(name))
    return _decide(c, node, first, values[1:], name, _short_circuit)


def _chosen(c: Context, node: ast.BoolOp, values: list[ast.expr], name: str) -> Entity:
    """Lower `and` / `or` whose value counts: what can be chosen now is, the rest is of bools."""
    first = evaluate(c, values[0], _part(name))
    if len(values) == 1:
        return first
    known = _known_truth(first)
    if known is None:
        return _decide(c, node, _truth_value(c, values[0], first), values[1:], name, _truth_values)
    return first if known is isinstance(node.op, ast.Or) else _chosen(c, node, values[1:], name)


def _known_truth(entity: Entity) -> bool | None:
    match entity:
        case Const(value=value) | Static(value=value):
            return bool(value)
        case tuple():
            return bool(entity)
    return None


def _truth_values(c: Context, node: ast.BoolOp, values: list[ast.expr], name: str) -> Operand:
    first = _truth_value(c, values[0], evaluate(c, values[0], _part(name)))
    return _decide(c, node, first, values[1:], name, _truth_values)


def _truth_value(c: Context, node: ast.expr, entity: Entity) -> Operand:
    if isinstance(entity, Value | Const) and entity.type.dtype.kind == "b":
        if not is_array(entity):
            return entity
    c.fail(
        node,
        "`and` and `or` of other than truth values are not supported: they give one of the two.",
        "Write `a if a else b` for `a or b`, and `b if a else a` for `a and b`.",
    )


def _decide(
    c: Context,
    node: ast.BoolOp,
    first: Operand,
    rest: list[ast.expr],
    name: str,
    lower: Callable[[Context, ast.BoolOp, list[ast.expr], str], Operand],
) -> Operand:
    """Combine a truth with what follows, which runs only if the first does not decide."""
    if not rest:
        return first
    decided = isinstance(node.op, ast.Or)
    if isinstance(first, Const):
        return first if first.value is decided else lower(c, node, rest, name)
    with c.block() as block:
        second = lower(c, node, rest, name)
    if all(_is_harmless(statement) for statement in block.statements):
        c.builder.statements += block.statements
        function = np.logical_or if decided else np.logical_and
        if isinstance(second, Const):
            return second if second.value is decided else first
        return apply(c, node, function, (first, second), name)
    with c.block() as other:
        pass
    sides = (other, block) if decided else (block, other)
    entities = (literal(decided), second) if decided else (second, literal(decided))
    return _if(c, node, first, sides, entities, name)  # type: ignore[return-value]


def _is_harmless(statement: Any) -> bool:
    """Say whether a statement can run although the source would have skipped it."""
    integers = (np.floor_divide, np.remainder)
    return isinstance(statement, Call) and (
        not is_array(statement.out)
        and not any(is_array(arg) for arg in statement.args if statement.function is not np.shape)
        and not (statement.function in integers and statement.out.type.dtype.kind in "iu")
    )


def _conditional(c: Context, node: ast.IfExp, name: str) -> Entity:
    test = truth_of(c, node.test)
    if isinstance(test, Const):
        return evaluate(c, node.body if test.value else node.orelse, name)
    with c.block() as then:
        first = evaluate(c, node.body, name)
    with c.block() as orelse:
        second = evaluate(c, node.orelse, name)
    return _if(c, node, test, (then, orelse), (first, second), name)


def _if(c: Context, node: ast.AST, test: Operand, sides: Any, entities: Any, name: str) -> Entity:
    """Append an If that yields one entity."""
    joins: list[Any] = []
    joined = join_entities(c, node, sides, entities, name, joins)
    if isinstance(joined, Conflict):
        c.fail(node, f"This {joined.reason}", "Give both sides the same type.")
    then, orelse = sides
    c.builder.append(If(test, then.block(), orelse.block(), tuple(joins), c.builder.origin))
    return c.settle(joined)


def subscript(c: Context, node: ast.Subscript, name: str) -> Entity:
    """Lower an element or a slice that is read."""
    owner = evaluate(c, node.value, "_t")
    if isinstance(owner, tuple):
        return _tuple_item(c, node, owner)
    if not isinstance(owner, Value) or not is_array(owner):
        c.fail(
            node,
            f"`{ast.unparse(node.value)}` is neither an array nor a tuple.",
            "Only these can be indexed.",
        )
    items = indexing.parse(c, node, owner)
    if indexing.has_arrays(items):
        return take(c, node, owner, items, name)
    if indexing.is_element(items):
        indexing.check_bounds(c, node, owner, items)
        indices = indexing.element(items)
        return c.builder.load(owner, indices, name if name != "_t" else _element_name(node))
    return indexing.view(c, node, owner, items, name)


def _element_name(node: ast.Subscript) -> str:
    """Return `_u_i` for `u[i]`, and `_t` for what is not that simple."""
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    names = [n.id for n in (node.value, *parts) if isinstance(n, ast.Name)]
    return "_" + "_".join(names) if len(names) == 1 + len(parts) else "_t"


def _tuple_item(c: Context, node: ast.Subscript, owner: tuple[Any, ...]) -> Entity:
    if isinstance(node.slice, ast.Slice):
        parts = (node.slice.lower, node.slice.upper, node.slice.step)
        bounds = [None if p is None else _known_integer(c, p) for p in parts]
        return owner[slice(*bounds)]
    index = _known_integer(c, node.slice)
    if not -len(owner) <= index < len(owner):
        c.fail(
            node,
            f"The index {index} is out of range: this tuple has {len(owner)} items.",
            "Mend the index.",
        )
    return owner[index]  # type: ignore[no-any-return]


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
            entity = evaluate(c, node.value)
            if not isinstance(entity, tuple):
                c.fail(
                    node,
                    "Only a tuple of fixed length can be spread with `*`.",
                    "Write the elements out.",
                )
            result += entity
        else:
            result.append(evaluate(c, node, "_t"))
    return result


def _call(c: Context, node: ast.Call, name: str) -> Entity:
    function = evaluate(c, node.func, "_t")
    args = tuple(_elements(c, node.args))
    kwargs: dict[str, Entity] = {}
    for keyword in node.keywords:
        if keyword.arg is None:
            c.fail(
                node,
                "`**` in a call is not supported.",
                "Write the arguments out.",
                UnsupportedSyntax,
            )
        kwargs[keyword.arg] = evaluate(c, keyword.value, "_t")
    return call(c, node, function, args, kwargs, name)


def defaults(c: Context, args: ast.arguments) -> tuple[tuple[str, Entity], ...]:
    """Evaluate the defaults of a nested function where it is defined."""
    positional = [*args.posonlyargs, *args.args]
    given = positional[len(positional) - len(args.defaults) :]
    pairs = list(zip(given, args.defaults, strict=True))
    pairs += [(a, d) for a, d in zip(args.kwonlyargs, args.kw_defaults, strict=True) if d]
    return tuple((arg.arg, evaluate(c, default)) for arg, default in pairs)
