"""Replace the words that steer differentiation, once it is done.

y = Call stop_gradient(x)     ->     y = Call copy(x)     or, of a number,     y = Call positive(x)
y = Call guarded(s, p)        ->     t = Call equal(s, 0);     y = Call where(t, 0, p)
"""

from dataclasses import replace

import numpy as np

from srcdiff.ir.build import Builder, constant
from srcdiff.ir.nodes import Call, Function, Statement, is_array
from srcdiff.ir.types import Scalar
from srcdiff.ir.walk import rewrite
from srcdiff.words import guarded, stop_gradient


def release(function: Function) -> Function:
    """Replace each `stop_gradient` and each `guarded` in `function`."""
    return replace(function, body=rewrite(function.body, _released))


def _released(statement: Statement) -> list[Statement]:
    match statement:
        case Call(function=function, out=out) if function is stop_gradient:
            return [replace(statement, function=np.copy if is_array(out) else np.positive)]
        case Call(function=function, args=(seed, product)) if function is guarded:
            builder = Builder(statement.origin)
            zero = constant(0, Scalar(seed.type.dtype))
            silent = builder.call(np.equal, seed, zero)
            choice = replace(statement, function=np.where, args=(silent, zero, product))
            return [*builder.statements, choice]
    return [statement]
