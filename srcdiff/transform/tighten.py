"""Give references the strongest layout that follows from what they refer to, as Numba infers it.

    phi float64[:] (x float64[:], ...)    ->    phi float64[::1] (copy of x float64[::1], ...)

Types are inferred from the arguments; arrays of the function's own, which came in place of them,
are contiguous, and so are the views of them and the names that loops and branches bind to them.
"""

from dataclasses import replace

from srcdiff.ir.layout import layouts_of, view_layout
from srcdiff.ir.nodes import Block, For, Function, If, Operand, Value, View, While, is_array
from srcdiff.ir.types import Array, Layout, Type
from srcdiff.ir.walk import Substitution, blocks

STRONGEST: tuple[Layout, ...] = ("C", "F", "A")


def tighten(function: Function) -> Function:
    """Strengthen the layouts of views, joins and carried references."""
    types = _Layouts().of(function)
    changed = {v: type for v, type in types.items() if type != v.type}
    if not changed:
        return function
    mapping: dict[Value, Operand] = {}
    body = Substitution(mapping, types=changed).block(function.body)
    results = tuple(mapping.get(r, r) if isinstance(r, Value) else r for r in function.results)
    return replace(function, body=body, results=results)


class _Layouts:
    """The types of references; those of phis start with the layout of `init` and only weaken."""

    def __init__(self) -> None:
        self.types: dict[Value, Type] = {}
        self.is_settled = False

    def of(self, function: Function) -> dict[Value, Type]:
        while not self.is_settled:
            self.is_settled = True
            self._block(function.body)
        return self.types

    def type(self, operand: Operand) -> Type:
        return self.types.get(operand, operand.type) if isinstance(operand, Value) else operand.type

    def _block(self, block: Block) -> None:
        for statement in block.statements:
            if isinstance(statement, For | While):
                for entry in statement.carried:
                    if is_array(entry.phi) and entry.phi not in self.types:
                        self.types[entry.phi] = self.type(entry.init)
            for inner in blocks(statement):
                self._block(inner)
            match statement:
                case View(out=out, ref=ref, how=how):
                    type = self.type(ref)
                    assert isinstance(type, Array) and isinstance(out.type, Array)
                    self.types[out] = replace(out.type, layout=view_layout(type, how))
                case If(joins=joins):
                    for join in joins:
                        self._meet(join.out, join.then, join.orelse)
                case For(carried=carried) | While(carried=carried):
                    for entry in carried:
                        before = self.types.get(entry.phi)
                        self._meet(entry.phi, entry.init, entry.next)
                        self._meet(entry.out, entry.phi, entry.next)
                        self.is_settled &= self.types.get(entry.phi) == before

    def _meet(self, out: Value, *sources: Operand) -> None:
        if isinstance(out.type, Array):
            known = [layouts_of(self.type(source)) for source in sources]
            shared = frozenset.intersection(*known)
            layout = next(each for each in STRONGEST if each in shared)
            self.types[out] = replace(out.type, layout=layout)
