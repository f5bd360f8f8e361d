"""Dual numbers, and NumPy arrays of them.

A `Dual` is a number with the vector of its partial derivatives. A `DualArray` is an object array
of duals and floats (or an ordinary array of integers), so that NumPy's own indexing, views,
broadcasting and reductions work on it. Conventions at kinks are those of the public interface;
`nearest_kink` holds how close a run came to one.
"""

import math
import operator
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from tests import dual_rules as rules
from tests.dual_rules import Function

nearest_kink = [math.inf]


def both_sides(function: Function) -> tuple[Function, Function]:
    """Return the operator and the reflected operator of a ufunc."""

    def forward(self: Any, other: Any) -> Any:
        return NotImplemented if isinstance(other, np.ndarray) else call(function, self, other)

    def reflected(self: Any, other: Any) -> Any:
        return call(function, other, self)

    return forward, reflected


def comparison(compare: Function) -> Function:
    def method(self: Any, other: Any) -> Any:
        if isinstance(other, np.ndarray):
            return NotImplemented
        return compare(watch(self, other), 0)

    return method


def rounding(function: Function) -> Function:
    return lambda self: int(call(function, self))


class Dual:
    """A number and the vector of its partial derivatives; 0.0 stands for a vector of zeros."""

    __slots__ = ("partials", "value")
    __hash__ = None

    def __init__(self, value: float, partials: Any = 0.0) -> None:
        self.value = value
        self.partials = partials

    def __array_ufunc__(self, ufunc: Function, method: str, *inputs: Any, **options: Any) -> Any:
        return call_ufunc(ufunc, method, inputs, options)

    def __array_function__(self, function: Function, kinds: Any, args: Any, options: Any) -> Any:
        return call_function(function, args, options)

    def __add__(self, other: Any) -> Any:
        if isinstance(other, Dual):
            return Dual(self.value + other.value, self.partials + other.partials)
        if isinstance(other, np.ndarray):
            return NotImplemented
        return Dual(self.value + other, self.partials)

    __radd__ = __add__

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Dual):
            partials = self.partials * other.value + self.value * other.partials
            return Dual(self.value * other.value, partials)
        if isinstance(other, np.ndarray):
            return NotImplemented
        return Dual(self.value * other, self.partials * other)

    __rmul__ = __mul__

    def __sub__(self, other: Any) -> Any:
        return NotImplemented if isinstance(other, np.ndarray) else self + -other

    def __rsub__(self, other: Any) -> Any:
        return -self + other

    def __truediv__(self, other: Any) -> Any:
        if isinstance(other, np.ndarray):
            return NotImplemented
        below, partials = (other.value, other.partials) if isinstance(other, Dual) else (other, 0.0)
        value = self.value / below
        return Dual(value, (self.partials - value * partials) / below)

    def __rtruediv__(self, other: Any) -> Any:
        return Dual(other) / self

    def __neg__(self) -> "Dual":
        return Dual(-self.value, -self.partials)

    def __pos__(self) -> "Dual":
        return self

    def __abs__(self) -> "Dual":
        watch(self, 0.0)
        return Dual(abs(self.value), float(np.sign(self.value)) * self.partials)

    __pow__, __rpow__ = both_sides(np.power)
    __mod__, __rmod__ = both_sides(np.remainder)
    __floordiv__, __rfloordiv__ = both_sides(np.floor_divide)
    __lt__ = comparison(operator.lt)
    __le__ = comparison(operator.le)
    __gt__ = comparison(operator.gt)
    __ge__ = comparison(operator.ge)
    __eq__ = comparison(operator.eq)
    __ne__ = comparison(operator.ne)

    def __bool__(self) -> bool:
        return self != 0.0

    __int__ = __trunc__ = rounding(np.trunc)
    __floor__ = rounding(np.floor)
    __ceil__ = rounding(np.ceil)

    def conjugate(self) -> "Dual":
        return self

    def __repr__(self) -> str:
        return f"Dual({self.value}, {self.partials})"


