"""Parts of functions for the examples of passes: arrays of n numbers, loops over them."""

from collections.abc import Callable

import numpy as np

from srcdiff.ir.build import Builder, integer
from srcdiff.ir.nodes import Block, Const, For, Function, Operand, Origin, Value
from srcdiff.ir.types import FLOAT64, PYTHON_INT, Array

FLOAT = np.dtype(np.float64)
ADJOINT = Origin(sweep="adjoint")
ZERO = Const(0.0, FLOAT64)


class Example:
    """A function of vectors x and y and a matrix w of one extent n, all of the adjoint sweep."""

    def __init__(self, origin: Origin = ADJOINT) -> None:
        self.builder = Builder(origin)
        self.n = Value("_n", PYTHON_INT)
        self.x, self.y = (Value(name, Array(FLOAT, 1), (self.n,)) for name in "xy")
        self.w = Value("w", Array(FLOAT, 2), (self.n, self.n))
        self.builder.call_into(self.n, np.shape, (self.x,), (("axis", 0),))

    def loop(
        self,
        write: Callable[[Value], object],
        name: str = "i",
        start: Operand | None = None,
        stop: Operand | None = None,
    ) -> None:
        """Append a loop from `start` (0) to `stop` (n) whose body `write` appends."""
        outer, self.builder = self.builder, Builder(self.builder.origin)
        index = Value(name, PYTHON_INT)
        write(index)
        body, self.builder = self.builder.block(), outer
        bounds = (start or integer(0), stop or self.n, integer(1))
        self.builder.append(For(index, *bounds, (), body, origin=outer.origin))

    def function(self, *results: Operand) -> Function:
        body = Block(tuple(self.builder.statements))
        return Function("f", (self.x, self.y, self.w), body, results)
