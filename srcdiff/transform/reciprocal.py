"""Divide once by what several adjoints are divided by.

    t = Call divide(a_bar, d)                   r = Call divide(1.0, d)
    u = Call divide(b_bar, d)           ->      t = Call multiply(a_bar, r)
                                                u = Call multiply(b_bar, r)

A division takes as long as four to eight products, and where an adjoint waits for the one of the
iteration before, as in the solution of a tridiagonal system, it waits for a product then. The
user's divisions stay as they are. A product is within 1.5 ulp of the quotient; where `1.0 / d`
overflows, which is the partial itself, `d` is too small for a normal number.
"""

from dataclasses import replace

import numpy as np

from srcdiff.ir.build import Builder, constant
from srcdiff.ir.nodes import Block, Call, Function, Operand, Statement, Value, is_array
from srcdiff.ir.types import Scalar
from srcdiff.ir.walk import map_blocks, renewed


def reciprocal(function: Function) -> Function:
    """Let adjoints in `function` that are divided by the same number be multiplied instead."""
    return replace(function, body=_block(function.body))


def _block(block: Block) -> Block:
    shared = _shared(block)
    made: dict[Operand, Value] = {}
    result: list[Statement] = []
    for statement in block.statements:
        if isinstance(statement, Call) and _is_quotient(statement) and statement.args[1] in shared:
            builder = Builder(statement.origin)
            dividend, divisor = statement.args
            if divisor not in made:
                one = constant(1, Scalar(divisor.type.dtype))
                made[divisor] = builder.call(np.divide, one, divisor)
            result += builder.statements
            product = replace(statement, function=np.multiply, args=(dividend, made[divisor]))
            result.append(product)
        else:
            result.append(map_blocks(statement, _block))
    return renewed(block, result)


def _shared(block: Block) -> set[Operand]:
    """Return the numbers that several adjoints are divided by in a block."""
    divisors = [s.args[1] for s in block.statements if isinstance(s, Call) and _is_quotient(s)]
    return {each for each in divisors if divisors.count(each) > 1}


def _is_quotient(call: Call) -> bool:
    """Say whether a number of the adjoint sweep is divided by another one."""
    if call.function is not np.divide or call.origin.sweep != "adjoint":
        return False
    operands = (call.out, *call.args)
    plain = all(o.type.dtype.kind == "f" and not is_array(o) for o in operands)
    return plain and isinstance(call.args[1], Value)
