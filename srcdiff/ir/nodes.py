"""The grammar of the intermediate representation: typed, structured SSA, one operation a statement.

    Function  = name(params): body; return results
    Block     = statement*
    statement = Call       out = function(*args, **static)     pure; on scalars or on whole arrays
              | Alloc      out = new array of shape out.shape, every element `fill`, or undefined
              | View       out = ref seen through `how`        the same memory, another reference
              | Load       out = ref[indices]                  one element
              | Store      ref[indices] = value                no indices: every element (broadcast)
              | Increment  ref[indices] += value               no indices: every element (broadcast)
              | Guard      if not condition: raise error(message)
              | Derive     outs = a derivative of `function` by its parameters `wrt`, at `args`
                           or what `function` itself gives, called as a whole
              | If         condition, then, orelse, joins      join: out = then or orelse
              | For        index in range(start, stop, step), carried, body, leave, trips
              | While      carried, head, condition, body, leave, trips
    how       = Index(item*) | Transpose(axes) | Reshape() | Broadcast()
    item      = operand | Slice(start, stop, step) | NEW_AXIS
    operand   = Value | Const
    carried   = (phi, init, next, out): phi in the body, init before, next at its end, out after

Scalars, conditions and array *references* are values with one definition. The *contents* of arrays
are memory, touched by Load, Store, Increment, and by a Call or Store that reads a whole array. The
references that a View, a join or a carried entry connects form one alias class; the contents of a
class that nobody writes never change, so its arrays are values like scalars.

Nodes are frozen and compare by identity: `Const(1) == Const(1.0) == Const(True)` and `0.0 == -0.0`
would merge what differs.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from srcdiff.errors import Span
from srcdiff.ir.types import Array, Type
from srcdiff.products import Mode

Sweep = Literal["primal", "adjoint", "tangent"]


@dataclass(frozen=True, eq=False, slots=True)
class Const:
    """A literal. `value` is a Python bool, int or float, exactly representable in `type`."""

    value: Any
    type: Type

    def __repr__(self) -> str:
        return f"{self.value!r}"


@dataclass(frozen=True, eq=False, slots=True)
class Value:
    """What one definition defines. `name` is a wish of the text, not an identity.

    `shape` holds the extents of an array, each an integer operand that dominates the definition.
    """

    name: str
    type: Type
    shape: "tuple[Operand, ...]" = ()

    def __repr__(self) -> str:
        return f"{self.name}#{id(self) % 9973}"


Operand = Value | Const


@dataclass(frozen=True, eq=False, slots=True)
class Slice:
    """A slice of one axis; `None` as in Python."""

    start: Operand | None
    stop: Operand | None
    step: Operand | None


@dataclass(frozen=True, eq=False, slots=True)
class NewAxis:
    """`np.newaxis` in an index."""


NEW_AXIS = NewAxis()
Item = Value | Const | Slice | NewAxis


@dataclass(frozen=True, eq=False, slots=True)
class Index:
    """Basic indexing. `items` covers every axis of the array it is applied to."""

    items: tuple[Item, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Transpose:
    """`out` axis k is axis `axes[k]` of the array it is applied to."""

    axes: tuple[int, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Reshape:
    """The same elements in C order with the shape of `out`; only of C-contiguous arrays."""


@dataclass(frozen=True, eq=False, slots=True)
class Broadcast:
    """`np.broadcast_to` the shape of `out`; read-only."""


How = Index | Transpose | Reshape | Broadcast


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Origin:
    """Where a statement comes from: the user's source, and the sweep it belongs to.

    What is `constant` has no derivative: it stands in the block of a `with no_grad()`.
    """

    span: Span | None = None
    sweep: Sweep = "primal"
    note: str = ""
    constant: bool = False


NOWHERE = Origin()


@dataclass(frozen=True, eq=False, slots=True)
class Call:
    out: Value
    function: Callable[..., Any]
    args: tuple[Operand, ...]
    static: tuple[tuple[str, Any], ...] = ()
    origin: Origin = NOWHERE


@dataclass(frozen=True, eq=False, slots=True)
class Alloc:
    out: Value
    fill: Operand | None = None
    origin: Origin = NOWHERE


@dataclass(frozen=True, eq=False, slots=True)
class View:
    out: Value
    ref: Value
    how: How
    origin: Origin = NOWHERE


@dataclass(frozen=True, eq=False, slots=True)
class Load:
    out: Value
    ref: Value
    indices: tuple[Operand, ...]
    origin: Origin = NOWHERE


@dataclass(frozen=True, eq=False, slots=True)
class Store:
    ref: Value
    indices: tuple[Operand, ...]
    value: Operand
    origin: Origin = NOWHERE


@dataclass(frozen=True, eq=False, slots=True)
class Increment:
    ref: Value
    indices: tuple[Operand, ...]
    value: Operand
    origin: Origin = NOWHERE


@dataclass(frozen=True, eq=False, slots=True)
class Guard:
    condition: Operand
    error: type[Exception]
    message: str
    origin: Origin = NOWHERE


@dataclass(frozen=True, eq=False, slots=True)
class Rule:
    """How a function that is called as a whole is differentiated, by functions of the IR.

    They take what the function takes, after its results, and after the tangents of its arguments
    (`tangent`) or the adjoints of its results (`adjoint`). They give a tangent for each result, or
    an adjoint, or a partial, for each argument.
    """

    partials: "Function | None" = None
    tangent: "Function | None" = None
    adjoint: "Function | None" = None
    arguments: int = 0
    wrt: tuple[int, ...] = ()
    """Where `adjoint` calls itself: the arguments that have an adjoint (`transform.part`)."""


@dataclass(frozen=True, eq=False, slots=True)
class Recursion:
    """What a function that calls itself has in common with the function of those calls.

    The latter tells parameters and results, and has no body. What has been `derived` writes into
    what it is given, and is not derived again.
    """

    name: str
    derived: bool = False


@dataclass(frozen=True, eq=False, slots=True)
class Derive:
    """A derivative of a function of the IR, before it is written out (`transform.expand`).

    `seeds` come first where the mode takes any: one for each float result (reverse; None: it is not
    differentiated) or one for each of `wrt`. `outs` are the results of `function` (reverse and
    forward), then its derivatives. What `args` refer to is only read, but for those that something
    is added `onto`, and `outs` is new memory.

    The mode `call` gives the results alone. It is differentiated by its `rule`, and without one as
    the function is, whose values the adjoint sweep computes anew. A function that calls itself is
    never written out: it stays a function of its own.
    """

    outs: tuple[Value, ...]
    function: "Function"
    mode: Mode
    wrt: tuple[int, ...]
    seeds: "tuple[Operand | None, ...]"
    args: tuple[Operand, ...]
    origin: Origin = NOWHERE
    order: int = 1
    rule: Rule | None = None
    onto: tuple[int, ...] = ()
    """The arguments, by position, to which the function adds something."""


@dataclass(frozen=True, eq=False, slots=True)
class Block:
    """Statements. All of them, nested ones included, are listed when first asked for."""

    statements: "tuple[Statement, ...]" = ()
    listed: "tuple[Statement, ...] | None" = field(default=None, init=False, repr=False)


@dataclass(frozen=True, eq=False, slots=True)
class Join:
    out: Value
    then: Operand
    orelse: Operand


@dataclass(frozen=True, eq=False, slots=True)
class If:
    condition: Operand
    then: Block
    orelse: Block
    joins: tuple[Join, ...] = ()
    origin: Origin = NOWHERE


@dataclass(frozen=True, eq=False, slots=True)
class Carried:
    phi: Value
    init: Operand
    next: Operand
    out: Value


@dataclass(frozen=True, eq=False, slots=True)
class For:
    """`index` takes the values of range(start, stop, step), bounds read once.

    `leave`, if given, is a condition at the end of the body: true ends the loop. `trips`, if given,
    is the number of iterations that were started.
    """

    index: Value
    start: Operand
    stop: Operand
    step: Operand
    carried: tuple[Carried, ...]
    body: Block
    leave: Operand | None = None
    trips: Value | None = None
    origin: Origin = NOWHERE


@dataclass(frozen=True, eq=False, slots=True)
class While:
    """Each round: `head`, stop unless `condition`, `body`, stop if `leave`.

    Where the loop ends by its condition, `out` is the value of `phi` in that last head; where it
    ends by `leave`, it is `next`.
    """

    carried: tuple[Carried, ...]
    head: Block
    condition: Operand
    body: Block
    leave: Operand | None = None
    trips: Value | None = None
    origin: Origin = NOWHERE


Simple = Call | Alloc | View | Load | Store | Increment | Guard | Derive
Statement = Simple | If | For | While
Loop = For | While


@dataclass(frozen=True, eq=False, slots=True)
class Function:
    """A function in SSA form. `doc` is the docstring of its text; `notes` say what is kept."""

    name: str
    params: tuple[Value, ...]
    body: Block
    results: tuple[Operand, ...]
    doc: str = ""
    span: Span | None = None
    notes: tuple[str, ...] = field(default=())
    recursion: Recursion | None = None


def is_array(operand: Operand) -> bool:
    """Say whether `operand` refers to an array."""
    return type(operand.type) is Array
