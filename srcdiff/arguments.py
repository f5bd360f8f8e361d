"""The arguments of a call: their types, which key a specialisation, and the IR for them.

A number or an array is a parameter of the run time; strings, bools and None are constants. An
extent that is 1 is part of the type, as it may broadcast.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from srcdiff.errors import SrcdiffError, TypeInferenceError
from srcdiff.frontend.arithmetic import literal
from srcdiff.frontend.context import Entity, Record, Static
from srcdiff.frontend.objects import check_dtype, layout, parameter
from srcdiff.frontend.records import OUTSIDE
from srcdiff.ir.build import Builder
from srcdiff.ir.nodes import Value
from srcdiff.ir.types import PYTHON_FLOAT, PYTHON_INT, Array, Scalar
from srcdiff.trees import Branch, Leaf, Tree, flatten, names, paths, size

Dtype = np.dtype[Any]


@dataclass(frozen=True)
class Number:
    """A number; Python's own have weak types."""

    type: Scalar


@dataclass(frozen=True)
class Elements:
    """An array, and which of its extents are 1."""

    type: Array
    ones: tuple[bool, ...]


@dataclass(frozen=True)
class Known:
    """A constant. Its class is there because `True == 1`."""

    kind: type
    value: object


Kind = Number | Elements | Known
FLOAT, INT = Number(PYTHON_FLOAT), Number(PYTHON_INT)


@dataclass(frozen=True)
class Form:
    """The types of the arguments of a call: the tree `(args, kwargs)` and a kind for each leaf."""

    tree: Branch
    kinds: tuple[Kind, ...]

    @property
    def positional(self) -> tuple[Tree, ...]:
        """Return the trees of the positional arguments."""
        args = self.tree.children[0]
        assert isinstance(args, Branch)
        return args.children

    @property
    def keywords(self) -> dict[str, Tree]:
        """Return the trees of the keyword arguments."""
        kwargs = self.tree.children[1]
        assert isinstance(kwargs, Branch)
        return dict(zip(kwargs.keys, kwargs.children, strict=True))

    def arguments(self, parameters: Sequence[str]) -> list[tuple[str, Tree]]:
        """Return name and tree of each argument, in order."""
        pairs = [(parameters[k], tree) for k, tree in enumerate(self.positional)]
        return [*pairs, *self.keywords.items()]


def form_of(
    args: tuple[Any, ...], kwargs: Mapping[str, Any], parameters: Sequence[str]
) -> tuple[Form, list[Any]]:
    """Return the types of a call's arguments, and their leaves."""
    leaves: list[Any] = []
    try:
        tree = flatten((args, dict(kwargs)), leaves)
    except RecursionError as error:
        raise _refusal("", "An argument contains itself.", "Pass a tree.") from error
    assert isinstance(tree, Branch)
    try:
        return Form(tree, tuple(map(kind_of, leaves))), leaves
    except SrcdiffError:
        # Once more with names, which cost time.
        form = Form(tree, ())
        for path, leaf in zip(leaf_paths(form, parameters), leaves, strict=True):
            kind_of(leaf, path)
        raise


def leaf_paths(form: Form, parameters: Sequence[str]) -> Iterator[str]:
    """Iterate over the leaves of a call's arguments as Python writes them."""
    for name, tree in form.arguments(parameters):
        yield from paths(tree, name)


def kind_of(leaf: Any, name: str = "") -> Kind:
    """Return the kind of a leaf, or raise `TypeInferenceError` naming it."""
    kind = type(leaf)
    if kind is float:
        return FLOAT
    if kind is int:
        if -(2**63) <= leaf < 2**63:
            return INT
        raise _refusal(name, "is an integer that does not fit in 64 bits.", "Pass a float.")
    if kind is np.ndarray or kind is np.memmap:
        flags = leaf.flags
        ones = tuple([extent == 1 for extent in leaf.shape])
        return _elements(leaf.dtype, flags.c_contiguous, flags.f_contiguous, ones, name)
    if leaf is None or kind in (bool, str):
        return Known(kind, leaf)
    if isinstance(leaf, np.bool_):
        return Known(bool, bool(leaf))
    if isinstance(leaf, np.generic):
        _check(leaf.dtype, name)
        return Number(Scalar(leaf.dtype))
    if isinstance(leaf, complex):
        _check(np.dtype(complex), name)
    what = f"has the type `{kind.__name__}`, which is not supported."
    hint = (
        "Pass it as `np.asarray(...)`."
        if isinstance(leaf, np.ndarray)
        else ("Pass numbers, strings, NumPy arrays, and trees of them.")
    )
    raise _refusal(name, what, hint)


@lru_cache
def _elements(dtype: Dtype, c: bool, f: bool, ones: tuple[bool, ...], name: str) -> Elements:
    _check(dtype, name)
    return Elements(Array(dtype, len(ones), layout(c, f)), ones)


