"""Records, read: items, attributes, methods and properties of lists, dicts, named tuples and
dataclass instances, and of such objects in the surroundings.

What a class of the user defines in place of the behaviour of its base is inlined like any function
of theirs, or refused; it is never passed over.
"""

import ast
import dataclasses
import inspect
from collections.abc import Mapping
from keyword import iskeyword
from types import FunctionType, MemberDescriptorType
from typing import Any

from srcdiff.errors import UnknownFunction
from srcdiff.frontend.context import (
    Conflict,
    Context,
    Entity,
    Iteration,
    Method,
    Partial,
    Read,
    Record,
    Static,
    children,
    keys_of,
    remade,
    row,
)
from srcdiff.frontend.objects import from_object
from srcdiff.ir.build import integer
from srcdiff.ir.nodes import Const
from srcdiff.trees import Branch, flatten, word

OUTSIDE = "outside"
"""The origin of objects that the function did not make: arguments and the surroundings."""

METHODS: dict[type, tuple[str, ...]] = {
    dict: ("keys", "values", "items", "get", "copy"),
    list: ("copy",),
    tuple: ("_replace", "_asdict"),
}
VIEWS = ("keys", "values", "items")
GENERATED = "<string>"
"""The file of the code that `dataclass` and `namedtuple` write."""


def is_generated(function: Any) -> bool:
    """Say whether a method was written by `dataclass` or `namedtuple`."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return code is not None and code.co_filename == GENERATED


def is_stored(kind: type, name: str) -> bool:
    """Say whether assigning to a field of a dataclass instance stores the value, and no more."""
    setter = inspect.getattr_static(kind, "__setattr__")
    found = inspect.getattr_static(kind, name, None)
    plain = isinstance(found, MemberDescriptorType) or not hasattr(type(found), "__set__")
    return plain and (setter is object.__setattr__ or is_generated(setter))


def is_object(entity: Entity) -> bool:
    """Say whether an entity is a named tuple or a dataclass instance, which have attributes."""
    return isinstance(entity, Record) and entity.kind not in (dict, list)


def known(c: Context, node: ast.AST, entity: Entity, what: str) -> Entity:
    """Return an entity that is read, unless the paths that lead here disagree about it."""
    if isinstance(entity, Conflict):
        c.fail(node, f"{what} {entity.reason}", "Give it the same type on every path.")
    return entity


# ---- objects of the surroundings ----


@dataclasses.dataclass(frozen=True, eq=False)
class Contents:
    """A list or a dict of the surroundings; what is in it is watched like a global."""

    container: Any

    @property
    def items(self) -> tuple[Any, ...]:
        """Return all that is in it."""
        if isinstance(self.container, dict):
            return (*self.container, *self.container.values())
        return tuple(self.container)


def opened(c: Context, node: ast.AST, entity: Entity) -> Entity:
    """Return a list, dict, named tuple or dataclass instance of the surroundings as a record."""
    if not isinstance(entity, Static):
        return entity
    value = entity.value
    tree = flatten(value, []) if _is_container(value) else None
    if not isinstance(tree, Branch):
        return entity
    origins = frozenset({OUTSIDE})
    if type(value) in (list, dict):
        contents = Contents(value)
        c.note_read(Read(contents, "items", contents.items))
        items = value.values() if isinstance(value, dict) else value
        pairs = zip(tree.keys, items, strict=True)
        parts = [from_object(c, node, item, _wish(key)) for key, item in pairs]
    else:
        parts = [_outer_attribute(c, node, value, key) for key in tree.keys]
    return Record(type(value), tree.keys, tuple(parts), origins)


def _wish(key: str) -> str:
    """Return what an array of the surroundings is to be called that has this key."""
    return key if key.isidentifier() and not iskeyword(key) else f"item_{word(key)}"


def opened_all(c: Context, node: ast.AST, entity: Entity) -> Entity:
    """Return a tree in which all objects of the surroundings are records."""
    entity = opened(c, node, entity)
    inner = children(entity)
    return entity if inner is None else remade(entity, [opened_all(c, node, e) for e in inner])


def renewed(c: Context, node: ast.AST, entity: Entity, part: str = "") -> Entity:
    """Return a tree like `entity` whose lists, dicts and instances are made at `node`."""
    inner = children(entity)
    if inner is None:
        return entity
    pairs = zip(keys_of(entity), inner, strict=True)
    made = remade(entity, [renewed(c, node, item, f"{part}.{key}") for key, item in pairs])
    if isinstance(made, Record) and not issubclass(made.kind, tuple):
        return dataclasses.replace(made, origins=c.made_at(node, part))
    return made


def _is_container(value: Any) -> bool:
    kind = type(value)
    if kind is dict:
        return all(isinstance(key, str) for key in value)
    named = isinstance(value, tuple) and hasattr(kind, "_fields")
    return kind is list or named or dataclasses.is_dataclass(kind)


def _outer_attribute(c: Context, node: ast.AST, owner: Any, name: str) -> Entity:
    found = getattr(owner, name)
    c.note_read(Read(owner, name, found))
    return from_object(c, node, found, name)


# ---- attributes ----


def attribute(c: Context, node: ast.AST, owner: Record, name: str) -> Entity:
    """Lower `owner.name`: a field, a property, a method, or an attribute of the class."""
    if is_object(owner) and name in owner.keys:
        return known(c, node, owner.children[owner.keys.index(name)], f"`.{name}`")
    for base, names in METHODS.items():
        if issubclass(owner.kind, base) and name in names:
            return Method(owner, name)
    found = inspect.getattr_static(owner.kind, name, None)
    if found is None or owner.kind in (dict, list):
        c.fail(
            node,
            f"`.{name}` of a `{owner.kind.__name__}` is not supported: it has no such field.",
            "Read a field, or a property or method of its class.",
        )
    if type(owner.kind).__getattribute__ is not type.__getattribute__:
        c.fail(node, f"`{owner.kind.__name__}` has a metaclass.", "Use a plain class.")
    return _of_class(c, node, owner, name, found)


def _of_class(c: Context, node: ast.AST, owner: Record, name: str, found: Any) -> Entity:
    value = getattr(owner.kind, name)
    c.note_read(Read(owner.kind, name, value))
    match found:
        case property(fget=FunctionType() as getter):
            return c.inline(c, Static(getter), (owner,), {}, node)
        case FunctionType():
            return Partial(Static(found), (owner,), {})
        case staticmethod() | classmethod():
            return from_object(c, node, value, name)
    if hasattr(type(found), "__get__"):
        c.fail(
            node,
            f"`.{name}` is a `{type(found).__name__}`, which is not supported.",
            "Make it a field, a property or a method.",
            UnknownFunction,
        )
    return from_object(c, node, value, name)


def special(
    c: Context, node: ast.AST, owner: Entity, name: str, args: tuple[Entity, ...] = ()
) -> Entity | None:
    """Call what the user's class says about an operator, None if it says nothing."""
    if not isinstance(owner, Record):
        return None
    found = inspect.getattr_static(owner.kind, name, None)
    if found is None or any(found is vars(base).get(name) for base in (tuple, list, dict, object)):
        return None
    if not isinstance(found, FunctionType) or is_generated(found):
        c.fail(
            node,
            f"`{name}` of `{owner.kind.__name__}` is not supported.",
            "Write it as a function of the fields.",
            UnknownFunction,
        )
    c.note_read(Read(owner.kind, name, found))
    result = c.inline(c, Static(found), (owner, *args), {}, node)
    if isinstance(result, Static) and result.value is NotImplemented:
        c.fail(node, f"`{name}` is not implemented for these operands.", "Use other operands.")
    return result