def parts(number: Any) -> tuple[Any, Any]:
    return (number.value, number.partials) if isinstance(number, Dual) else (number, 0.0)


def watch(left: Any, right: Any) -> float:
    """Return left - right, and note how close this decision was.

    Equal values with equal derivatives are the same number under two names: no kink.
    """
    (left, left_partials), (right, right_partials) = parts(left), parts(right)
    gap = left - right
    if abs(gap) < nearest_kink[0]:
        active = np.any(left_partials) or np.any(right_partials)
        if active and (gap != 0 or np.any(left_partials != right_partials)):
            nearest_kink[0] = abs(gap)
    return gap


def watch_jump(function: Function, values: Sequence[float]) -> None:
    """Note how close the argument of a step function is to where it jumps."""
    if function is np.sign:
        distance = abs(values[0])
    else:
        shift = 0.5 if function is np.rint else 0.0
        turns = values[0] / values[1] if len(values) == 2 else values[0] - shift
        distance = abs(turns - round(turns))
    nearest_kink[0] = min(nearest_kink[0], distance)


def call(function: Function, *args: Any) -> Any:
    """Apply an elementwise function to scalars, of which some may be duals."""
    if not any(isinstance(arg, Dual) for arg in args):
        return function(*args)
    values = [float(parts(arg)[0]) for arg in args]
    if function in rules.STEPS or function in (np.remainder, np.fmod):
        watch_jump(function, values)
    if function in rules.TESTS:
        return bool(function(*values))
    if function in rules.STEPS:
        return float(function(*values))
    if function in rules.ONE_ARGUMENT:
        value = float(function(*values))
        return Dual(value, chain((rules.ONE_ARGUMENT[function](value, *values),), args))
    if function in rules.TWO_ARGUMENTS:
        value = float(function(*values))
        return Dual(value, chain(rules.TWO_ARGUMENTS[function](value, *values), args))
    return rules.OPERATORS[function](*(a.item() if isinstance(a, np.generic) else a for a in args))


def chain(slopes: Sequence[float], args: Sequence[Any]) -> Any:
    """Sum slope times partials; an infinite slope times 0 is 0."""
    total: Any = 0.0
    for slope, arg in zip(slopes, args, strict=True):
        if isinstance(arg, Dual) and math.isfinite(slope):
            total = total + slope * arg.partials
        elif isinstance(arg, Dual):
            seen = np.where(arg.partials == 0, 1.0, arg.partials)
            total = total + np.where(arg.partials == 0, 0.0, slope * seen)
    return total


class DualArray(np.ndarray):
    """An array whose floating-point elements are duals; `dtype` is object, or that of integers."""

    def __array_ufunc__(self, ufunc: Function, method: str, *inputs: Any, **options: Any) -> Any:
        return call_ufunc(ufunc, method, inputs, options)

    def __array_function__(self, function: Function, kinds: Any, args: Any, options: Any) -> Any:
        return call_function(function, args, options)

    def __setitem__(self, index: Any, value: Any) -> None:
        zero_rank = isinstance(value, np.ndarray) and value.ndim == 0
        super().__setitem__(index, value[()] if zero_rank else value)

    def astype(self, dtype: Any, **options: Any) -> Any:
        if is_floating(dtype):
            return floating(self)
        return np.vectorize(dtype, otypes=[dtype])(np.asarray(self)).view(DualArray)


def is_floating(dtype: Any) -> bool:
    if isinstance(dtype, type) and issubclass(dtype, float):
        return True
    return np.dtype(dtype).kind in "fO"


def floating(array: Any) -> DualArray:
    """Return a copy as an array of duals."""
    return np.array(array, dtype=object).view(DualArray)


def wrap(result: Any) -> Any:
    """Turn what NumPy returned into arrays of duals and scalars."""
    match result:
        case np.ndarray() if result.dtype.kind == "f":
            return floating(result)
        case np.ndarray():
            return result.view(DualArray)
        case tuple() | list():
            return type(result)(wrap(item) for item in result)
        case np.floating():
            return float(result)
        case _:
            return result


