"""Comprehensions: arrays that a loop fills, and lists and dicts of a length that is known."""

import ast
from collections.abc import Iterator

from srcdiff.frontend.arrays import FULL
from srcdiff.frontend.assignments import assign_to, item_of
from srcdiff.frontend.context import Context, Entity, Record, children
from srcdiff.frontend.expressions import evaluate
from srcdiff.frontend.iteration import sequence
from srcdiff.frontend.records import items_of, key_of, list_of, opened
from srcdiff.ir.build import Builder, integer
from srcdiff.ir.nodes import Alloc, Const, For, Value
from srcdiff.ir.types import PYTHON_INT, Array


def comprehend(c: Context, node: ast.ListComp | ast.DictComp, name: str) -> Entity:
    """Lower `[element for target in sequence]` as an array filled by a loop.

    If the length of the sequence is known now, it is a list or a dict of so many items.
    """
    (generator,) = node.generators
    entity = opened(c, generator.iter, evaluate(c, generator.iter, "_t"))
    hidden = {n: c.scope.names.get(n) for n in _target_names(generator.target)}
    unrolled = items_of(entity)
    if isinstance(node, ast.DictComp):
        made: Entity = _dict(c, node, generator, unrolled)
    elif unrolled is not None:
        made = list_of(c, node, tuple(_each(c, node.elt, generator.target, unrolled)))
    else:
        made = _fill(c, node, generator, entity, name)
        c.lists = c.lists | {made}
    for hidden_name, binding in hidden.items():
        c.scope.names.pop(hidden_name, None)
        if binding is not None:
            c.scope.names[hidden_name] = binding
    return made


def _dict(
    c: Context,
    node: ast.DictComp,
    generator: ast.comprehension,
    items: list[Entity] | None,
) -> Record:
    if items is None:
        c.fail(
            generator.iter,
            "The keys of this dict are not known.",
            "Use the keys or items of a dict, or a tuple of constant strings.",
        )
    pair = ast.copy_location(ast.Tuple([node.key, node.value], ast.Load()), node)
    made: dict[str, Entity] = {}
    for each in _each(c, pair, generator.target, items):
        key, value = children(each) or ()
        made[key_of(c, node.key, key)] = value
    return Record(dict, tuple(made), tuple(made.values()), c.made_at(node))


def _each(c: Context, element: ast.expr, target: ast.expr, items: list[Entity]) -> Iterator[Entity]:
    """Iterate over the values of `element` for the items of a sequence."""
    rounds = c.rounds
    for k, item in enumerate(items):
        c.rounds = (*rounds, k)
        yield _element(c, element, target, item)
    c.rounds = rounds


def _element(c: Context, element: ast.expr, target: ast.expr, item: Entity) -> Entity:
    assign_to(c, target, item)
    return evaluate(c, element, "_t")


def _fill(
    c: Context, node: ast.ListComp, generator: ast.comprehension, entity: Entity, name: str
) -> Value:
    length, item = sequence(c, generator.iter, entity)
    index = Value("_k", PYTHON_INT)
    with c.block() as body:
        value = _element(c, node.elt, generator.target, item(c, index))
        if not isinstance(value, Value | Const):
            c.fail(
                node.elt,
                "The elements of this list are neither numbers nor arrays.",
                "Make them numbers.",
            )
        inner = value.shape if isinstance(value, Value) else ()
        inside = set(_defined(body))
        if any(extent in inside for extent in inner):
            c.fail(
                node.elt,
                "The elements of this list may differ in shape.",
                "Fill an array of known shape.",
            )
        out = Value(
            name if name != "_t" else "_list",
            Array(value.type.dtype, 1 + len(inner)),
            (length, *inner),
        )
        if inner:
            place = item_of(c, node, out, index, [FULL] * len(inner))
            c.builder.store(place, (), value)
        else:
            c.builder.store(out, (index,), value)
    c.builder.append(Alloc(out, None, c.builder.origin))
    step = integer(1)
    loop = For(index, integer(0), length, step, (), body.block(), None, None, c.builder.origin)
    c.builder.append(loop)
    return out


def _defined(body: Builder) -> Iterator[Value]:
    for statement in body.statements:
        out = getattr(statement, "out", None)
        if isinstance(out, Value):
            yield out


def _target_names(target: ast.expr) -> list[str]:
    return [n.id for n in ast.walk(target) if isinstance(n, ast.Name)]
