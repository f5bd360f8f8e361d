"""Trees: what arguments and results are made of, taken apart into leaves and put together again.

    {"w": w, "b": (b, None)}  ->  leaves [w, b, None],  tree dict("w": *, "b": tuple(*, *))

A tree has the classes and keys, no values, so that it can be part of a key.
"""

import dataclasses
import inspect
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from srcdiff.errors import TypeInferenceError


@dataclass(frozen=True)
class Branch:
    """A tuple, named tuple, list, dict or dataclass instance of class `kind`."""

    kind: type
    keys: tuple[str, ...]
    children: "tuple[Tree, ...]"


@dataclass(frozen=True)
class Leaf:
    """Anything else."""


Tree = Branch | Leaf
LEAF = Leaf()
LEAVES = frozenset({np.ndarray, float, int, bool, str, type(None)})
"""What is most often met, and needs no other look."""


def flatten(value: object, leaves: list[Any]) -> Tree:
    """Append the leaves of `value` to `leaves` and return its tree."""
    parts = None if type(value) in LEAVES else _parts(value)
    if parts is None:
        leaves.append(value)
        return LEAF
    keys, children = parts
    return Branch(type(value), keys, tuple([flatten(child, leaves) for child in children]))


def flatten_like(value: object, tree: Tree, leaves: list[Any]) -> bool:
    """Append the leaves of `value` in the order of `tree`; say whether it has this tree.

    The keys of a dict may stand in another order.
    """
    parts = _parts(value)
    if isinstance(tree, Leaf) or parts is None or type(value) is not tree.kind:
        leaves.append(value)
        return isinstance(tree, Leaf) and parts is None
    keys, children = parts
    if sorted(keys) != sorted(tree.keys) or (tree.kind is not dict and keys != tree.keys):
        return False
    found = dict(zip(keys, children, strict=True))
    pairs = zip(tree.keys, tree.children, strict=True)
    return all(flatten_like(found[key], child, leaves) for key, child in pairs)


def _parts(value: object) -> tuple[tuple[str, ...], Sequence[object]] | None:
    """Return the keys and the children of a branch, None for a leaf."""
    kind = type(value)
    if isinstance(value, tuple):
        fields = getattr(kind, "_fields", None)
        if kind is not tuple and fields is None:
            raise _refusal(f"an instance of `{kind.__name__}`, a class derived from tuple")
        return fields or tuple(map(str, range(len(value)))), value
    if kind is list and isinstance(value, list):
        return tuple(map(str, range(len(value)))), value
    if kind is dict and isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise _refusal(f"a dict with the key {key!r}, which is not a string")
        return tuple(value), tuple(value.values())
    if dataclasses.is_dataclass(kind):
        return _fields(value, kind)
    return None


def _fields(value: Any, kind: Any) -> tuple[tuple[str, ...], Sequence[object]]:
    """Return names and values of the fields of a dataclass instance."""
    names = tuple(each.name for each in dataclasses.fields(kind))
    if kind.__getattribute__ is not object.__getattribute__:
        raise _refusal(f"a `{kind.__name__}` that has a `__getattribute__` of its own")
    if len(getattr(value, "__dict__", names)) > len(names):
        # The class is asked for what is no field: an instance must not say something else.
        for name in vars(value):
            own = inspect.getattr_static(kind, name, None)
            if name not in names and own is not None and not isinstance(own, cached_property):
                raise _refusal(f"a `{kind.__name__}` whose attribute `{name}` hides the class's")
    missing = [name for name in names if not hasattr(value, name)]
    if missing:
        raise _refusal(f"a `{kind.__name__}` without its field `{missing[0]}`")
    return names, [getattr(value, name) for name in names]


def _refusal(what: str) -> TypeInferenceError:
    return TypeInferenceError(
        f"An argument holds {what}.",
        hint="Pass tuples, named tuples, lists, dicts with string keys, or dataclass instances.",
    )


def size(tree: Tree) -> int:
    """Return the number of leaves."""
    match tree:
        case Leaf():
            return 1
        case Branch(children=children):
            return sum(map(size, children))


def classes(tree: Tree) -> Iterator[type]:
    """Iterate over the classes of the branches."""
    if isinstance(tree, Branch):
        yield tree.kind
        for child in tree.children:
            yield from classes(child)


def names(tree: Tree, name: str) -> Iterator[str]:
    """Iterate over the names of the leaves of what is called `name`: `p_w`, `p_b_0`, ..."""
    match tree:
        case Leaf():
            yield name
        case Branch(keys=keys, children=children):
            for key, child in zip(keys, children, strict=True):
                yield from names(child, f"{name}_{word(key)}")


def word(key: str) -> str:
    """Return a key as it can stand in a name."""
    return re.sub(r"\W", "_", key, flags=re.ASCII)


def paths(tree: Tree, path: str) -> Iterator[str]:
    """Iterate over the leaves of what is called `path` as Python writes them: `p[0]`, `p.w`."""
    match tree:
        case Leaf():
            yield path
        case Branch(kind=kind, keys=keys, children=children):
            for key, child in zip(keys, children, strict=True):
                yield from paths(child, _member(kind, path, key))


def _member(kind: type, path: str, key: str) -> str:
    if kind is dict:
        return f"{path}[{key!r}]"
    if kind is tuple or kind is list:
        return f"{path}[{key}]"
    return f"{path}.{key}"


def describe(tree: Tree) -> str:
    """Return the tree as an error shows it."""
    match tree:
        case Leaf():
            return "*"
        case Branch(kind=kind, keys=keys, children=children):
            inner = [describe(child) for child in children]
            if kind is tuple:
                return f"({', '.join(inner)}{',' if len(inner) == 1 else ''})"
            if kind is list:
                return f"[{', '.join(inner)}]"
            named = [f"{key}={text}" for key, text in zip(keys, inner, strict=True)]
            return f"{kind.__name__}({', '.join(named)})"


def expression(tree: Tree, leaves: Iterator[str], namespace: dict[str, Any]) -> str:
    """Return the Python expression that makes the tree out of the expressions of its leaves.

    What the expression names is put into `namespace`.
    """
    if isinstance(tree, Leaf):
        return next(leaves)
    parts = [expression(child, leaves, namespace) for child in tree.children]
    kind = tree.kind
    if kind is tuple:
        return f"({''.join(f'{part}, ' for part in parts).rstrip()})"
    if kind is list:
        return f"[{', '.join(parts)}]"
    if kind is dict:
        items = (f"{key!r}: {part}" for key, part in zip(tree.keys, parts, strict=True))
        return f"{{{', '.join(items)}}}"
    name = f"_make_{len(namespace)}"
    namespace[name] = Maker(kind, tree.keys)
    return f"{name}({', '.join(parts)})"


def mapped(function: Callable[[Any], Any], value: object) -> Any:
    """Return a tree like `value`, with `function` of each leaf."""
    leaves: list[Any] = []
    tree = flatten(value, leaves)
    names: dict[str, Any] = {"leaves": list(map(function, leaves))}
    text = expression(tree, (f"leaves[{k}]" for k in range(len(leaves))), names)
    return eval(text, names)


@dataclass(frozen=True)
class Maker:
    """Makes named tuples, and dataclass instances without their `__init__`."""

    kind: type
    keys: tuple[str, ...]

    def __call__(self, *values: object) -> object:
        if issubclass(self.kind, tuple):
            return tuple.__new__(self.kind, values)
        made = object.__new__(self.kind)
        for key, value in zip(self.keys, values, strict=True):
            object.__setattr__(made, key, value)
        return made
