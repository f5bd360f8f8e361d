"""The state of a forward-mode construction: the tangents of the values seen so far."""

from dataclasses import dataclass, field

import numpy as np

from srcdiff.analysis.activity import Activity
from srcdiff.analysis.dataflow import Dataflow
from srcdiff.analysis.signs import Signs
from srcdiff.ir.build import Builder, constant, extents, integer
from srcdiff.ir.nodes import (
    NEW_AXIS,
    Call,
    Function,
    Index,
    Item,
    Operand,
    Slice,
    Statement,
    Value,
    is_array,
)
from srcdiff.ir.types import PYTHON_INT, Array, Scalar

FULL = Slice(None, None, None)


@dataclass(eq=False)
class Tangent:
    """The tangents so far; `width` is the number of tangents, if there are several."""

    function: Function
    activity: Activity
    flow: Dataflow
    signs: Signs
    dots: dict[Value, Operand] = field(default_factory=dict)
    width: Operand | None = None
    itself: Function | None = None
    """What calls of the function in itself become calls of, with tangents of the params `ahead`."""
    ahead: tuple[int, ...] = ()
    strided: set[Value] = field(default_factory=set)
    head: Builder = field(default_factory=Builder)
    builder: Builder = field(default_factory=Builder)

    def is_active(self, operand: Operand) -> bool:
        return self.activity.is_active(operand)

    def dot(self, operand: Operand) -> Operand | None:
        """Return the tangent of an operand, None if it is 0."""
        return self.dots.get(operand) if isinstance(operand, Value) else None

    def shape(self, operand: Operand) -> tuple[Operand, ...]:
        """Return the shape of the tangent of `operand`."""
        return extents(operand) if self.width is None else (*extents(operand), self.width)

    def like(self, value: Value) -> Value:
        """Return a new value for the tangent of a value.

        Extents that are asked of the primal, once it is there, are asked of the tangent: `asked`.
        """
        return self.shaped(value, f"{value.name}_dot", self.own_shape(value))

    def shaped(self, value: Value, name: str, shape: tuple[Operand, ...]) -> Value:
        dtype = value.type.dtype
        if not shape:
            return Value(name, Scalar(dtype))
        one = isinstance(value.type, Array) and self.width is None
        layout = value.type.layout if one and isinstance(value.type, Array) else "C"
        return Value(name, Array(dtype, len(shape), layout), shape)

    def own_shape(self, value: Value) -> tuple[Operand, ...]:
        return tuple(
            Value("_n", PYTHON_INT) if self.is_asked(extent, value) else extent
            for extent in self.shape(value)
        )

    def is_asked(self, extent: Operand, value: Value) -> bool:
        """Say whether an extent of a value is defined after it, by asking it."""
        found = self.flow.definitions.get(extent) if isinstance(extent, Value) else None
        statement = None if found is None else found.statement
        return isinstance(statement, Call) and statement.args == (value,)

    def asked(self, value: Value, dot: Value) -> list[Statement]:
        """Return the statements that ask a new tangent for extents of its own."""
        return [
            Call(own, np.shape, (dot,), (("axis", axis),))
            for axis, (own, extent) in enumerate(zip(dot.shape, self.shape(value), strict=True))
            if own is not extent and isinstance(own, Value)
        ]

    def zero(self, builder: Builder, operand: Operand) -> Operand:
        """Return a tangent that is 0."""
        shape = self.shape(operand)
        if not shape:
            return constant(0, Scalar(operand.type.dtype))
        return builder.zeros(shape, operand.type.dtype, "_zero")

    def or_zero(self, builder: Builder, operand: Operand) -> Operand:
        found = self.dot(operand)
        return self.zero(builder, operand) if found is None else found

    def or_nothing(self, operand: Operand) -> Operand:
        """Return a tangent, or a literal 0, which broadcasts to any shape."""
        found = self.dot(operand)
        return constant(0, Scalar(operand.type.dtype)) if found is None else found

    def widened(self, operand: Operand) -> Operand:
        """Return a primal array with an axis more, where tangents have one."""
        if self.width is None or not isinstance(operand, Value) or not is_array(operand):
            return operand
        items: tuple[Item, ...] = (*[FULL] * len(operand.shape), NEW_AXIS)
        type = Array(operand.type.dtype, len(items), "A")
        return self.builder.view(operand, Index(items), type, (*operand.shape, integer(1)))
