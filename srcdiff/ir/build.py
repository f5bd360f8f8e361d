"""Building blocks of functions: collects statements, gives their results types and shapes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeGuard

import numpy as np

from srcdiff.ir.layout import view_layout
from srcdiff.ir.nodes import (
    NOWHERE,
    Alloc,
    Block,
    Call,
    Const,
    Guard,
    How,
    Increment,
    Load,
    Operand,
    Origin,
    Statement,
    Store,
    Transpose,
    Value,
    View,
)
from srcdiff.ir.types import BOOL, PYTHON_INT, Array, Scalar, Type
from srcdiff.words import cast

Static = tuple[tuple[str, Any], ...]

PREDICATES = frozenset(
    {np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal}
    | {np.logical_and, np.logical_or, np.logical_not, np.isnan, np.isinf, np.isfinite, np.signbit}
)
"""Elementwise functions that give booleans whatever they are given."""

COMMUTATIVE = frozenset({np.add, np.multiply})


KINDS = {"b": bool, "i": int, "u": int, "f": float, "c": complex}


def constant(value: Any, type: Type) -> Const:
    """Return `value` as a literal of the dtype of `type`."""
    kind = type.dtype.kind
    if kind == "f":
        value = type.dtype.type(value)
    return Const(KINDS[kind](value), Scalar(type.dtype))


def integer(value: int) -> Const:
    """Return an extent or an index as a literal."""
    return Const(value, PYTHON_INT)


def is_constant(operand: Operand, *values: float) -> bool:
    """Say whether `operand` is a literal equal to one of `values` (any literal, if none given)."""
    return isinstance(operand, Const) and (not values or operand.value in values)


def is_zeros(statement: Statement | None) -> TypeGuard[Alloc]:
    """Say whether a statement makes an array of zeros."""
    if not isinstance(statement, Alloc) or statement.fill is None:
        return False
    return is_constant(statement.fill, 0)


def mapped(operand: Operand, mapping: Mapping[Value, Operand]) -> Operand:
    """Return what stands for an operand, itself if nothing does."""
    return mapping.get(operand, operand) if isinstance(operand, Value) else operand


def same(left: Operand, right: Operand) -> bool:
    """Say whether two operands are surely equal: one value, or equal literals of one dtype."""
    if left is right:
        return True
    match left, right:
        case Const(), Const():
            return left.type.dtype == right.type.dtype and repr(left.value) == repr(right.value)
    return False


def extents(operand: Operand) -> tuple[Operand, ...]:
    """Return the shape of `operand`: empty for scalars."""
    return operand.shape if isinstance(operand, Value) else ()


def broadcast(shapes: Sequence[tuple[Operand, ...]]) -> tuple[Operand, ...]:
    """Return the broadcast of `shapes` whose extents are known to agree or to be 1."""
    rank = max(map(len, shapes), default=0)
    if rank == 0:
        return ()
    result: list[Operand] = [integer(1)] * rank
    for shape in shapes:
        for axis, extent in enumerate(shape, rank - len(shape)):
            if is_constant(result[axis], 1):
                result[axis] = extent
    return tuple(result)


def elementwise_type(function: Callable[..., Any], args: Sequence[Operand]) -> Type:
    """Return the type of an elementwise function of operands that already have its dtype."""
    kinds = [arg.type for arg in args]
    ndim = max((kind.ndim for kind in kinds if isinstance(kind, Array)), default=-1)
    if function in PREDICATES:
        dtype = BOOL.dtype
    else:
        dtype = kinds[1 if function is np.where else 0].dtype
    return Scalar(dtype) if ndim < 0 else Array(dtype, ndim, "C")


def reduced_shape(
    shape: tuple[Operand, ...], axes: tuple[int, ...], *, keepdims: bool
) -> tuple[Operand, ...]:
    """Return a shape after a reduction over `axes`."""
    if keepdims:
        return tuple(integer(1) if k in axes else extent for k, extent in enumerate(shape))
    return tuple(extent for k, extent in enumerate(shape) if k not in axes)


class Builder:
    """Collects the statements of one block; each method returns the operand that it defines."""

    def __init__(self, origin: Origin = NOWHERE) -> None:
        self.statements: list[Statement] = []
        self.origin = origin

    def block(self) -> Block:
        return Block(tuple(self.statements))

    def append(self, statement: Statement) -> None:
        self.statements.append(statement)

    def call(
        self,
        function: Callable[..., Any],
        *args: Operand,
        name: str = "_t",
        type: Type | None = None,
        shape: tuple[Operand, ...] | None = None,
        static: Static = (),
    ) -> Value:
        """Append a call; elementwise functions need neither `type` nor `shape`."""
        type = elementwise_type(function, args) if type is None else type
        shape = broadcast([extents(arg) for arg in args]) if shape is None else shape
        out = Value(name, type, shape)
        self.append(Call(out, function, args, static, self.origin))
        return out

    def call_into(
        self, out: Value, function: Callable[..., Any], args: tuple[Operand, ...], static: Static
    ) -> None:
        """Append a call that defines a value which exists already."""
        self.append(Call(out, function, args, static, self.origin))

    def cast(self, operand: Operand, dtype: np.dtype[Any], name: str = "_t") -> Operand:
        """Convert to `dtype`, unless that is what the operand has."""
        if operand.type.dtype == dtype:
            return operand
        if isinstance(operand, Const):
            return constant(operand.value, Scalar(dtype))
        kind = operand.type
        type = Array(dtype, kind.ndim) if isinstance(kind, Array) else Scalar(dtype)
        return self.call(
            cast, operand, name=name, type=type, shape=operand.shape, static=(("dtype", dtype),)
        )

    def convert(self, operand: Operand, type: Scalar, name: str = "_t") -> Operand:
        """Convert a number to `type`, also where only its weakness changes."""
        if operand.type.dtype != type.dtype:
            static = (("dtype", type.dtype),)
            return self.call(cast, operand, name=name, type=type, shape=(), static=static)
        return self.call(np.positive, operand, name=name, type=type, shape=())

    def alloc(
        self,
        shape: tuple[Operand, ...],
        dtype: np.dtype[Any],
        fill: Operand | None = None,
        name: str = "_t",
    ) -> Value:
        out = Value(name, Array(dtype, len(shape)), shape)
        self.append(Alloc(out, fill, self.origin))
        return out

    def zeros(self, shape: tuple[Operand, ...], dtype: np.dtype[Any], name: str = "_t") -> Value:
        return self.alloc(shape, dtype, constant(0, Scalar(dtype)), name)

    def load(self, ref: Value, indices: tuple[Operand, ...], name: str = "_t") -> Value:
        out = Value(name, Scalar(ref.type.dtype))
        self.append(Load(out, ref, indices, self.origin))
        return out

    def store(self, ref: Value, indices: tuple[Operand, ...], value: Operand) -> None:
        self.append(Store(ref, indices, value, self.origin))

    def increment(self, ref: Value, indices: tuple[Operand, ...], value: Operand) -> None:
        self.append(Increment(ref, indices, value, self.origin))

    def view(
        self, ref: Value, how: How, type: Type, shape: tuple[Operand, ...], name: str = "_t"
    ) -> Value:
        out = Value(name, type, shape)
        self.append(View(out, ref, how, self.origin))
        return out

    def transposed(self, matrix: Value, name: str = "_t") -> Value:
        """Return the transposed view of a matrix."""
        assert isinstance(matrix.type, Array)
        how = Transpose((1, 0))
        type = Array(matrix.type.dtype, 2, view_layout(matrix.type, how))
        return self.view(matrix, how, type, matrix.shape[::-1], name)

    def extent(self, ref: Value, axis: int) -> Operand:
        """Return the extent of an axis as the run time knows it."""
        out = Value(f"_{ref.name.lstrip('_')}_{axis}", PYTHON_INT)
        self.call_into(out, np.shape, (ref,), (("axis", axis),))
        return out

    def guard(self, condition: Operand, error: type[Exception], message: str) -> None:
        self.append(Guard(condition, error, message, self.origin))

    def copy(self, ref: Value, name: str = "_t") -> Value:
        """Copy the contents of an array, as it is now, into memory of its own (C order)."""
        assert isinstance(ref.type, Array)
        type = Array(ref.type.dtype, ref.type.ndim)
        return self.call(np.copy, ref, name=name, type=type, shape=ref.shape)

    def ordered(self, ref: Value, type: Array) -> Value:
        """Copy an array into the memory order of `type`."""
        if type.layout != "F":
            return self.copy(ref, ref.name)
        axes = tuple(range(type.ndim))[::-1]
        flipped = self.view(
            ref, Transpose(axes), Array(type.dtype, type.ndim, "A"), ref.shape[::-1]
        )
        return self.view(self.copy(flipped), Transpose(axes), type, ref.shape, ref.name)

    def sum(
        self, ref: Value, axes: tuple[int, ...], name: str = "_t", *, keepdims: bool = False
    ) -> Value:
        """Append the sum of an array over `axes`."""
        shape = reduced_shape(ref.shape, axes, keepdims=keepdims)
        dtype = ref.type.dtype
        type: Type = Array(dtype, len(shape)) if shape else Scalar(dtype)
        static = (("axis", axes), ("keepdims", keepdims))
        return self.call(np.sum, ref, name=name, type=type, shape=shape, static=static)

    def affine(self, base: Operand | None, offset: int) -> Operand:
        """Return the integer base + offset, or the offset alone."""
        return integer(offset) if base is None else self.fold(np.add, base, integer(offset))

    def fold(self, function: Callable[..., Any], *args: Operand, name: str = "_t") -> Operand:
        """Call an integer function of extents and indices, folding literals."""
        match args:
            case (Const(), *_) if all(isinstance(arg, Const) for arg in args):
                return integer(int(function(*[arg.value for arg in args])))  # type: ignore[union-attr]
            case (left, Const(value=0)) if function in (np.add, np.subtract):
                return left
            case (Const(value=0), right) if function is np.add:
                return right
            case (left, Const(value=int() as by)) if by < 0 and function is np.subtract:
                return self.fold(np.add, left, integer(-by), name=name)
            case (left, Const(value=int() as by)) if by < 0 and function is np.add:
                return self.fold(np.subtract, left, integer(-by), name=name)
            case (left, Const(value=1)) if function in (np.multiply, np.floor_divide):
                return left
            case (Const(value=1), right) if function is np.multiply:
                return right
            case (Const(value=0) as zero, _) | (_, Const(value=0) as zero) if (
                function is np.multiply
            ):
                return zero
        return self.call(function, *args, name=name, type=PYTHON_INT, shape=())
