"""Copies of arrays, and other shapes of them.

Numba compiles a function or two for each, which take as long as fifty lines of generated text.
"""

from collections.abc import Sequence
from typing import Any

from numba.core import cgutils, types
from numba.np.arrayobj import get_itemsize

from srcdiff.backend.lowering.values import Values
from srcdiff.runtime.allocation import array_value, new_array

_UNEQUAL = "total size of new array must be unchanged"


class Methods(Values):
    """Short code for `a.copy()` and `a.reshape(shape)` of arrays without gaps."""

    def lower_expr(self, resty: Any, expr: Any) -> Any:
        if expr.op == "call" and isinstance(self.typeof(expr.func.name), types.BoundFunction):
            method = self.typeof(expr.func.name)
            source, key = method.this, method.typing_key
            both = isinstance(source, types.Array) and isinstance(resty, types.Array)
            if both and source.layout == resty.layout != "A":
                if key == "array.copy" and not expr.args and not self.is_counted(source.dtype):
                    return self._copy(resty, self.loadvar(expr.func.name))
                if key == "array.reshape" and source.layout == "C" and len(expr.args) == 1:
                    extents = self._extents(expr.args[0])
                    if extents is not None:
                        return self._reshape(source, resty, self.loadvar(expr.func.name), extents)
        return super().lower_expr(resty, expr)

    def _extents(self, shape: Any) -> list[Any] | None:
        """Return the extents that a variable holds, if it is a tuple of integers."""
        kind = self.typeof(shape.name)
        if not isinstance(kind, types.BaseTuple):
            return None
        if not all(isinstance(item, types.Integer) for item in kind):
            return None
        return [
            self.context.cast(self.builder, extent, item, types.intp)
            for extent, item in zip(self.parts(shape.name), kind, strict=True)
        ]

    def _field(self, type: Any, array: Any, name: str, *axis: int) -> Any:
        return self.builder.extract_value(array, [self.position(type, name), *axis])

    def _copy(self, type: Any, array: Any) -> Any:
        extents = [self._field(type, array, "shape", axis) for axis in range(type.ndim)]
        made = new_array(self.context, self.builder, type, extents)
        to, source = (self._field(type, each, "data") for each in (made, array))
        count = self._field(type, array, "nitems")
        cgutils.raw_memcpy(self.builder, to, source, count, get_itemsize(self.context, type))
        return made

    def _reshape(self, source: Any, type: Any, array: Any, extents: Sequence[Any]) -> Any:
        """One extent may be negative: it is what is left for it."""
        builder, zero, one = self.builder, extents[0].type(0), extents[0].type(1)
        negative = [builder.icmp_signed("<", extent, zero) for extent in extents]
        known, missing = one, zero
        for extent, is_missing in zip(extents, negative, strict=True):
            known = builder.mul(known, builder.select(is_missing, one, extent))
            missing = builder.add(missing, builder.zext(is_missing, zero.type))
        nothing = builder.icmp_signed("==", known, zero)
        count = self._field(source, array, "nitems")
        left = builder.sdiv(count, builder.select(nothing, one, known))
        left = builder.select(nothing, zero, left)
        some = builder.icmp_signed(">", missing, zero)
        total = builder.mul(known, builder.select(some, left, one))
        fails = builder.or_(
            builder.icmp_signed("!=", total, count), builder.icmp_signed(">", missing, one)
        )
        with builder.if_then(fails, likely=False):
            self.context.call_conv.return_user_exc(builder, ValueError, (_UNEQUAL,))
        shape = [
            builder.select(is_missing, left, extent)
            for extent, is_missing in zip(extents, negative, strict=True)
        ]
        self.incref(source, array)
        owner, data = (self._field(source, array, name) for name in ("meminfo", "data"))
        return array_value(self.context, builder, type, shape, owner, data)
