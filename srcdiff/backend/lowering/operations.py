"""Arithmetic and comparisons of two numbers of one type.

Numba looks each of them up among hundreds, and writes a block of its own for a division that might
be by zero, which in generated code is no error.
"""

import operator
from collections.abc import Callable
from typing import Any

from numba.core import types
from numba.core.callconv import NumpyErrorModel

from srcdiff.backend.lowering.values import Values

_COMPARISONS = {
    operator.lt: "<",
    operator.le: "<=",
    operator.gt: ">",
    operator.ge: ">=",
    operator.eq: "==",
    operator.ne: "!=",
}


def _float(operation: Any, builder: Any) -> Callable[[Any, Any], Any] | None:
    if operation is operator.ne:
        return lambda a, b: builder.fcmp_unordered("!=", a, b)
    if operation in _COMPARISONS:
        return lambda a, b: builder.fcmp_ordered(_COMPARISONS[operation], a, b)
    if operation is operator.add:
        return builder.fadd  # type: ignore[no-any-return]
    if operation is operator.sub:
        return builder.fsub  # type: ignore[no-any-return]
    if operation is operator.mul:
        return builder.fmul  # type: ignore[no-any-return]
    return builder.fdiv if operation is operator.truediv else None


def _integer(operation: Any, builder: Any) -> Callable[[Any, Any], Any] | None:
    if operation in _COMPARISONS:
        return lambda a, b: builder.icmp_signed(_COMPARISONS[operation], a, b)
    if operation is operator.add:
        return lambda a, b: builder.add(a, b, flags=["nsw"])
    if operation is operator.sub:
        return lambda a, b: builder.sub(a, b, flags=["nsw"])
    if operation is operator.mul:
        return lambda a, b: builder.mul(a, b, flags=["nsw"])
    return None


class Operations(Values):
    """Short ways to the instructions that operators are."""

    def lower_binop(self, resty: Any, expr: Any, op: Any) -> Any:
        signature = self.fndesc.calltypes[expr]
        kind, other = signature.args
        write = None
        if kind == other and isinstance(self.context.error_model, NumpyErrorModel):
            if kind == types.float64 or kind == types.float32:
                write = _float(op, self.builder)
            elif kind == types.int64:
                write = _integer(op, self.builder)
        if write is None:
            return super().lower_binop(resty, expr, op)
        left, right = self._cast_var(expr.lhs, kind), self._cast_var(expr.rhs, kind)
        result = write(left, right)
        return self.context.cast(self.builder, result, signature.return_type, resty)
