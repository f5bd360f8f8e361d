"""Elements of arrays.

Numba takes an array apart and puts it together again at each access, some fifty instructions for
`a[i, j]`. These are the twenty that matter, read from where the variable is kept; negative indices
count from the end, as they do there.
"""

from typing import Any

from llvmlite import ir as llvm
from numba.core import cgutils, types
from numba.core.lowering import Lower
from numba.np.arrayobj import fix_integer_index, load_item, make_array, mark_positive, store_item


class Elements(Lower):  # type: ignore[misc]
    """Short code for `a[i, j]` and `a[i, j] = x`."""

    def lower_getitem(self, resty: Any, expr: Any, value: Any, index: Any, signature: Any) -> Any:
        if not self._is_element(value, index):
            return super().lower_getitem(resty, expr, value, index, signature)
        array = self.typeof(value.name)
        item = load_item(self.context, self.builder, array, self._pointer(value, index))
        return self.context.cast(self.builder, item, array.dtype, resty)

    def lower_setitem(self, target_var: Any, index_var: Any, value_var: Any, signature: Any) -> Any:
        given = self.typeof(value_var.name)
        if not self._is_element(target_var, index_var) or not _is_number(given):
            return super().lower_setitem(target_var, index_var, value_var, signature)
        array = self.typeof(target_var.name)
        item = self.context.cast(self.builder, self.loadvar(value_var.name), given, array.dtype)
        pointer = self._pointer(target_var, index_var)
        return store_item(self.context, self.builder, array, item, pointer)

    def _is_element(self, array: Any, index: Any) -> bool:
        """Say whether an index, not to be checked, is one integer for each axis of an array."""
        type = self.typeof(array.name)
        indices = _types(self.typeof(index.name))
        return (
            isinstance(type, types.Array)
            and _is_number(type.dtype)
            and array.name not in self._blk_local_varmap
            and len(indices) == type.ndim > 0
            and all(isinstance(index, types.Integer) for index in indices)
            and not self.context.enable_boundscheck
        )

    def _pointer(self, variable: Any, index: Any) -> Any:
        type = self.typeof(variable.name)
        array = make_array(type)(self.context, self.builder, ref=self.getvar(variable.name))
        extents = [self._extent(array, axis) for axis in range(type.ndim)]
        strides = () if type.layout in "CF" else self._strides(array, type.ndim)
        return cgutils.get_item_pointer2(
            self.context,
            self.builder,
            data=array.data,
            shape=extents,
            strides=strides,
            layout=type.layout,
            inds=self._indices(index, extents),
        )

    def _indices(self, index: Any, extents: list[Any]) -> list[Any]:
        type, value = self.typeof(index.name), self.loadvar(index.name)
        values = [value] if isinstance(type, types.Integer) else self._unpacked(value, len(extents))
        return [
            self._counted(kind, each, extent)
            for kind, each, extent in zip(_types(type), values, extents, strict=True)
        ]

    def _counted(self, type: Any, value: Any, extent: Any) -> Any:
        if isinstance(type, types.IntegerLiteral) and type.literal_value >= 0:
            return llvm.Constant(extent.type, type.literal_value)
        return fix_integer_index(self.context, self.builder, type, value, extent)

    def _extent(self, array: Any, axis: int) -> Any:
        pointer = cgutils.gep_inbounds(self.builder, array._get_ptr_by_name("shape"), 0, axis)
        extent = self.builder.load(pointer)
        mark_positive(self.builder, extent)
        return extent

    def _strides(self, array: Any, count: int) -> Any:
        return self._unpacked(array.strides, count)

    def _unpacked(self, value: Any, count: int) -> Any:
        return cgutils.unpack_tuple(self.builder, value, count=count)


def _types(index: Any) -> tuple[Any, ...]:
    return tuple(index.types) if isinstance(index, types.BaseTuple) else (index,)


def _is_number(type: Any) -> bool:
    return isinstance(type, types.Number | types.Boolean)
