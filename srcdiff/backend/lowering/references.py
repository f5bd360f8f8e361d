"""Counts of references.

Numba takes apart whatever goes out of scope to look for something that is counted, numbers and
counters of loops as well, and writes zeros over it. Of an array, one pointer matters.
"""

from typing import Any

from llvmlite import ir as llvm
from numba.core import types
from numba.core.lowering import Lower
from numba.np.arrayobj import make_array

_OWNER = types.MemInfoPointer(types.voidptr)


class References(Lower):
    """Code that counts references of what has any."""

    def incref(self, typ: Any, val: Any) -> None:
        if self._is_counted(typ):
            super().incref(*self._owner(typ, val))

    def decref(self, typ: Any, val: Any) -> None:
        if self._is_counted(typ):
            super().decref(*self._owner(typ, val))

    def delvar(self, name: str) -> None:
        type = self.typeof(name)
        if name in self._blk_local_varmap:
            super().delvar(name)
        elif not self._is_counted(type):
            self._singly_assigned_vars.discard(name)
        elif not isinstance(type, types.Array):
            super().delvar(name)
        else:
            self._singly_assigned_vars.discard(name)
            self._alloca_var(name, type)
            array = make_array(type)(self.context, self.builder, ref=self.getvar(name))
            super().decref(_OWNER, array.meminfo)
            array.meminfo = llvm.Constant(array.meminfo.type, None)

    def _is_counted(self, type: Any) -> bool:
        return bool(self.context.data_model_manager[type].contains_nrt_meminfo())

    def _owner(self, type: Any, value: Any) -> tuple[Any, Any]:
        """Return what is counted of a value, and its type."""
        if not isinstance(type, types.Array):
            return type, value
        model = self.context.data_model_manager[type]
        place = model.get_field_position("meminfo")
        return _OWNER, self.builder.extract_value(value, place)
