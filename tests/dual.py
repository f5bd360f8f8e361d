"""Exact forward-mode derivatives of an unmodified Python function: the oracle of the tests.

`gradients` runs the function itself on dual numbers: `np`, `math` and `float` are replaced in the
globals and closures of the function and of the functions it calls. It shares no code with srcdiff.
"""

import builtins
import math
import types
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tests.dual_number import (
    Dual,
    DualArray,
    call,
    clip,
    floating,
    is_floating,
    nearest_kink,
    parts,
    strip,
)

Function = Callable[..., Any]


def gradients(
    function: Function, args: Sequence[Any], argnums: Sequence[int]
) -> tuple[float, tuple[Any, ...]]:
    """Return the value of a scalar function and its gradients with respect to `argnums`."""
    value, found, _ = gradients_and_kink(function, args, argnums)
    return value, found


def gradients_and_kink(
    function: Function, args: Sequence[Any], argnums: Sequence[int]
) -> tuple[float, tuple[Any, ...], float]:
    """Return also how close the run came to a point without a derivative.

    That is the smallest distance to a jump or a tie among all decisions that depend on the
    differentiated arguments.
    """
    sizes = [np.size(args[k]) for k in argnums]
    rows = np.split(np.eye(sum(sizes)), np.cumsum(sizes)[:-1])
    duals = [lift(arg, {}) for arg in args]
    for k, seeds in zip(argnums, rows, strict=True):
        duals[k] = seeded(args[k], seeds)
    nearest_kink[0] = math.inf
    result = lift(function, {})(*duals)
    value, partials = parts(result[()] if isinstance(result, np.ndarray) else result)
    whole = np.broadcast_to(np.asarray(partials, dtype=float), (sum(sizes),))
    pieces = np.split(whole, np.cumsum(sizes)[:-1])
    shaped = zip(argnums, pieces, strict=True)
    return float(value), tuple(like_argument(p, args[k]) for k, p in shaped), nearest_kink[0]


def like_argument(piece: Any, arg: Any) -> Any:
    return piece.reshape(arg.shape).copy() if isinstance(arg, np.ndarray) else float(piece[0])


def seeded(arg: Any, seeds: Any) -> Any:
    if not isinstance(arg, np.ndarray):
        return Dual(float(arg), seeds[0])
    result = np.empty(arg.size, dtype=object)
    result[:] = [Dual(float(x), seed) for x, seed in zip(arg.ravel(), seeds, strict=True)]
    return result.reshape(arg.shape).view(DualArray)


def lift(value: Any, known: dict[Function, Function]) -> Any:
    """Return what stands for `value` in a run on duals; `known` ends recursion."""
    value = getattr(value, "py_func", value)
    match value:
        case types.FunctionType() if not value.__module__.startswith("numpy"):
            return known.get(value) or lift_function(value, known)
        case types.ModuleType() if value.__name__.startswith("tests."):
            return Lifted(value, known)
        case types.ModuleType():
            return {np: NUMPY, math: MATH}.get(value, value)
        case np.ndarray():
            return floating(value) if value.dtype.kind == "f" else value.copy().view(DualArray)
        case tuple():
            return tuple(lift(item, known) for item in value)
        case types.BuiltinFunctionType() if value in REPLACED:
            return REPLACED[value]
        case _:
            return value


def lift_function(function: types.FunctionType, known: dict[Function, Function]) -> Function:
    names = {"float": Float, **function.__globals__}
    cells = tuple(types.CellType() for _ in function.__closure__ or ())
    code, defaults = function.__code__, function.__defaults__
    copy = types.FunctionType(code, names, function.__name__, defaults, cells or None)
    copy.__kwdefaults__ = function.__kwdefaults__
    known[function] = copy
    for name in names_in(code) & function.__globals__.keys():
        names[name] = lift(names[name], known)
    for cell, original in zip(cells, function.__closure__ or (), strict=True):
        cell.cell_contents = lift(original.cell_contents, known)
    return copy


def names_in(code: types.CodeType) -> set[str]:
    nested = [names_in(item) for item in code.co_consts if isinstance(item, types.CodeType)]
    return set(code.co_names).union(*nested)


