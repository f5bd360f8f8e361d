"""What lowering carries along: the block being built, the names in scope, and what is known.

While a function is lowered, a name denotes an *entity*: an operand (a number or an array of the
run time), a tree of entities, or something that exists only while lowering (a module, a
function, a string, None). So trees, functions as arguments and constants cost nothing later.

The branches of a tree are plain tuples and `Record`s; `children` and `remade` take them apart and
put them together.
"""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, NoReturn

import numpy as np

from srcdiff.errors import Span, SrcdiffError, TypeInferenceError
from srcdiff.frontend.source import Source
from srcdiff.ir.build import Builder, same
from srcdiff.ir.nodes import Const, Operand, Origin, Value
from srcdiff.products import Argnums, Product
from srcdiff.trees import word

LIBRARY = "srcdiff.library."


@dataclass(frozen=True, eq=False)
class Static:
    """A Python object that is known while lowering."""

    value: Any


@dataclass(frozen=True, eq=False)
class Record:
    """A named tuple, list, dict or dataclass instance: a `trees.Branch` of entities.

    `origins` are the places where the objects were made that it may be. A write makes a new record
    of the same origins, so two names for one object are found by them.
    """

    kind: type
    keys: tuple[str, ...]
    children: "tuple[Entity, ...]"
    origins: frozenset[object] = frozenset()


@dataclass(frozen=True, eq=False)
class LocalFunction:
    """A nested `def` or a lambda, with the scope that it closes over."""

    node: ast.FunctionDef | ast.Lambda
    scope: "Scope"
    defaults: "tuple[tuple[str, Entity], ...]" = ()


@dataclass(frozen=True, eq=False)
class Method:
    """`owner.name`, before it is called."""

    owner: "Entity"
    name: str


@dataclass(frozen=True, eq=False)
class Partial:
    """A `functools.partial` or a bound method: a function with leading arguments filled in."""

    function: "Entity"
    args: "tuple[Entity, ...]"
    kwargs: "Mapping[str, Entity]"


@dataclass(frozen=True, eq=False)
class Iteration:
    """`range`, `enumerate`, `zip` or `reversed` of its arguments, or `keys`, `values` or `items` of
    a dict, before it is run through."""

    kind: str
    args: "tuple[Entity, ...]"


@dataclass(frozen=True, eq=False)
class Conflict:
    """What a name denotes after paths that disagree: an error once it is read."""

    reason: str


@dataclass(frozen=True, eq=False)
class Transformed:
    """A derivative of a function, before it is called."""

    product: Product
    function: "Entity"
    argnums: Argnums
    has_aux: bool = False


Entity = (
    Value
    | Const
    | tuple[Any, ...]
    | Record
    | Static
    | LocalFunction
    | Method
    | Partial
    | Iteration
    | Transformed
    | Conflict
)


@dataclass(frozen=True, eq=False)
class Binding:
    """What a name denotes, and where it was assigned."""

    entity: Entity
    span: Span | None


@dataclass(eq=False)
class Scope:
    """The names of one function that is being lowered, and where it is.

    `call` is the node that called it, `statement` what is being lowered, into `builder`.
    """

    source: Source
    names: dict[str, Binding] = field(default_factory=dict)
    enclosing: "Scope | None" = None
    leaves: Mapping[ast.stmt, tuple[str, ...]] = field(default_factory=dict)
    reads: Mapping[str, int] = field(default_factory=dict)
    call: ast.AST | None = None
    statement: ast.stmt | None = None
    builder: Builder | None = None


@dataclass
class Facts:
    """What is known where we are: equal extents, least extents, integers computed before."""

    equal: dict[Value, Operand] = field(default_factory=dict)
    least: dict[Value, int] = field(default_factory=dict)
    known: dict[tuple[Any, ...], Operand] = field(default_factory=dict)

    def copy(self) -> "Facts":
        return Facts(dict(self.equal), dict(self.least), dict(self.known))

    def find(self, operand: Operand) -> Operand:
        """Return the representative of all operands known to be equal to `operand`."""
        while isinstance(operand, Value) and operand in self.equal:
            operand = self.equal[operand]
        return operand

    def agree(self, left: Operand, right: Operand) -> bool:
        return same(self.find(left), self.find(right))

    def unite(self, left: Operand, right: Operand) -> None:
        left, right = self.find(left), self.find(right)
        if isinstance(left, Const):
            left, right = right, left
        if isinstance(left, Value) and left is not right:
            self.equal[left] = right


@dataclass(eq=False)
class Captured:
    """An array that is read live from a global or a closure at each call."""

    name: str
    array: Any
    value: Value