# ---- items ----


def item(c: Context, node: ast.AST, owner: Entity, index: Entity | slice) -> Entity | None:
    """Lower `owner[index]`, None if `owner` has no items."""
    if isinstance(owner, Record) and owner.kind is dict:
        return known(c, node, owner.children[place(c, node, owner, index)], "This item")
    items = row(owner)
    if items is None:
        return (
            None if isinstance(index, slice) else special(c, node, owner, "__getitem__", (index,))
        )
    if isinstance(index, slice):
        return _slice(c, node, owner, items[index])
    return known(c, node, items[place(c, node, owner, index)], "This item")


def _slice(c: Context, node: ast.AST, owner: Entity, items: tuple[Entity, ...]) -> Entity:
    if isinstance(owner, Record) and owner.kind is list:
        return list_of(c, node, items)
    return items


def list_of(c: Context, node: ast.AST, items: tuple[Entity, ...]) -> Record:
    """Return a new list."""
    return Record(list, tuple(map(str, range(len(items)))), tuple(items), c.made_at(node))


def place(c: Context, node: ast.AST, owner: Entity, index: Entity | slice) -> int:
    """Return the position among its children of what `owner[index]` names."""
    if isinstance(owner, Record) and owner.kind is dict:
        return _place_of_key(c, node, owner, index)
    items = row(owner) or ()
    if not (isinstance(index, Const) and index.type.dtype.kind == "i"):
        c.fail(
            node,
            f"A {_title(owner)} can only be indexed by a literal or a constant.",
            "Use an array for what is indexed at run time.",
        )
    if not -len(items) <= index.value < len(items):
        c.fail(
            node,
            f"The index {index.value} is out of range: this {_title(owner)} has {len(items)} "
            "items.",
            "Mend the index.",
        )
    return int(index.value) % len(items)


