"""Let constants that were barred from differentiation be plain copies, once it is done.

y = Call stop_gradient(x)     ->     y = Call copy(x)     or, of a number,     y = Call positive(x)
"""

from dataclasses import replace

import numpy as np

from srcdiff.ir.nodes import Call, Function, Statement, is_array
from srcdiff.ir.walk import rewrite
from srcdiff.words import stop_gradient


def release(function: Function) -> Function:
    """Replace each `stop_gradient` in `function`."""
    return replace(function, body=rewrite(function.body, _released))


def _released(statement: Statement) -> list[Statement]:
    match statement:
        case Call(function=function, out=out) if function is stop_gradient:
            return [replace(statement, function=np.copy if is_array(out) else np.positive)]
    return [statement]
