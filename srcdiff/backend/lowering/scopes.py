"""Which arrays are surely apart, as LLVM is told.

An array that the function makes has no element in common with another one, nor with an argument.
LLVM cannot see that: it would ask, before each loop that writes, whether rows overlap, and read
again from one array what it has read before a write to another. So each access says which arrays
it may be one of (its scopes), and which it is not.
"""

from typing import Any

from numba.core import ir, types

from srcdiff.backend.arrays import NUMPY
from srcdiff.backend.lowering.vectors import Vectors

_MAKERS = frozenset({NUMPY.empty, NUMPY.zeros, NUMPY.empty_like, NUMPY.zeros_like})
_GIVEN = "given"
"""Stands for all arguments, which may share memory with each other."""

Sources = tuple[Any, ...]
"""Calls that make an array, and what is given: one of these is where an array comes from."""


class Scopes(Vectors):
    """Where the arrays of a function come from."""

    def pre_lower(self) -> None:
        super().pre_lower()
        arrays = [name for name in self._assigns if isinstance(self.typeof(name), types.Array)]
        self._sources = {name: self._sources_of(name) for name in arrays}
        known = (source for found in self._sources.values() for source in found or ())
        self._scopes: dict[Any, Any] = dict.fromkeys((_GIVEN, *known))
        self._lists: dict[Sources, Any] = {}

    def mark(self, name: str, start: int) -> None:
        """Say of the accesses to an array, from a position on, what they do not touch."""
        instructions = self.builder.block.instructions[start:]
        found = [each for each in instructions if each.opname in ("load", "store")]
        group = self.group()
        if group is not None:
            for instruction in found:
                instruction.set_metadata("llvm.access.group", group)
        own = self._sources.get(name)
        if own is not None:
            others = tuple(source for source in self._scopes if source not in own)
            for instruction in found:
                instruction.set_metadata("alias.scope", self._list(own))
                if others:
                    instruction.set_metadata("noalias", self._list(others))

    def _sources_of(self, name: str) -> Sources | None:
        """Return where the memory of an array may come from; None: that is not known."""
        found: dict[Any, None] = {}
        seen, pending = {name}, [name]
        while pending:
            for value in (assign.value for assign in self._assigns[pending.pop()]):
                if isinstance(value, ir.Arg):
                    found[_GIVEN] = None
                elif self._is_new(value):
                    found[value] = None
                else:
                    same = self._same_memory(value)
                    if same is None:
                        return None
                    pending += {same} - seen
                    seen.add(same)
        return tuple(found)

    def _is_new(self, value: Any) -> bool:
        """Say whether an expression makes an array."""
        if not isinstance(value, ir.Expr) or value.op != "call":
            return False
        function = self.typeof(value.func.name)
        if isinstance(function, types.BoundFunction):
            return bool(function.typing_key == "array.copy")
        return isinstance(function, types.Function) and function.typing_key in _MAKERS

    def _same_memory(self, value: Any) -> str | None:
        """Return the name of the array that an expression is, or is a view of."""
        match value:
            case ir.Var(name=name):
                return str(name)
            case ir.Expr(op="getitem" | "static_getitem" | "cast" | "getattr"):
                name = str(value.value.name)
                seen = value.op != "getattr" or value.attr == "T"
                return name if seen and isinstance(self.typeof(name), types.Array) else None
        return None

    def _list(self, sources: Sources) -> Any:
        if sources not in self._lists:
            scopes = [self._scope(source) for source in sources]
            self._lists[sources] = self.module.add_metadata(scopes)
        return self._lists[sources]

    def _scope(self, source: Any) -> Any:
        """Return what stands for the memory of a source: a name in the domain of this function."""
        if self._scopes[source] is None:
            function, number = self.fndesc.mangled_name, [*self._scopes].index(source)
            domain = self.module.add_metadata([f"{function} arrays"])
            scope = [f"{function} array {number}", domain]
            self._scopes[source] = self.module.add_metadata(scope)
        return self._scopes[source]
