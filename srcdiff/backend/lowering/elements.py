"""Elements of arrays.

Numba takes an array apart and puts it together again at each access, some fifty instructions for
`a[i, j]`. These are the fifteen that matter, read from where the variable is kept; negative indices
count from the end, as they do there.
"""

from typing import Any

from numba.core import cgutils, ir, types
from numba.np.arrayobj import fix_integer_index, load_item, store_item

from srcdiff.backend.lowering.scopes import Scopes
from srcdiff.backend.lowering.values import Kept, Known, Values


class Elements(Scopes, Values):
    """Short code for `a[i, j]` and `a[i, j] = x`."""

    def lower_getitem(self, resty: Any, expr: Any, value: Any, index: Any, signature: Any) -> Any:
        if not self._is_element(value, index):
            return super().lower_getitem(resty, expr, value, index, signature)
        array = self.typeof(value.name)
        pointer = self._pointer(value, index)
        start = len(self.builder.block.instructions)
        item = load_item(self.context, self.builder, array, pointer)
        self.mark(value.name, start)
        return self.context.cast(self.builder, item, array.dtype, resty)

    def lower_setitem(self, target_var: Any, index_var: Any, value_var: Any, signature: Any) -> Any:
        given = self.typeof(value_var.name)
        if not self._is_element(target_var, index_var) or not _is_number(given):
            return super().lower_setitem(target_var, index_var, value_var, signature)
        array = self.typeof(target_var.name)
        item = self.context.cast(self.builder, self.loadvar(value_var.name), given, array.dtype)
        pointer = self._pointer(target_var, index_var)
        start = len(self.builder.block.instructions)
        result = store_item(self.context, self.builder, array, item, pointer)
        self.mark(target_var.name, start)
        return result

    def _is_element(self, array: Any, index: Any) -> bool:
        """Say whether an index, not to be checked, is one integer for each axis of an array."""
        type = self.typeof(array.name)
        indices = _types(self.typeof(index.name))
        return (
            isinstance(type, types.Array)
            and _is_number(type.dtype)
            and len(indices) == type.ndim > 0
            and all(isinstance(index, types.Integer) for index in indices)
            and not self.context.enable_boundscheck
        )

    def _pointer(self, variable: Any, index: Any) -> Any:
        builder, type = self.builder, self.typeof(variable.name)
        array = self.array(variable.name)
        order = range(type.ndim)[:: -1 if type.layout == "F" else 1]
        indices = self._indices(array, index, order)
        if type.layout == "A":
            offset = builder.mul(array.stride(0), indices[0])
            for axis in range(1, type.ndim):
                offset = builder.add(offset, builder.mul(array.stride(axis), indices[axis]))
            return cgutils.pointer_add(builder, array.data, offset)
        place = indices[order[0]]
        for axis in order[1:]:
            place = builder.add(builder.mul(place, array.extent(axis)), indices[axis])
        return builder.gep(array.data, [place])

    def _indices(self, array: Known | Kept, index: Any, order: range) -> list[Any]:
        """Return indices that count from the start.

        Only the one that moves through memory in the smallest steps is looked at more closely. If
        LLVM knew of the others that they never wrap around, it would move its checks that rows do
        not overlap out of the loop around, where they fail.
        """
        kinds = _types(self.typeof(index.name))
        single = not isinstance(self.typeof(index.name), types.BaseTuple)
        values = [self.loadvar(index.name)] if single else self.parts(index.name)
        result = []
        for axis, (kind, each) in enumerate(zip(kinds, values, strict=True)):
            if axis == order[-1] and self._is_natural(index, axis):
                result.append(self.context.cast(self.builder, each, kind, types.intp))
            else:
                extent = array.extent(axis)
                result.append(fix_integer_index(self.context, self.builder, kind, each, extent))
        return result

    def _is_natural(self, index: Any, axis: int) -> bool:
        """Say whether an index is known not to be negative."""
        maker = self.maker(index)
        made = None if maker is None else maker.value
        if isinstance(made, ir.Expr) and made.op == "build_tuple":
            least = self.least(made.items[axis], maker)
        else:
            least = self.least(index)
        return least is not None and least >= 0


def _types(index: Any) -> tuple[Any, ...]:
    return tuple(index.types) if isinstance(index, types.BaseTuple) else (index,)


def _is_number(type: Any) -> bool:
    return isinstance(type, types.Number | types.Boolean)