class Float(float):
    """`float` as it is called in a run on duals: the derivative stays."""

    def __new__(cls, value: Any = 0.0) -> Any:
        value = value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value
        return value if isinstance(value, Dual) else builtins.float(value)


def array(values: Any, dtype: Any = None, **options: Any) -> DualArray:
    result = np.array(values, dtype=object)
    kinds = {type(item) for item in result.ravel()}
    whole = dtype is None and bool(kinds) and kinds <= {int, bool, np.int64, np.bool_}
    if whole or not (dtype is None or is_floating(dtype)):
        return result.astype(dtype or type(result.ravel()[0])).view(DualArray)
    return floating(result)


def full(shape: Any, fill: Any, dtype: Any = None) -> DualArray:
    kept = (int if isinstance(fill, int) else float) if dtype is None else dtype
    result = np.empty(shape, dtype=object if is_floating(kept) else kept)
    result[...] = strip(fill)
    return result.view(DualArray)


def filled(fill: float) -> Function:
    """Return the `zeros` of that value; for `empty`, nan shows what is read before it is set."""

    def make(shape: Any, dtype: Any = float) -> DualArray:
        return full(shape, fill if is_floating(dtype) else int(np.nan_to_num(fill)), dtype)

    return make


def plain(maker: Function) -> Function:
    """Return the maker of an array that depends on nothing."""

    def make(*args: Any, **options: Any) -> Any:
        return lift(maker(*args, **options), {})

    return make


def scalar(name: str, ufunc: Function) -> Function:
    """Return a function of `math`: itself on floats, the ufunc's rule on duals."""
    original = getattr(math, name)

    def apply(*args: Any) -> Any:
        if any(isinstance(arg, Dual) for arg in args):
            return call(ufunc, *args)
        return original(*args)

    return apply


def logarithm(x: Any, *base: Any) -> Any:
    return call(np.log, x) / call(np.log, *base) if base else call(np.log, x)


class Replaced:
    """A module of which some functions are replaced."""

    def __init__(self, module: types.ModuleType, names: dict[str, Any]) -> None:
        self.module = module
        self.names = names

    def __getattr__(self, name: str) -> Any:
        return self.names.get(name) or getattr(self.module, name)


class Lifted:
    """A module of the user, for a run on duals."""

    def __init__(self, module: types.ModuleType, known: dict[Function, Function]) -> None:
        self.module = module
        self.known = known

    def __getattr__(self, name: str) -> Any:
        return lift(getattr(self.module, name), self.known)


NUMPY = Replaced(
    np,
    {
        "array": array,
        "asarray": lambda values, dtype=None: (
            values if isinstance(values, DualArray) and dtype is None else array(values, dtype)
        ),
        "ascontiguousarray": lambda values: array(values),
        "zeros": filled(0.0),
        "ones": filled(1.0),
        "empty": filled(math.nan),
        "full": full,
        "float64": Float,
        "clip": clip,
        **{name: plain(getattr(np, name)) for name in ("arange", "linspace", "eye", "identity")},
    },
)
UFUNC_OF = {
    **dict.fromkeys(("erf", "erfc", "gamma", "lgamma")),
    **{"atan": "arctan", "asin": "arcsin", "acos": "arccos", "atan2": "arctan2", "pow": "power"},
    **{"asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh"},
    **{name: name for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "expm1")},
    **{name: name for name in ("log2", "log10", "log1p", "sqrt", "fabs", "hypot", "fmod")},
    **{name: name for name in ("copysign", "degrees", "radians", "isnan", "isfinite", "isinf")},
}
MATH_FUNCTIONS = {
    name: scalar(name, getattr(np, ufunc) if ufunc else getattr(math, name))
    for name, ufunc in UFUNC_OF.items()
}
MATH = Replaced(math, {**MATH_FUNCTIONS, "log": logarithm})
REPLACED = {
    **{getattr(math, name): function for name, function in MATH.names.items()},
    **{getattr(np, name): function for name, function in NUMPY.names.items() if name != "float64"},
}
