"""Which definitions are printed inside their use.

    _a = Load(u, i)
    _b = multiply(r, _a)          u[i] = u[i] + r * u[i]
    Store(u, i, add(_a', _b))

A temporary (a value whose name starts with an underscore) moves to its use if that is the only one,
in the same block, and nothing between the two writes what it reads or gives a name that it
mentions to another value. What never changes stands anywhere: the extents of arrays, and indices of
loops with a literal added, `x.shape[k]` and `i - 1`.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from srcdiff.ir.memory import Changes, Classes, alias_classes, is_temporary
from srcdiff.ir.nodes import (
    Block,
    Call,
    Const,
    For,
    Function,
    If,
    Increment,
    Index,
    Load,
    NewAxis,
    Operand,
    Slice,
    Statement,
    Store,
    Value,
    View,
    While,
    is_array,
)
from srcdiff.ir.operators import BINARY
from srcdiff.ir.types import BOOL
from srcdiff.ir.walk import (
    blocks,
    operands,
    statements,
    values,
)
from srcdiff.words import ORDERED

MOST_OPERATIONS = 6
MOST_COLUMNS = 70
Nested = Call | View | Load


@dataclass(frozen=True, eq=False)
class Nesting:
    """What is printed where.

    `inside` maps each value that has no line to its definition. `used` holds the values that
    something reads. `held` maps a loop that is left by a condition on an old value of a phi to the
    name that keeps this condition while the phis move on.
    """

    classes: Classes
    inside: dict[Value, Nested] = field(default_factory=dict)
    used: set[Value] = field(default_factory=set)
    held: dict[For | While, Value] = field(default_factory=dict)
    indices: frozenset[Value] = frozenset()

    def is_free(self, statement: Statement) -> bool:
        """Say whether a definition may be printed at any number of places: it never changes."""
        return is_shape_read(statement) or is_offset(statement, self.indices)

    def leaves(self, operand: Operand) -> tuple[Value, ...]:
        """Return the named values that the text of `operand` mentions."""
        if not isinstance(operand, Value):
            return ()
        inner = self.inside.get(operand)
        if inner is None:
            return (operand,)
        return tuple(leaf for part in operands(inner) for leaf in self.leaves(part))


def is_shape_read(statement: Statement) -> bool:
    """Say whether a statement reads one extent of an array."""
    return (
        isinstance(statement, Call)
        and statement.function is np.shape
        and bool(statement.static)
        and is_array(statement.args[0])
    )


def is_offset(statement: Statement, indices: frozenset[Value]) -> bool:
    """Say whether a statement adds a literal to the index of a loop: `i - 1`."""
    match statement:
        case Call(out=out, function=function, args=(Value() as index, Const())):
            offset = function is np.add or function is np.subtract
            return offset and index in indices and is_temporary(out)
    return False


def read_classes(nesting: Nesting, operand: Operand) -> tuple[Value, ...]:
    """Return the alias classes whose arrays the text of an array operand reads whole."""
    if not isinstance(operand, Value) or not is_array(operand):
        return ()
    inner = nesting.inside.get(operand)
    if inner is None:
        return (nesting.classes.of(operand),)
    return tuple(name for part in operands(inner) for name in read_classes(nesting, part))


def array_like(nesting: Nesting, out: Value) -> Value | None:
    """Return the array whose shape reads are the extents of `out`, if it has the type of `out`."""
    reads = [nesting.inside.get(part) for part in out.shape if isinstance(part, Value)]
    like: Value | None = None
    for axis, read in enumerate(reads):
        if not isinstance(read, Call) or not is_shape_read(read):
            return None
        array = read.args[0]
        if dict(read.static).get("axis") != axis or (like is not None and array is not like):
            return None
        like = array if isinstance(array, Value) else None
    fits = like is not None and like.type == out.type and len(reads) == len(out.shape)
    # zeros_like of an array with any strides follows those strides.
    return like if fits and out.type.layout != "A" else None  # type: ignore[union-attr]


def nest(function: Function) -> Nesting:
    """Decide which definitions are printed inside their use."""
    loops = [s for s in statements(function.body) if isinstance(s, For)]
    indices = frozenset(loop.index for loop in loops)
    nesting = Nesting(alias_classes(function), indices=indices)
    uses = _count_uses(function)
    nesting.used.update(uses)
    _extend_to_phis(function, nesting)
    _nest_block(function.body, function.results, uses, nesting, {})
    for statement in statements(function.body):
        if isinstance(statement, For | While):
            _hold(statement, nesting)
    return nesting


def _count_uses(function: Function) -> Counter[Value]:
    uses = Counter(values(function.results))
    for statement in statements(function.body):
        uses.update(values(operands(statement)))
    return uses


def _extend_to_phis(function: Function, nesting: Nesting) -> None:
    for statement in statements(function.body):
        if isinstance(statement, For | While):
            nesting.used.update(e.phi for e in statement.carried if e.out in nesting.used)


def _hold(loop: For | While, nesting: Nesting) -> None:
    moving = {entry.phi for entry in loop.carried if entry.next is not entry.phi}
    if loop.leave is None or moving.isdisjoint(nesting.leaves(loop.leave)):
        return
    if loop.leave in moving:
        nesting.held[loop] = Value("_leave", BOOL)
    elif isinstance(loop.leave, Value):
        del nesting.inside[loop.leave]


def _nest_block(
    block: Block,
    last: tuple[Operand, ...],
    uses: Counter[Value],
    nesting: Nesting,
    known: dict[Block, Changes],
) -> None:
    """Decide for one block and those in it; `last` is what is read at its end."""
    body = block.statements
    for statement in body:
        for inner, ends in zip(blocks(statement), _ends(statement), strict=True):
            _nest_block(inner, ends, uses, nesting, known)
    sites = {part: len(body) for part in values(last)}
    for place, statement in enumerate(body):
        sites.update((part, place) for part in _places(statement))
    changes = known[block] = Changes(block, nesting.classes, known)
    final = list(range(len(body) + 1))
    for place in range(len(body) - 1, -1, -1):
        statement = body[place]
        if not isinstance(statement, Nested) or not is_temporary(statement.out):
            continue
        if isinstance(statement, Call) and statement.function in ORDERED:
            continue
        site = sites.get(statement.out)
        if nesting.is_free(statement):
            nesting.inside[statement.out] = statement
        elif site is not None and uses[statement.out] == 1:
            user = body[site] if site < len(body) else None
            if _fits(statement, user) and not changes.between(statement, place, final[site]):
                nesting.inside[statement.out] = statement
                final[place] = final[site]
    _limit(block, nesting)


def _ends(statement: Statement) -> Iterator[tuple[Operand, ...]]:
    """Iterate over what is read at the end of each block of `statement` in a place of its own."""
    match statement:
        case If():
            yield from ((), ())
        case For(leave=leave) | While(leave=leave):
            if isinstance(statement, While):
                yield (statement.condition,)
            yield () if leave is None else (leave,)
        case _:
            pass


def _places(statement: Statement) -> tuple[Value, ...]:
    """Return the operands in whose place an expression can stand."""
    match statement:
        case If(condition=condition):
            return values((condition,))
        case For(start=start, stop=stop, step=step):
            return values((start, stop, step))
        case While():
            return ()
        case _:
            return () if is_shape_read(statement) else values(operands(statement))


def _fits(statement: Nested, user: Statement | None) -> bool:
    """Say whether an expression in the place of a reference can be read and written through."""
    match user:
        case Load(ref=ref, indices=indices) if ref is statement.out:
            return _takes(statement, indices)
        case Store(ref=ref, indices=indices) | Increment(ref=ref, indices=indices) if (
            ref is statement.out
        ):
            return _takes(statement, indices)
        case View(ref=ref, how=Index()) if ref is statement.out:
            return isinstance(statement, View) and not isinstance(statement.how, Index)
        case Increment(indices=indices) if indices:
            # Numba would hold the array over the branches, and count its references in the loop.
            return not isinstance(statement, Call) or statement.function is not np.where
        case _:
            return True


def _takes(statement: Nested, indices: tuple[Operand, ...]) -> bool:
    """Say whether `indices` of a view are indices of what it is a view of."""
    if not isinstance(statement, View) or not isinstance(statement.how, Index):
        return False
    return not indices or all(
        item.start is item.stop is item.step is None
        if isinstance(item, Slice)
        else not isinstance(item, NewAxis)
        for item in statement.how.items
    )


def _limit(block: Block, nesting: Nesting) -> None:
    """Give lines to the largest parts of expressions that are too long to read."""
    sizes: dict[Value, tuple[int, int]] = {}
    for statement in block.statements:
        if nesting.is_free(statement):
            continue
        parts = [part for part in values(operands(statement)) if part in sizes]
        size = _size(statement, sizes)
        while parts and (size[0] > MOST_COLUMNS or size[1] > MOST_OPERATIONS):
            largest = max(parts, key=lambda part: sizes[part])
            parts.remove(largest)
            del nesting.inside[largest], sizes[largest]
            size = _size(statement, sizes)
        if isinstance(statement, Nested) and statement.out in nesting.inside:
            sizes[statement.out] = size


def _size(statement: Statement, sizes: dict[Value, tuple[int, int]]) -> tuple[int, int]:
    """Estimate the columns and the operations of the text of `statement`."""
    columns = operations = 0
    for part in operands(statement):
        if isinstance(part, Const):
            columns += len(repr(part.value))
        else:
            inner = sizes.get(part, (len(part.name), 0))
            columns += inner[0]
            operations += inner[1]
    match statement:
        case Call(function=function):
            name = getattr(function, "__name__", "")
            return columns + (3 if function in BINARY else len(name) + 6), operations + 1
        case Load() | View():
            return columns + 4, 0
        case _:
            return columns + 4, operations
