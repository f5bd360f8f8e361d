"""Where the values of variables are.

Numba keeps a variable that several blocks use in memory, and writes and reads an array there as a
whole, a dozen of numbers. LLVM takes all of that apart again, which takes it as long as much of
what it does afterwards. Here a variable that is assigned once, before all its uses, is its value;
of an array, only what is counted stays in memory. Nobody owns an argument but the caller. A tuple,
a shape or a range is put together where somebody needs it as a whole.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from llvmlite import ir as llvm
from numba.core import cgutils, ir, types
from numba.np.arrayobj import make_array

from srcdiff.backend.lowering.references import OWNER, References

Parts = Sequence[Any]


class Known:
    """An array that is a value: its fields are taken out where it was made, once for all uses."""

    def __init__(self, lower: "Values", type: Any, value: Any) -> None:
        self.value = value
        self._lower, self._type = lower, type
        self._block = lower.builder.block
        self._fields: dict[tuple[int, ...], Any] = {}

    @property
    def data(self) -> Any:
        """The address of the first element."""
        return self._field("data")

    def extent(self, axis: int) -> Any:
        """Return the extent of an axis."""
        return self._field("shape", axis)

    def stride(self, axis: int) -> Any:
        """Return the bytes from one element to the next along an axis."""
        return self._field("strides", axis)

    def _field(self, name: str, *axis: int) -> Any:
        key = (self._lower.position(self._type, name), *axis)
        if key not in self._fields:
            with self._lower.builder.goto_block(self._block):
                self._fields[key] = self._lower.builder.extract_value(self.value, key)
        return self._fields[key]


class Kept:
    """An array that is kept in memory: its fields are read once in a block."""

    def __init__(self, lower: "Values", type: Any, place: Any) -> None:
        self._builder = lower.builder
        self._array = make_array(type)(lower.context, lower.builder, ref=place)
        self._fields: dict[tuple[str, int], Any] = {}

    @property
    def data(self) -> Any:
        """The address of the first element."""
        return self._field("data", -1)

    def extent(self, axis: int) -> Any:
        """Return the extent of an axis."""
        return self._field("shape", axis)

    def stride(self, axis: int) -> Any:
        """Return the bytes from one element to the next along an axis."""
        return self._field("strides", axis)

    def _field(self, name: str, axis: int) -> Any:
        if (name, axis) not in self._fields:
            place = self._array._get_ptr_by_name(name)
            if axis >= 0:
                place = cgutils.gep_inbounds(self._builder, place, 0, axis)
            self._fields[name, axis] = self._builder.load(place)
        return self._fields[name, axis]


class _Shape(Sequence[Any]):
    def __init__(self, array: Known, axes: int) -> None:
        self._array, self._axes = array, axes

    def __len__(self) -> int:
        return self._axes

    def __getitem__(self, axis: Any) -> Any:
        return self._array.extent(range(self._axes)[axis])


class Values(References):
    """Variables that are values, and values that are in parts."""

    def _find_singly_assigned_variable(self) -> None:
        """Numba asks this first; it is answered in `pre_lower`."""
        self._singly_assigned_vars: set[str] = set()
        self._blk_local_varmap: dict[str, Any] = {}

    def pre_lower(self) -> None:
        super().pre_lower()
        self._parts: dict[str, Parts] = {}
        self._arrays: dict[str, Known] = {}
        self._owned: dict[str, Any] = {}
        self._borrowed: set[str] = set()
        self._cycles: set[str] = set()
        self._latest: dict[str, Any] = {}
        if self.func_ir.is_generator or self._disable_sroa_like_opt:
            return
        life = self.func_ir.variable_lifetime
        users: dict[str, list[Any]] = defaultdict(list)
        for label, names in life.usedefs.usemap.items():
            for name in names:
                users[name].append(label)
        above = life.cfg.dominators()
        for name, assigns in self._assigns.items():
            if len(assigns) == 1:
                label, _ = self._places[assigns[0]]
                others = users.get(name, [])
                if all(label < user and label in above[user] for user in others):
                    self._note(name, assigns[0], bool(others), bool(life.cfg.in_loops(label)))

    def _note(self, name: str, assign: Any, is_shared: bool, repeats: bool) -> None:
        """Choose how to keep a variable that is assigned once, before its uses."""
        type = self.typeof(name)
        if not isinstance(type, types.Array):
            if not (is_shared and self.is_counted(type)):
                self._singly_assigned_vars.add(name)
        elif isinstance(assign.value, ir.Arg) and self.typeof(f"arg.{assign.value.name}") == type:
            self._borrowed.add(name)
        elif is_shared:
            self._owned[name] = None
            if repeats:
                self._cycles.add(name)
        else:
            self._singly_assigned_vars.add(name)

    # ---- reading ----

    def loadvar(self, name: str) -> Any:
        if name in self._parts:
            value = llvm.Constant(self.context.get_value_type(self.typeof(name)), llvm.Undefined)
            for position, part in enumerate(self._parts[name]):
                value = self.builder.insert_value(value, part, position)
            return value
        known = self._arrays.get(name)
        if known is not None:
            return known.value
        if (
            name in self._blk_local_varmap
            or self.is_counted(self.typeof(name))
            or self._disable_sroa_like_opt
        ):
            return super().loadvar(name)
        if name not in self._latest:
            self._latest[name] = super().loadvar(name)
        return self._latest[name]

    def pre_block(self, block: Any) -> None:
        """Forget what was read in another block. Generated text has no `try`."""
        self._cur_ir_block = block
        self._latest.clear()

    def array(self, name: str) -> Known | Kept:
        """Return the array that a variable is."""
        known = self._arrays.get(name) or self._latest.get(name)
        if known is None:
            known = self._latest[name] = Kept(self, self.typeof(name), self.getvar(name))
        return known

    def parts(self, name: str) -> Parts:
        """Return the items of a tuple."""
        if name in self._parts:
            return self._parts[name]
        type = self.typeof(name)
        count = 2 if isinstance(type, types.Pair) else len(type)
        return cgutils.unpack_tuple(self.builder, self.loadvar(name), count)  # type: ignore[no-any-return]

    def lower_expr(self, resty: Any, expr: Any) -> Any:
        match expr.op:
            case "static_getitem" if expr.value.name in self._parts and type(expr.index) is int:
                item = self.typeof(expr.value.name)[expr.index]
                part = self._parts[expr.value.name][expr.index]
                return self.context.cast(self.builder, part, item, resty)
            case "static_getitem" if self._is_indexed(expr.value, expr.index_var):
                signature = self.fndesc.calltypes[expr]
                return self.lower_getitem(resty, expr, expr.value, expr.index_var, signature)
        return super().lower_expr(resty, expr)

    def _is_indexed(self, value: Any, index: Any) -> bool:
        """Say whether a constant index of an array is an index like others."""
        if index is None or not isinstance(self.typeof(value.name), types.Array):
            return False
        return not isinstance(self.typeof(index.name), types.StringLiteral | types.UnicodeType)

    # ---- writing ----

    def lower_inst(self, inst: Any) -> None:
        if self.context.enable_debuginfo:
            super().lower_inst(inst)
            return
        match inst:
            case ir.Assign(target=target):
                type = self.typeof(target.name)
                parts = self.taken_apart(type, inst.value) if self._is_value(target) else None
                if parts is None:
                    self.storevar(self.lower_assign(type, inst), target.name)
                else:
                    self._parts[target.name] = parts
            case ir.Del():
                self.delvar(inst.value)
            case ir.StaticSetItem() if self._is_indexed(inst.target, inst.index_var):
                signature = self.fndesc.calltypes[inst]
                self.lower_setitem(inst.target, inst.index_var, inst.value, signature)
            case _:
                super().lower_inst(inst)

    def _is_value(self, variable: Any) -> bool:
        return variable.name in self._singly_assigned_vars

    def taken_apart(self, type: Any, value: Any) -> Parts | None:
        """Return the parts that a new value is made of, or None if it is one."""
        if not isinstance(value, ir.Expr):
            return None
        match value.op:
            case "build_tuple" if not self.is_counted(type):
                return [
                    self._cast_var(item, kind) for item, kind in zip(value.items, type, strict=True)
                ]
            case "getattr" if value.attr == "shape":
                kind = self.typeof(value.value.name)
                if isinstance(kind, types.Array):
                    array = self.array(value.value.name)
                    if isinstance(array, Known):
                        return _Shape(array, kind.ndim)
                    return [array.extent(axis) for axis in range(kind.ndim)]
        return None

    def lower_assign(self, ty: Any, inst: Any) -> Any:
        if inst.target.name in self._borrowed:
            return self.fnargs[inst.value.index]
        return super().lower_assign(ty, inst)

    def storevar(self, value: Any, name: str, argidx: int | None = None) -> None:
        type = self.typeof(name)
        if isinstance(type, types.Array):
            self._store_array(value, name, type)
        elif name in self._singly_assigned_vars:
            self._blk_local_varmap[name] = value
        elif self.is_counted(type) or self._disable_sroa_like_opt:
            super().storevar(value, name, argidx)
        else:
            self._latest[name] = value
            self.builder.store(value, self.getvar(name))

    def _store_array(self, value: Any, name: str, type: Any) -> None:
        if name in self._owned:
            if name in self._cycles:
                self._release(name)
            owner = self.builder.extract_value(value, self.position(type, "meminfo"))
            self.builder.store(owner, self._slot(name))
        elif name in self._singly_assigned_vars:
            self._blk_local_varmap[name] = value
        elif name not in self._borrowed:
            self._release(name)
            self._latest.pop(name, None)
            self.builder.store(value, self.getvar(name))
            return
        self._arrays[name] = Known(self, type, value)

    def delvar(self, name: str) -> None:
        type = self.typeof(name)
        if not self.is_counted(type) or name in self._borrowed:
            return
        if name in self._singly_assigned_vars or not isinstance(type, types.Array):
            super().delvar(name)
            return
        self._release(name)
        slot = self._slot(name)
        self.builder.store(llvm.Constant(slot.type.pointee, None), slot)

    def _release(self, name: str) -> None:
        self.decref(OWNER, self.builder.load(self._slot(name)))

    def _slot(self, name: str) -> Any:
        """Return where it is kept what owns the memory of an array."""
        type = self.typeof(name)
        if name not in self._owned:
            return make_array(type)(
                self.context, self.builder, ref=self.getvar(name)
            )._get_ptr_by_name("meminfo")
        if self._owned[name] is None:
            kind = self.context.get_value_type(OWNER)
            self._owned[name] = cgutils.alloca_once(self.builder, kind, name=name)
        return self._owned[name]
