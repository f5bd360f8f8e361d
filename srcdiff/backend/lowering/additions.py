"""Sums of adjoints, which are added up in any order and without rounding products first.

Numba would compile `radd` as a function, and LLVM put it where it is called. Written here, an
addition may take the product that it adds with it, unrounded (FMA). Nothing else may: what a
condition compares must be the same number each time that it is computed.
"""

from typing import Any

from numba.core import types

from srcdiff.backend.lowering.bounds import Bounds
from srcdiff.runtime.sums import radd

_FREE = ("reassoc", "contract")


class Additions(Bounds):
    """Short code for `radd(a, b)`."""

    def lower_expr(self, resty: Any, expr: Any) -> Any:
        if expr.op == "call" and isinstance(resty, types.Float) and self._is_free_sum(expr):
            left, right = (self._cast_var(arg, resty) for arg in expr.args)
            _free(left)
            _free(right)
            return self.builder.fadd(left, right, flags=[*_FREE])
        return super().lower_expr(resty, expr)

    def _is_free_sum(self, call: Any) -> bool:
        function = self.typeof(call.func.name)
        if not isinstance(function, types.Dispatcher) or function.dispatcher is not radd:
            return False
        return all(isinstance(self.typeof(arg.name), types.Float) for arg in call.args)


def _free(value: Any) -> None:
    """Let a product be part of an addition that says so, too."""
    opname = getattr(value, "opname", None)
    if opname == "fneg":
        _free(value.operands[0])
    elif opname == "fmul" and "contract" not in value.flags:
        value.flags = [*value.flags, "contract"]
