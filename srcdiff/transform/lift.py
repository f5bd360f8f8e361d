"""Move integer arithmetic that does not change in a loop in front of it.

    For t                                    m = Call subtract(n, 1)
        m = Call subtract(n, 1)      ->      For t
        flux = Alloc (m,)                        flux = Alloc (m,)

Extents known in front of a loop let what each iteration keeps be a row of one array.
"""

from dataclasses import replace

import numpy as np

from srcdiff.ir.nodes import (
    Block,
    Call,
    Const,
    For,
    Function,
    Statement,
    Value,
    While,
    is_array,
)
from srcdiff.ir.updates import updated
from srcdiff.ir.walk import all_definitions, inner_definitions, map_blocks, renewed

SAFE = (np.add, np.subtract, np.multiply, max, min)
DIVISIONS = (np.floor_divide, np.remainder)


def lift(function: Function) -> Function:
    """Move invariant integer arithmetic of `function` out of loops."""
    return updated(function, body=_block(function.body))


def _block(block: Block) -> Block:
    result: list[Statement] = []
    for statement in block.statements:
        new = map_blocks(statement, _block)
        if isinstance(new, For | While):
            moved, new = _lifted(new)
            result += moved
        result.append(new)
    return renewed(block, result)


def _lifted(loop: For | While) -> tuple[list[Statement], For | While]:
    """Return what moves in front of a loop, and the loop without it."""
    block = loop.body
    inside = {*inner_definitions(loop), *all_definitions(block)}
    if isinstance(loop, While):
        inside |= set(all_definitions(loop.head))
    moved: list[Statement] = []
    for statement in block.statements:
        if isinstance(statement, Call) and _is_invariant(statement, inside):
            moved.append(statement)
            inside.discard(statement.out)
    if not moved:
        return [], loop
    taken = set(moved)
    body = Block(tuple(s for s in block.statements if s not in taken))
    return moved, replace(loop, body=body)


def _is_invariant(call: Call, inside: set[Value]) -> bool:
    """Say whether a call is integer arithmetic of what exists in front of the loop."""
    if is_array(call.out) or call.out.type.dtype.kind != "i" or not call.out.name.startswith("_"):
        return False
    if any(arg in inside for arg in call.args):
        return False
    if call.function is np.shape:
        return True
    if any(map(is_array, call.args)):
        return False
    divides = call.function in DIVISIONS
    divisor = call.args[-1]
    return call.function in SAFE or (divides and isinstance(divisor, Const) and divisor.value != 0)
