"""Python objects that a function refers to, as entities: constants are frozen, arrays read live."""

import ast
import functools
from types import MethodType
from typing import Any

import numpy as np

from srcdiff.errors import TypeInferenceError
from srcdiff.frontend.arithmetic import literal
from srcdiff.frontend.context import Captured, Context, Entity, Partial, Static
from srcdiff.frontend.effects import HANDLERS
from srcdiff.ir.build import Builder, integer
from srcdiff.ir.nodes import Const, Value
from srcdiff.ir.types import PYTHON_INT, Array, Layout, Scalar


def from_object(c: Context, node: ast.AST, value: Any, name: str) -> Entity:
    """Return a global, a closure cell, a default or an attribute as an entity."""
    match value:
        case bool() | int() | float() if type(value) in (bool, int, float):
            c.frozen.append((name, value))
            return literal(value)
        case np.bool_() | np.integer() | np.floating():
            c.frozen.append((name, value))
            return Const(value.item(), Scalar(value.dtype))
        case tuple() if type(value) is tuple:
            return tuple(from_object(c, node, item, f"{name}_{k}") for k, item in enumerate(value))
        case np.ndarray():
            return _captured(c, node, value, name)
        case functools.partial():
            args = tuple(from_object(c, node, arg, "_arg") for arg in value.args)
            kwargs = {key: from_object(c, node, arg, key) for key, arg in value.keywords.items()}
            return Partial(from_object(c, node, value.func, name), args, kwargs)
        case MethodType() if value not in HANDLERS:
            owner = from_object(c, node, value.__self__, "self")
            return Partial(Static(value.__func__), (owner,), {})
        case str() | bytes() | None:
            c.frozen.append((name, value))
    return Static(value)


def _captured(c: Context, node: ast.AST, array: "np.ndarray[Any, Any]", name: str) -> Value:
    """Return the hidden parameter that stands for an array of the function's surroundings."""
    if id(array) not in c.captured:
        check_dtype(array.dtype, lambda what, do: c.fail(node, what, do))
        while name in {each.value.name for each in c.captured.values()}:
            name += "_"
        value = parameter(c.prologue, name, array_type(array), array.shape)
        c.captured[id(array)] = Captured(name, array, value)
    return c.captured[id(array)].value


def array_type(array: "np.ndarray[Any, Any]") -> Array:
    """Return the type of an array as Numba sees it."""
    flags = array.flags
    return Array(array.dtype, array.ndim, layout(flags.c_contiguous, flags.f_contiguous))


def layout(c_contiguous: bool, f_contiguous: bool) -> Layout:
    """Return the layout of Numba's type; what is contiguous either way is of the first."""
    return "C" if c_contiguous else "F" if f_contiguous else "A"


def parameter(
    builder: Builder, name: str, type: Array, extents: tuple[int | None, ...] = ()
) -> Value:
    """Return an array parameter; only an extent of 1 becomes a literal, as it may broadcast."""
    known = [extent == 1 for extent in extents] or [False] * type.ndim
    shape = tuple(
        integer(1) if one else Value(f"_{name}_{axis}", PYTHON_INT)
        for axis, one in enumerate(known)
    )
    value = Value(name, type, shape)
    for axis, extent in enumerate(shape):
        if isinstance(extent, Value):
            builder.call_into(extent, np.shape, (value,), (("axis", axis),))
    return value


def check_dtype(dtype: "np.dtype[Any]", fail: Any) -> None:
    """Refuse by name the dtypes that are not supported."""
    if dtype.kind in "biuf" and dtype.isnative and not (dtype.kind == "f" and dtype.itemsize == 2):
        if dtype.itemsize <= 8:
            return
    if dtype.kind == "c":
        fail("Complex numbers are not supported yet.", "Pass real and imaginary parts apart.")
    if dtype.kind == "O":
        fail("Arrays of Python objects are not supported.", "Convert with `.astype(np.float64)`.")
    if not dtype.isnative:
        fail(
            f"Arrays of non-native byte order ({dtype.str}) are not supported.",
            "Convert with `.astype(dtype.newbyteorder('='))`.",
        )
    fail(f"Arrays of dtype {dtype} are not supported.", "Convert with `.astype(np.float64)`.")


def unsupported_type(value: Any, name: str) -> TypeInferenceError:
    """Return the error for an argument that is neither a number nor an array."""
    return TypeInferenceError(
        f"Argument `{name}` has the type {type(value).__name__}, which is not supported.",
        hint="Pass numbers and NumPy arrays.",
    )