def strip(value: Any) -> Any:
    """Turn duals and arrays of duals into what NumPy treats as plain object arrays."""
    match value:
        case Dual():
            box = np.empty((), dtype=object)
            box[()] = value
            return box
        case DualArray():
            return value.view(np.ndarray)
        case tuple() | list():
            return type(value)(strip(item) for item in value)
        case dict():
            return {key: strip(item) for key, item in value.items()}
        case _:
            return value


def call_ufunc(ufunc: Function, method: str, inputs: Any, options: Any) -> Any:
    if method == "__call__" and not any(isinstance(item, np.ndarray) for item in inputs):
        return call(ufunc, *inputs)
    plain, options = strip(list(inputs)), strip(options)
    objects = any(isinstance(item, np.ndarray) and item.dtype == object for item in plain)
    lifted = objects and ufunc not in OBJECT_LOOPS and method != "at"
    function = np.frompyfunc(partial(call, ufunc), ufunc.nin, 1) if lifted else ufunc
    result = getattr(function, method)(*plain, **options)
    if isinstance(result, np.ndarray) and ufunc in rules.BOOLEAN:
        result = result.astype(bool)
    return wrap(result[()] if isinstance(result, np.ndarray) and result.ndim == 0 else result)


def call_function(function: Function, args: Any, options: Any) -> Any:
    handler = HANDLERS.get(function)
    if handler is not None:
        return handler(*args, **options)
    return wrap(function(*strip(list(args)), **strip(options)))


def full_like(array: Any, fill: Any, dtype: Any = None, **options: Any) -> DualArray:
    kept = getattr(array, "dtype", np.dtype(object)) if dtype is None else dtype
    result = np.empty(np.shape(strip(array)), dtype=object if is_floating(kept) else kept)
    result[...] = strip(fill) if is_floating(kept) else int(fill)
    return result.view(DualArray)


def clip(array: Any, low: Any, high: Any) -> Any:
    above = array if low is None else np.maximum(array, low)
    return above if high is None else np.minimum(above, high)


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """Return the norm as it is defined; where it is 0, so is its derivative."""
    if ord in (1, math.inf) and axis is None and np.ndim(x) == 2:
        return np.max(np.sum(np.abs(x), axis=0 if ord == 1 else 1))
    if ord == 1:
        return np.sum(np.abs(x), axis=axis, keepdims=keepdims)
    if ord in (math.inf, -math.inf):
        return (np.max if ord > 0 else np.min)(np.abs(x), axis=axis, keepdims=keepdims)
    square = np.sum(x * x, axis=axis, keepdims=keepdims)
    if any(np.any(parts(item)[1]) for item in np.ravel(x)):
        nearest = min((math.sqrt(parts(item)[0]) for item in np.ravel(square)), default=math.inf)
        nearest_kink[0] = min(nearest_kink[0], nearest)
    return np.sqrt(square) if isinstance(square, DualArray) or square != 0 else 0.0


# Ufuncs whose loops for objects apply Python's operators to the elements.
OBJECT_LOOPS = frozenset(
    (np.add, np.subtract, np.multiply, np.divide, np.negative, np.absolute, np.power, np.matmul)
    + (np.maximum, np.minimum, np.floor_divide, np.remainder, *rules.COMPARISONS)
) - {np.logical_and, np.logical_or}
HANDLERS: dict[Function, Function] = {
    np.zeros_like: lambda array, *options, **named: full_like(array, 0.0, *options, **named),
    np.ones_like: lambda array, *options, **named: full_like(array, 1.0, *options, **named),
    np.empty_like: lambda array, *options, **named: full_like(array, math.nan, *options, **named),
    np.full_like: full_like,
    np.clip: clip,
    np.linalg.norm: norm,
}
