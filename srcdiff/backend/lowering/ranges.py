"""Loops over ranges.

Numba prepares each loop for any step, with a division and an error where it is zero: a hundred
instructions. The step of a loop in generated text is mostly a literal. As in Numba, a countdown
ends the loop, of which LLVM makes most.
"""

from typing import Any, NamedTuple

from llvmlite import ir as llvm
from numba.core import ir, types

from srcdiff.backend.lowering.values import Parts, Values


class _Range(NamedTuple):
    """Where the next index and the number of iterations to go are kept, and the step."""

    index: Any
    left: Any
    step: int


class Ranges(Values):
    """Short code for `for i in range(start, stop, 1)`."""

    def pre_lower(self) -> None:
        super().pre_lower()
        self._ranges: dict[Any, _Range] = {}

    def lower_expr(self, resty: Any, expr: Any) -> Any:
        match expr.op:
            case "getiter" if self._has_step(expr.value):
                self._ranges[expr] = self._begin(self.made(expr.value))
                return llvm.Constant(self.context.get_value_type(resty), llvm.Undefined)
            case "iternext" if self.made(expr.value) in self._ranges:
                pair = llvm.Constant(self.context.get_value_type(resty), llvm.Undefined)
                for position, part in enumerate(self._next(self._ranges[self.made(expr.value)])):
                    pair = self.builder.insert_value(pair, part, position)
                return pair
            case "pair_first" | "pair_second" if isinstance(resty, types.Integer | types.Boolean):
                return self.parts(expr.value.name)[int(expr.op == "pair_second")]
        return super().lower_expr(resty, expr)

    def taken_apart(self, type: Any, value: Any) -> Parts | None:
        match value:
            case ir.Expr(op="iternext") if self.made(value.value) in self._ranges:
                return self._next(self._ranges[self.made(value.value)])
            case ir.Expr(op="call") if type == types.range_state64_type:
                step = self.step(value)
                if step is not None:
                    return self._bounds(value, step)
        return super().taken_apart(type, value)

    def _has_step(self, variable: Any) -> bool:
        signed = self.typeof(variable.name) == types.range_state64_type
        return signed and self.step(self.made(variable)) is not None

    def _begin(self, call: Any) -> _Range:
        builder, step = self.builder, self.step(call)
        assert step is not None
        start, stop, _ = self._bounds(call, step)
        length = builder.sub(stop, start) if step > 0 else builder.sub(start, stop)
        if abs(step) > 1:
            padded = builder.add(length, length.type(abs(step) - 1))
            length = builder.sdiv(padded, length.type(abs(step)))
        with builder.goto_entry_block():
            index, left = builder.alloca(start.type), builder.alloca(start.type)
        builder.store(start, index)
        builder.store(length, left)
        return _Range(index, left, step)

    def _bounds(self, call: Any, step: int) -> Parts:
        bounds = [self._cast_var(bound, types.int64) for bound in call.args[:2]]
        start, stop = bounds if len(bounds) == 2 else (bounds[0].type(0), bounds[0])
        return start, stop, start.type(step)

    def _next(self, state: _Range) -> Parts:
        """Return the next index, and whether there is one."""
        builder = self.builder
        index, left = builder.load(state.index), builder.load(state.left)
        valid = builder.icmp_signed(">", left, left.type(0))
        builder.store(builder.sub(left, left.type(1), flags=["nsw"]), state.left)
        builder.store(builder.add(index, index.type(state.step), flags=["nsw"]), state.index)
        return index, valid