@dataclass(frozen=True, eq=False)
class Read:
    """A read of the surroundings: of a global (`owner`: a dict), a closure cell or an attribute."""

    owner: Any
    name: str
    value: Any


class Context:
    """The state of one lowering."""

    evaluate: Callable[["Context", ast.expr, str], Entity]
    comprehend: Callable[["Context", ast.ListComp | ast.DictComp, str], Entity]
    inline: Callable[["Context", Entity, tuple[Entity, ...], Mapping[str, Entity], ast.AST], Entity]

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.builder = Builder()
        self.around: list[Builder] = []
        self.facts = Facts()
        self.captured: dict[int, Captured] = {}
        self.frozen: list[tuple[str, Any]] = []
        self.reads: list[Read] = []
        self.phis: dict[tuple[Any, ...], Any] = {}
        self.calls: tuple[Any, ...] = ()
        self.scopes: tuple[Scope, ...] = (scope,)
        # Functions that call themselves, what is known of them, and those around (`recursion`).
        self.recursions: Any = None
        self.heads: tuple[Any, ...] = ()
        self.rounds: tuple[int, ...] = ()
        # What loops run through and what is still to be assigned, with the block that waits.
        self.waiting: tuple[tuple[Entity, Builder], ...] = ()
        self.prologue = Builder()
        self.lists: set[Any] = set()
        self.names: dict[Value, str] = {}
        self.unordered: set[Value] = set()
        self.fresh: Any = None
        self.once: dict[tuple[Any, ...], tuple[Builder, int, Any]] = {}
        self.sources: list[Source] = []
        self.checked: set[ast.AST] = set()
        self.constant = False
        # The items of records that are assigned where all is constant: origins and key.
        self.assigned: list[tuple[frozenset[object], str]] = []
        self.unsettled: set[Value] = set()
        self.unsettled_once: set[Value] = set()

    def span(self, node: ast.AST) -> Span:
        """Return where `node` stands; the user's call, where a NumPy function is written out."""
        caller = self.builder.origin.span
        if caller is not None and self.in_library():
            return caller
        return self.scope.source.span(node)

    def in_library(self) -> bool:
        """Say whether what is lowered is a NumPy function that this package writes out."""
        name: str = self.scope.source.globals.get("__name__", "")
        return name.startswith(LIBRARY)

    def note_read(self, read: Read) -> None:
        """Note a read of the surroundings; those of this package do not change."""
        if not self.in_library():
            self.reads.append(read)

    def at(self, node: ast.AST) -> None:
        """Let the statements that follow come from `node`'s line."""
        self.builder.origin = Origin(span=self.span(node), constant=self.constant)

    def is_named(self, value: Value) -> bool:
        """Say whether a name leads to a value."""
        return any(
            value in leaves(binding.entity)
            for scope in self.scopes
            for binding in scope.names.values()
        )

    def made_at(self, node: ast.AST, part: str = "") -> frozenset[object]:
        """Return the origins of an object that is made at `node`, as often as it is lowered."""
        return frozenset({(*self.calls, node, self.rounds, part)})

    def fail(
        self,
        node: ast.AST,
        message: str,
        hint: str,
        error: type[SrcdiffError] = TypeInferenceError,
    ) -> NoReturn:
        raise error(message, self.span(node), hint)

    def settle(self, entity: Entity) -> Entity:
        """Define the extents of arrays that a join or a loop has just made."""
        for value in leaves(entity):
            if isinstance(value, Value):
                for axis, extent in enumerate(value.shape):
                    if isinstance(extent, Value) and extent in self.unsettled:
                        self.unsettled.remove(extent)
                        self.builder.call_into(extent, np.shape, (value,), (("axis", axis),))
        return entity

    @contextmanager
    def block(self) -> Iterator[Builder]:
        """Build a nested block; what is learned in it is forgotten after it."""
        outer, facts = self.builder, self.facts
        self.builder, self.facts = Builder(outer.origin), facts.copy()
        self.around.append(outer)
        try:
            yield self.builder
        finally:
            self.around.pop()
            self.builder, self.facts = outer, facts


# ---- trees ----


def leaf_names(entity: Entity, name: str) -> list[str]:
    """Return what the leaves of an entity that is called `name` are to be called: `p_w`, `p_b`."""
    inner = children(entity)
    if inner is None:
        return [name]
    keys = keys_of(entity) if isinstance(entity, Record) else ("",) * len(inner)
    wishes = [f"{name}_{word(key)}" if key else name for key in keys]
    return [each for pair in zip(inner, wishes, strict=True) for each in leaf_names(*pair)]


def children(entity: Entity) -> tuple[Entity, ...] | None:
    """Return the entities that a tuple or a record consists of, None for a leaf."""
    match entity:
        case tuple():
            return entity
        case Record():
            return entity.children
    return None


