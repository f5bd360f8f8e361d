"""Records, made: named tuples, dataclass instances, dicts and lists."""

import ast
import builtins
import dataclasses
import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from srcdiff.errors import UnknownFunction
from srcdiff.frontend.arithmetic import literal
from srcdiff.frontend.context import Context, Entity, Record, Static, children
from srcdiff.frontend.objects import from_object
from srcdiff.frontend.records import is_generated, is_stored, items_of, key_of, list_of, opened
from srcdiff.ir.nodes import Const, Value, is_array

FACTORIES = (list, dict, tuple)


def is_record_class(value: Any) -> bool:
    """Say whether a class is one of named tuples or dataclass instances."""
    if not isinstance(value, type):
        return False
    named = issubclass(value, tuple) and hasattr(value, "_fields")
    return named or dataclasses.is_dataclass(value)


def construct(
    c: Context,
    node: ast.AST,
    kind: type,
    args: tuple[Entity, ...],
    kwargs: Mapping[str, Entity],
) -> Entity:
    """Lower `kind(...)`, a named tuple or a dataclass instance."""
    named = issubclass(kind, tuple)
    make: Any = getattr(kind, "__new__" if named else "__init__")
    own = () if named else ("__post_init__",)
    if not is_generated(make) or any(hasattr(kind, name) for name in own) or _is_special(kind):
        c.fail(
            node,
            f"`{kind.__name__}` is made or filled by code of its own, which would not run: "
            "`__init__`, `__post_init__`, `__new__`, `__setattr__`, a property or a metaclass.",
            "Make the instance outside, or write a function that computes its fields first.",
            UnknownFunction,
        )
    signature = inspect.signature(make)
    try:
        bound = signature.bind(None, *args, **kwargs).arguments
    except TypeError as error:
        c.fail(node, f"`{kind.__name__}(...)`: {error}.", "Give each field once.")
    if named:
        return _named(c, node, kind, bound)
    return _instance(c, node, kind, bound)


def _is_special(kind: type) -> bool:
    """Say whether making an instance runs other code than the class's `__init__` or `__new__`."""
    if type(kind).__call__ is not type.__call__:
        return True
    if issubclass(kind, tuple):
        return False
    stored = all(is_stored(kind, name) for name in getattr(kind, "__dataclass_fields__", ()))
    return kind.__new__ is not object.__new__ or not stored


def _named(c: Context, node: ast.AST, kind: Any, bound: Mapping[str, Entity]) -> Entity:
    given = kind._field_defaults
    fields = [
        bound[name] if name in bound else from_object(c, node, given[name], name)
        for name in kind._fields
    ]
    return Record(kind, tuple(kind._fields), tuple(fields))


def _instance(c: Context, node: ast.AST, kind: Any, bound: Mapping[str, Entity]) -> Entity:
    fields = dataclasses.fields(kind)
    names = tuple(field.name for field in fields)
    if not set(bound) - {next(iter(bound))} <= set(names):
        c.fail(node, f"`{kind.__name__}` has an `InitVar`.", "Make it a field.", UnknownFunction)
    values = [
        bound[field.name] if field.name in bound else _default(c, node, kind, field)
        for field in fields
    ]
    return Record(kind, names, tuple(values), c.made_at(node))


def _default(c: Context, node: ast.AST, kind: type, field: Any) -> Entity:
    if field.default is not dataclasses.MISSING:
        return from_object(c, node, field.default, field.name)
    if field.default_factory in FACTORIES:
        made: type = field.default_factory
        return () if made is tuple else Record(made, (), (), c.made_at(node, field.name))
    c.fail(
        node,
        f"The field `{field.name}` of `{kind.__name__}` has no default that is known here.",
        "Pass it.",
        UnknownFunction,
    )


# ---- builtins and functions of dataclasses ----


def replace(c: Context, node: ast.AST, name: str, obj: Entity, /, **changes: Entity) -> Entity:
    """`dataclasses.replace`: a new instance with some fields changed."""
    owner = opened(c, node, obj)
    if not (isinstance(owner, Record) and dataclasses.is_dataclass(owner.kind)):
        c.fail(node, "`replace` takes a dataclass instance.", "Pass one.")
    old = dict(zip(owner.keys, owner.children, strict=True))
    init = {field.name for field in dataclasses.fields(owner.kind) if field.init}
    kept = {key: value for key, value in old.items() if key in init}
    return construct(c, node, owner.kind, (), kept | changes)


def dict_(
    c: Context, node: ast.AST, name: str, source: Entity | None = None, /, **items: Entity
) -> Entity:
    """`dict(...)` of keywords, and of another dict before them."""
    first = None if source is None else opened(c, node, source)
    made: dict[str, Entity] = {}
    if isinstance(first, Record) and first.kind is dict:
        made = dict(zip(first.keys, first.children, strict=True))
    elif first is not None:
        for pair in items_of(first) or [Static(None)]:
            parts = children(pair)
            if parts is None or len(parts) != 2:
                c.fail(node, "`dict` takes a dict, or pairs of known length.", "Write a display.")
            made[key_of(c, node, parts[0])] = parts[1]
    made |= items
    return Record(dict, tuple(made), tuple(made.values()), c.made_at(node))


def _known_items(c: Context, node: ast.AST, iterable: Entity) -> list[Entity]:
    items = items_of(opened(c, node, iterable))
    if items is None:
        c.fail(node, "Only a tuple of fixed length can be converted.", "Use an array.")
    return items


def tuple_(c: Context, node: ast.AST, name: str, iterable: Entity = ()) -> Entity:
    """`tuple(...)` of what has a known length."""
    return tuple(_known_items(c, node, iterable))


def list_(c: Context, node: ast.AST, name: str, iterable: Entity = ()) -> Entity:
    """`list(...)` of what has a known length."""
    return list_of(c, node, tuple(_known_items(c, node, iterable)))


def sorted_(c: Context, node: ast.AST, name: str, iterable: Entity) -> Entity:
    """`sorted(...)` of the keys of a dict."""
    items = items_of(opened(c, node, iterable)) or [iterable]
    keys = [item.value for item in items if isinstance(item, Static) and type(item.value) is str]
    if len(keys) < len(items):
        c.fail(
            node,
            "`sorted` is supported for the keys of a dict, and for nothing else.",
            "Sort before the call.",
            UnknownFunction,
        )
    return list_of(c, node, tuple(map(Static, sorted(keys))))


def isinstance_(c: Context, node: ast.AST, name: str, obj: Entity, classes: Entity) -> Entity:
    """`isinstance`, where the class is known: not that of a number."""
    wanted = tuple(
        item.value for item in children(classes) or (classes,) if isinstance(item, Static)
    )
    kind = _class_of(obj)
    if kind is None or not wanted or not all(isinstance(each, type) for each in wanted):
        c.fail(
            node,
            "`isinstance` of this is not supported.",
            "Use it for arrays, None, strings and trees, with classes that are global names.",
        )
    return literal(issubclass(kind, wanted))


def _class_of(entity: Entity) -> type | None:
    match entity:
        case tuple():
            return tuple
        case Record(kind=kind):
            return kind
        case Static(value=value):
            return type(value)
        case Value() if is_array(entity):
            return np.ndarray
        case Const() if entity.type.dtype.kind == "b":
            return bool
    return None


HANDLERS: dict[Any, Any] = {
    builtins.dict: dict_,
    builtins.list: list_,
    builtins.tuple: tuple_,
    builtins.sorted: sorted_,
    builtins.isinstance: isinstance_,
    dataclasses.replace: replace,
}