def _title(owner: Entity) -> str:
    return owner.kind.__name__ if isinstance(owner, Record) else "tuple"


def _place_of_key(c: Context, node: ast.AST, owner: Record, index: Entity | slice) -> int:
    key = key_of(c, node, index)
    if key not in owner.keys:
        c.fail(
            node,
            f"This dict has no key {key!r}; it has {', '.join(map(repr, owner.keys)) or 'none'}.",
            "Mend the key.",
        )
    return owner.keys.index(key)


def key_of(c: Context, node: ast.AST, index: Entity | slice) -> str:
    """Return the key of a dict that an entity is."""
    if isinstance(index, Static) and isinstance(index.value, str):
        return index.value
    c.fail(node, "The keys of a dict are constant strings.", "Use an array for numbered items.")


# ---- what is run through ----


def items_of(entity: Entity) -> list[Entity] | None:
    """Return the items of what is iterated over, where their number is known now."""
    items = row(entity)
    if items is not None:
        return list(items)
    match entity:
        case Record(kind=kind, keys=keys) if kind is dict:
            return [Static(key) for key in keys]
        case Iteration(kind="keys" | "values" | "items", args=(Record() as owner,)):
            return _view(owner, entity.kind)
        case Iteration(kind="enumerate" | "reversed" | "zip"):
            return _combined(entity)
    return None


def _view(owner: Record, kind: str) -> list[Entity]:
    keys: list[Entity] = [Static(key) for key in owner.keys]
    match kind:
        case "keys":
            return keys
        case "values":
            return list(owner.children)
    return list(zip(keys, owner.children, strict=True))


def _combined(entity: Iteration) -> list[Entity] | None:
    each = [items_of(arg) for arg in entity.args[: None if entity.kind == "zip" else 1]]
    rows = [items for items in each if items is not None]
    if len(rows) < len(each) or not each:
        return None
    match entity.kind:
        case "enumerate":
            first = entity.args[1] if len(entity.args) > 1 else integer(0)
            if not isinstance(first, Const):
                return None
            return [(integer(k), item) for k, item in enumerate(rows[0], int(first.value))]
        case "reversed":
            return rows[0][::-1]
    return [tuple(items) for items in zip(*rows, strict=False)]


def contains(owner: Entity, key: Entity) -> bool | None:
    """Say whether a dict has a key, None if `owner` is no dict."""
    if isinstance(owner, Iteration) and owner.kind == "keys":
        (owner,) = owner.args
    if not (isinstance(owner, Record) and owner.kind is dict):
        return None
    return isinstance(key, Static) and key.value in owner.keys


def is_true(c: Context, node: ast.AST, owner: Record) -> bool:
    """Return the truth of a record."""
    if owner.kind is dict or row(owner) is not None:
        return bool(owner.children)
    if hasattr(owner.kind, "__bool__") or hasattr(owner.kind, "__len__"):
        name = owner.kind.__name__
        c.fail(node, f"The truth of a `{name}` is not supported.", "Compare one of its fields.")
    return True


# ---- methods ----


def call_method(
    c: Context,
    node: ast.AST,
    owner: Record,
    name: str,
    args: tuple[Entity, ...],
    kwargs: Mapping[str, Entity],
) -> Entity:
    """Lower the call of a method of a list, a dict or a named tuple."""
    if name == "_replace" and not args:
        return _replaced(c, node, owner, kwargs)
    if kwargs or len(args) > (2 if name == "get" else 0) or (name == "get" and not args):
        c.fail(node, f"`.{name}(...)` does not take these arguments.", "Mend the call.")
    match name:
        case "copy":
            return Record(owner.kind, owner.keys, owner.children, c.made_at(node))
        case "_asdict":
            return Record(dict, owner.keys, owner.children, c.made_at(node))
        case "get":
            key = key_of(c, node, args[0])
            if key in owner.keys:
                return owner.children[owner.keys.index(key)]
            return args[1] if len(args) > 1 else Static(None)
    return Iteration(name, (owner,))


def _replaced(c: Context, node: ast.AST, owner: Record, changes: Mapping[str, Entity]) -> Entity:
    for name in changes:
        if name not in owner.keys:
            kind = owner.kind.__name__
            c.fail(node, f"`{kind}` has no field `{name}`.", "Name its fields.")
    fields = zip(owner.keys, owner.children, strict=True)
    return Record(owner.kind, owner.keys, tuple(changes.get(key, old) for key, old in fields))
