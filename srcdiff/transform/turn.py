"""Turn arrays around that innermost loops only walk through down their columns.

    s = Alloc (n, m)                      s = Alloc (m, n)
    For i in range(m)                     For i in range(m)
        For j in range(n)         ->          For j in range(n)
            Store s[j, i] = e                     Store s[i, j] = e

What is kept for the adjoint sweep has its axes in the order of the user's loops, which may be
another one now (`interchange`). The array must be one that nobody sees as a whole.
"""

from dataclasses import dataclass, field, replace

from srcdiff.analysis.indices import Indices, indices
from srcdiff.ir.memory import Access
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    For,
    Function,
    Increment,
    Load,
    Operand,
    Statement,
    Store,
    Value,
)
from srcdiff.ir.walk import blocks, operands, rewrite, statements


def turn(function: Function) -> Function:
    """Swap an axis of arrays of `function` with the last one, where loops then run along rows."""
    if not any(isinstance(s, Alloc) and len(s.out.shape) > 1 for s in statements(function.body)):
        return function
    work = _Walk(indices(function))
    work.block(function.body, None)
    seen = work.whole.union(function.results)
    found = {ref: axis for ref, axis in work.axes.items() if axis is not None and ref not in seen}
    turned = {
        alloc.out: replace(alloc.out, shape=_swapped(alloc.out.shape, found[alloc.out]))
        for alloc in work.made
        if alloc.out in found
    }
    if not turned:
        return function

    def change(statement: Statement) -> list[Statement]:
        match statement:
            case Alloc(out=out) if out in turned:
                return [replace(statement, out=turned[out])]
            case (
                Load(ref=ref, indices=place)
                | Store(ref=ref, indices=place)
                | Increment(ref=ref, indices=place)
            ) if ref in turned:
                return [replace(statement, ref=turned[ref], indices=_swapped(place, found[ref]))]
        return [statement]

    return replace(function, body=rewrite(function.body, change))


def _swapped(items: tuple[Operand, ...], axis: int) -> tuple[Operand, ...]:
    result = [*items]
    result[axis], result[-1] = result[-1], result[axis]
    return tuple(result)


@dataclass(eq=False)
class _Walk:
    """Which axis of each array innermost loops go along; None: there is none for all."""

    integers: Indices
    axes: dict[Value, int | None] = field(default_factory=dict)
    whole: set[Operand] = field(default_factory=set)
    """What is used otherwise than element by element."""
    made: list[Alloc] = field(default_factory=list)

    def block(self, block: Block, loop: For | None) -> None:
        for statement in block.statements:
            match statement:
                case Alloc():
                    self.made.append(statement)
                case Load() | Store() | Increment() if statement.indices:
                    self.whole.update(operands(statement)[1:])
                    self.access(statement, loop)
                case _:
                    self.whole.update(operands(statement))
            for inner in blocks(statement):
                self.block(inner, statement if isinstance(statement, For) else loop)

    def access(self, access: Access, loop: For | None) -> None:
        """Note the axis of an access at which an index follows the innermost loop."""
        along = [
            axis
            for axis, index in enumerate(access.indices)
            if loop is not None and self.integers.affine(index)[0] is loop.index
        ]
        if not along:
            return
        (first, *more), last = along, len(access.indices) - 1
        axis = None if more or first == last else first
        known = self.axes.setdefault(access.ref, axis)
        if known != axis:
            self.axes[access.ref] = None
