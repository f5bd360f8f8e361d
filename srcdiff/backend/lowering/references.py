"""Counts of references.

Numba takes apart whatever goes out of scope to look for something that is counted, numbers and
counters of loops as well. Of an array, one pointer matters.
"""

from typing import Any

from numba.core import types

from srcdiff.backend.lowering.bounds import Bounds

OWNER = types.MemInfoPointer(types.voidptr)


class References(Bounds):
    """Code that counts references of what has any."""

    def pre_lower(self) -> None:
        super().pre_lower()
        self._counted: dict[Any, bool] = {}

    def incref(self, typ: Any, val: Any) -> None:
        if self.is_counted(typ):
            super().incref(*self._owner(typ, val))

    def decref(self, typ: Any, val: Any) -> None:
        if self.is_counted(typ):
            super().decref(*self._owner(typ, val))

    def is_counted(self, type: Any) -> bool:
        """Say whether values of a type refer to memory."""
        if type not in self._counted:
            model = self.context.data_model_manager[type]
            self._counted[type] = bool(model.contains_nrt_meminfo())
        return self._counted[type]

    def _owner(self, type: Any, value: Any) -> tuple[Any, Any]:
        """Return what is counted of a value, and its type."""
        if not isinstance(type, types.Array):
            return type, value
        return OWNER, self.builder.extract_value(value, self.position(type, "meminfo"))

    def position(self, type: Any, field: str) -> int:
        """Return where a field of an array is."""
        return int(self.context.data_model_manager[type].get_field_position(field))