def remade(entity: Entity, new: Sequence[Entity]) -> Entity:
    """Return a tuple or a record with other children."""
    return replace(entity, children=tuple(new)) if isinstance(entity, Record) else tuple(new)


def form(entity: Entity) -> tuple[type, object] | None:
    """Return class and keys of a tuple or a record, None for a leaf."""
    match entity:
        case tuple():
            return tuple, len(entity)
        case Record():
            return entity.kind, entity.keys
    return None


def keys_of(entity: Entity) -> tuple[str, ...]:
    """Return the keys of a record, the positions in a tuple."""
    if isinstance(entity, Record):
        return entity.keys
    return tuple(map(str, range(len(children(entity) or ()))))


ROW_METHODS = ("__iter__", "__getitem__", "__len__", "__eq__", "__contains__")


@lru_cache(maxsize=256)
def is_row(kind: type) -> bool:
    """Say whether instances of a class are run through and indexed as lists and tuples are."""
    if kind is list:
        return True
    return (
        issubclass(kind, tuple)
        and not any(hasattr(kind, name) for name in ("__bool__", "__array__", "__array_ufunc__"))
        and all(getattr(kind, name) is getattr(tuple, name) for name in ROW_METHODS)
    )


def row(entity: Entity) -> tuple[Entity, ...] | None:
    """Return the items of a tuple, a named tuple or a list, None for all else."""
    if isinstance(entity, Record) and not is_row(entity.kind):
        return None
    return children(entity)


def is_list(entity: Entity) -> bool:
    """Say whether an entity is a list of known length."""
    return isinstance(entity, Record) and entity.kind is list


def plain(entity: Entity) -> Entity:
    """Return lists and named tuples as tuples, which is what NumPy takes them for."""
    items = row(entity)
    return entity if items is None else tuple(map(plain, items))


def leaves(entity: Entity) -> list[Entity]:
    """Return the entities that are neither tuples nor records, in order."""
    inner = children(entity)
    return [entity] if inner is None else [leaf for item in inner for leaf in leaves(item)]


def rebuild(entity: Entity, new: Iterator[Entity]) -> Entity:
    """Return a tree like `entity` with the leaves of `new`."""
    inner = children(entity)
    return next(new) if inner is None else remade(entity, [rebuild(item, new) for item in inner])


def alike(left: Entity, right: Entity) -> bool:
    """Say whether two entities are surely the same thing."""
    if left is right:
        return True
    match left, right:
        case tuple(), tuple():
            return len(left) == len(right) and all(map(alike, left, right))
        case Record(), Record():
            same_object = left.origins == right.origins and form(left) == form(right)
            return same_object and all(map(alike, left.children, right.children))
        case Static(), Static():
            return left.value is right.value or (
                type(left.value) is type(right.value) and bool(left.value == right.value)
            )
        case Const(), Const():
            return same(left, right) and left.type == right.type
    return False


def leaves_like(entity: Entity, model: Entity) -> list[Entity] | None:
    """Return the leaves of `entity` in the order of those of `model`, None for another tree.

    The keys of a dict may stand in another order.
    """
    if isinstance(entity, Record) and isinstance(model, Record) and entity.kind is dict:
        entity = _sorted_like(entity, model)
    if form(entity) != form(model):
        return None
    inner = children(entity)
    if inner is None:
        return [entity]
    found: list[Entity] = []
    for pair in zip(inner, children(model) or (), strict=True):
        part = leaves_like(*pair)
        if part is None:
            return None
        found += part
    return found


def _sorted_like(entity: Record, model: Record) -> Record:
    """Return a dict with its keys in the order of those of `model`, if these are the same."""
    if sorted(entity.keys) != sorted(model.keys):
        return entity
    parts = dict(zip(entity.keys, entity.children, strict=True))
    return replace(entity, keys=model.keys, children=tuple(parts[key] for key in model.keys))


def same_but_operands(left: Entity, right: Entity) -> bool:
    """Say whether trees are the same but for numbers, arrays and the origins of records."""
    if form(left) is not None:
        inner, other = children(left) or (), children(right) or ()
        return form(left) == form(right) and all(map(same_but_operands, inner, other))
    if isinstance(left, Value | Const):
        return isinstance(right, Value | Const)
    return alike(left, right)


def merged_origins(left: Entity, right: Entity) -> Entity:
    """Return `left` with the origins of `right`, a tree of the same form, in addition."""
    inner, other = children(left), children(right)
    if inner is None or other is None:
        return left
    merged = remade(left, list(map(merged_origins, inner, other)))
    if isinstance(merged, Record) and isinstance(right, Record):
        return replace(merged, origins=merged.origins | right.origins)
    return merged