def _check(dtype: Dtype, name: str) -> None:
    def fail(message: str, hint: str) -> None:
        detail = f". {message}" if dtype.kind == "c" or not dtype.isnative else ""
        what = f"has the dtype {dtype_name(dtype)}{detail or ', which is not supported.'}"
        raise _refusal(name, what, hint)

    check_dtype(dtype, fail)


def dtype_name(dtype: Dtype) -> str:
    """Return what an error calls a dtype."""
    if dtype.names is not None:
        return f"structured {dtype}"
    if dtype == np.dtype(np.longdouble) and dtype.itemsize > 8:
        return "longdouble"
    return str(dtype)


def _refusal(name: str, what: str, hint: str) -> TypeInferenceError:
    return TypeInferenceError(f"Argument `{name}` {what}" if name else what, hint=hint)


def title(kind: Kind) -> str:
    """Return what an error calls a kind."""
    match kind:
        case Number(type=type) | Elements(type=type):
            return str(type)
        case Known(kind=kind_of_value):
            return kind_of_value.__name__


def is_float(kind: Kind) -> bool:
    """Say whether a leaf can have a derivative."""
    return not isinstance(kind, Known) and kind.type.dtype.kind == "f"


# ---- as parameters ----


@dataclass(frozen=True, eq=False)
class Parameters:
    """The arguments as IR: entities, run-time parameters, and which parameter each leaf is."""

    args: tuple[Entity, ...]
    kwargs: dict[str, Entity]
    values: tuple[Value, ...]
    positions: tuple[int | None, ...]
    prologue: Builder


def parameters_of(form: Form, names_of: Sequence[str], reserved: frozenset[str]) -> Parameters:
    """Return the IR that stands for the arguments of a call; `reserved` names are not taken."""
    prologue = Builder()
    taken, values, positions = set(reserved), list[Value](), list[int | None]()
    entities: list[Entity] = []
    arguments = form.arguments(names_of)
    wishes = (name for argument, tree in arguments for name in names(tree, argument))
    taken_by_user = {argument for argument, tree in arguments if isinstance(tree, Leaf)}
    for kind, wish in zip(form.kinds, wishes, strict=True):
        if isinstance(kind, Known):
            positions.append(None)
            known = kind.value
            entities.append(literal(known) if isinstance(known, bool) else Static(known))
            continue
        name = _fresh(wish, taken | (taken_by_user - {wish}))
        taken.add(name)
        positions.append(len(values))
        values.append(_value(prologue, name, kind))
        entities.append(values[-1])
    trees = iter(entities)
    args = tuple(_entity(tree, trees) for tree in form.positional)
    kwargs = {name: _entity(tree, trees) for name, tree in form.keywords.items()}
    return Parameters(args, kwargs, tuple(values), tuple(positions), prologue)


def _fresh(wish: str, taken: set[str]) -> str:
    name, number = wish, 0
    while name in taken:
        number += 1
        name = f"{wish}_{number}"
    return name


def _value(prologue: Builder, name: str, kind: Number | Elements) -> Value:
    match kind:
        case Number(type=type):
            return Value(name, type)
        case Elements(type=type, ones=ones):
            return parameter(prologue, name, type, tuple(1 if one else None for one in ones))


def _entity(tree: Tree, leaves: Iterator[Entity]) -> Entity:
    match tree:
        case Leaf():
            return next(leaves)
        case Branch(kind=kind, keys=keys, children=children):
            parts = tuple(_entity(child, leaves) for child in children)
            return parts if kind is tuple else Record(kind, keys, parts, frozenset({OUTSIDE}))


# ---- which of them are differentiated ----


@dataclass(frozen=True, eq=False)
class Differentiated:
    """An argument to differentiate by: its name, its tree, and the first of its leaves."""

    name: str
    tree: Tree
    first: int

    def leaves(self) -> range:
        """Return the numbers of its leaves among all leaves of the call."""
        return range(self.first, self.first + size(self.tree))


def differentiated(
    form: Form, names_of: Sequence[str], wanted: Sequence[str], fail: Callable[[str, str], Any]
) -> list[Differentiated]:
    """Return the arguments called `wanted`; `fail(message, hint)` raises."""
    found: dict[str, Differentiated] = {}
    first = 0
    for name, tree in form.arguments(names_of):
        found[name] = Differentiated(name, tree, first)
        first += size(tree)
    result = []
    for name in wanted:
        if name not in found:
            fail(f"The argument `{name}` to differentiate by is not given.", "Pass it.")
        one = found[name]
        kinds = [form.kinds[k] for k in one.leaves()]
        if not any(map(is_float, kinds)):
            types = ", ".join(dict.fromkeys(map(title, kinds))) or "nothing"
            fail(
                f"Argument `{name}` ({types}) holds no floating-point number to differentiate by.",
                "Pass it as a float, or name other arguments in `argnums`.",
            )
        result.append(one)
    return result
