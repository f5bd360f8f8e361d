"""Let a product of matrices be the array that it is written to.

    b = Alloc (n, m) of zeros
    t = Call matmul(x, y)                 b = Call matmul(x, y)
    Increment b += t              ->

Nothing else may touch the new array before, and nothing else may have a use for the product. Only
in the adjoint sweep, where something is added: 0.0 + -0.0 is 0.0.
"""

from dataclasses import dataclass, replace
from typing import TypeGuard

from srcdiff.analysis.dataflow import Dataflow, Use, dataflow
from srcdiff.ir.build import is_zeros
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    Function,
    Increment,
    Operand,
    Statement,
    Store,
    Value,
)
from srcdiff.ir.walk import map_blocks, renewed, statements
from srcdiff.transform.factor import PRODUCTS


def adopt(function: Function) -> Function:
    """Let products in `function` be the new arrays that they are written to."""
    if not any(map(is_product, statements(function.body))):
        return function
    body = _Adopter(dataflow(function)).block(function.body)
    return function if body is function.body else replace(function, body=body)


def _product_of(flow: Dataflow, value: Value) -> Call | None:
    call = flow.definitions[value].statement
    return call if is_product(call) else None


def is_product(statement: Statement | None) -> TypeGuard[Call]:
    """Say whether a statement is a product of matrices."""
    return isinstance(statement, Call) and statement.function in PRODUCTS


@dataclass(eq=False)
class _Adopter:
    flow: Dataflow

    def block(self, block: Block) -> Block:
        changed: dict[Statement, list[Statement]] = {}
        for position, statement in enumerate(block.statements):
            found = self.adopted(block, position, statement)
            if found is not None:
                alloc, call = found
                changed |= {alloc: [], statement: [], call: [replace(call, out=alloc.out)]}
        result = [
            map_blocks(new, self.block) for s in block.statements for new in changed.get(s, [s])
        ]
        return renewed(block, result)

    def adopted(
        self, block: Block, position: int, statement: Statement
    ) -> tuple[Alloc, Call] | None:
        """Return the new array that a statement writes a product to, and the product."""
        if not isinstance(statement, Store | Increment) or statement.indices:
            return None
        ref, value = statement.ref, statement.value
        alloc = self.flow.definitions[ref].statement
        call = _product_of(self.flow, value) if isinstance(value, Value) else None
        if call is None or not isinstance(alloc, Alloc) or call.out.type != ref.type:
            return None
        if isinstance(statement, Increment):
            if not is_zeros(alloc) or statement.origin.sweep != "adjoint":
                return None
        before, made = (self.flow.definitions[value] for value in (ref, call.out))
        if not before.block is block is made.block or len(self.flow.uses[call.out]) != 1:
            return None
        if not all(self.is_known(extent, block, made.position) for extent in ref.shape):
            return None
        first = all(place(self.flow, use, block) >= position for use in self.flow.uses[ref])
        return (alloc, call) if first else None

    def is_known(self, extent: Operand, block: Block, position: int) -> bool:
        """Say whether an extent is known at a position of a block."""
        if not isinstance(extent, Value):
            return True
        made = self.flow.definitions[extent]
        outside = any(each is made.block for each, _, _ in self.flow.ancestors(block))
        before = made.block is block and made.position < position
        return outside or before or made.kind == "param"


def place(flow: Dataflow, use: Use, block: Block) -> int:
    """Return the position in `block` of a use, there or in a statement of it.

    What a loop carries on from the end of its body is used by the loop.
    """
    around = [(use.block, use.position, use.statement), *flow.ancestors(use.block)]
    end = len(block.statements)
    return next((position for each, position, _ in around if each is block), end)
