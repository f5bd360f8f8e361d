"""What lowering carries along: the block being built, the names in scope, and what is known.

While a function is lowered, a name denotes an *entity*: an operand (a number or an array of the
run time), a tuple of entities, or something that exists only while lowering (a module, a
function, a string, None). So trees, functions as arguments and constants cost nothing later.
"""

import ast
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np

from srcdiff.errors import Span, SrcdiffError, TypeInferenceError
from srcdiff.frontend.source import Source
from srcdiff.ir.build import Builder, same
from srcdiff.ir.nodes import Const, Operand, Origin, Value
from srcdiff.products import Argnums, Product

LIBRARY = "srcdiff.library."


@dataclass(frozen=True, eq=False)
class Static:
    """A Python object that is known while lowering."""

    value: Any


class List(tuple[Any, ...]):
    """A list of Python of fixed length: a tuple in all, but as an index it is an array."""


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
    """`range`, `enumerate`, `zip` or `reversed` of its arguments, before it is run through."""

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


@dataclass(frozen=True, eq=False)
class Whole:
    """A function that is called as a whole: the adjoint sweep computes its values again."""

    function: "Entity"


Entity = (
    Value
    | Const
    | tuple[Any, ...]
    | Static
    | LocalFunction
    | Method
    | Partial
    | Iteration
    | Transformed
    | Whole
    | Conflict
)


@dataclass(frozen=True, eq=False)
class Binding:
    """What a name denotes, and where it was assigned."""

    entity: Entity
    span: Span | None


@dataclass(eq=False)
class Scope:
    """The names of one function that is being lowered."""

    source: Source
    names: dict[str, Binding] = field(default_factory=dict)
    enclosing: "Scope | None" = None
    leaves: Mapping[ast.stmt, tuple[str, ...]] = field(default_factory=dict)
    reads: Mapping[str, int] = field(default_factory=dict)


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
    comprehend: Callable[["Context", ast.ListComp, str], Entity]
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
        self.prologue = Builder()
        self.lists: set[Any] = set()
        self.names: dict[Value, str] = {}
        self.unordered: set[Value] = set()
        self.fresh: Any = None
        self.once: dict[tuple[Any, ...], tuple[Builder, int, Any]] = {}
        self.sources: list[Source] = []
        self.constant = False
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


def leaves(entity: Entity) -> list[Entity]:
    """Return the entities that are not tuples, in order."""
    if isinstance(entity, tuple):
        return [leaf for item in entity for leaf in leaves(item)]
    return [entity]


def rebuild(entity: Entity, new: Iterator[Entity]) -> Entity:
    """Return a tree like `entity` with the leaves of `new`."""
    if isinstance(entity, tuple):
        return type(entity)(rebuild(item, new) for item in entity)
    return next(new)


def alike(left: Entity, right: Entity) -> bool:
    """Say whether two entities are surely the same thing."""
    if left is right:
        return True
    match left, right:
        case tuple(), tuple():
            return type(left) is type(right) and (
                len(left) == len(right) and all(map(alike, left, right))
            )
        case Static(), Static():
            return left.value is right.value or (
                type(left.value) is type(right.value) and bool(left.value == right.value)
            )
        case Const(), Const():
            return same(left, right) and left.type == right.type
    return False
