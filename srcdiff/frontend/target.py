"""What the user gave, taken apart: the function itself and the arguments already bound to it.

partial(model.loss, scale=2.0)  ->  Target(Model.loss, args=(model,), kwargs={"scale": 2.0})
"""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType

import numpy as np
from numba.core.dispatcher import Dispatcher
from numba.np.ufunc.dufunc import DUFunc
from numba.np.ufunc.gufunc import GUFunc

from srcdiff.errors import SrcdiffError, UnknownFunction, UnsupportedSyntax

NumpyFunction = type(np.sum)
"""The class of the NumPy functions that are written in Python (`np.sum`, `np.linalg.det`)."""

VECTORIZED = (np.vectorize, DUFunc, GUFunc)


@dataclass(frozen=True, eq=False)
class Target:
    """A function to differentiate: called with `args` before and `kwargs` beside the user's own.

    `function` is a Python function, or one of NumPy, math or builtins that needs no source.
    `fastmath` is that option of the `@njit` around it: a bool, or the set of LLVM's flags.
    """

    function: Callable[..., object]
    args: tuple[object, ...] = ()
    kwargs: dict[str, object] = field(default_factory=dict)
    fastmath: bool | frozenset[str] = False


def unwrap(f: object) -> Target:
    """Return the function inside `f`, with what methods, partials and `@njit` put around it.

    Raises `UnsupportedSyntax` or `UnknownFunction`, with what to pass instead.
    """
    match f:
        case FunctionType() | np.ufunc() | NumpyFunction():
            return Target(f)
        case BuiltinFunctionType() if isinstance(f.__self__, ModuleType):
            return Target(f)
        case Dispatcher():
            inner = unwrap(f.py_func)
            return Target(inner.function, inner.args, inner.kwargs, _fastmath(f))
        case MethodType():
            return _bind(unwrap(f.__func__), (f.__self__,), {})
        case functools.partial() if not _has_placeholder(f):
            return _bind(unwrap(f.func), f.args, f.keywords)
        case _ if getattr(type(f), "is_derivative", False):
            return Target(f)  # type: ignore[arg-type]
        case staticmethod():
            return unwrap(f.__func__)
        case _ if (call := _python_call(f)) is not None:
            return unwrap(call)
        case _:
            raise _refusal(f)


def _bind(target: Target, args: tuple[object, ...], kwargs: dict[str, object]) -> Target:
    """Bind further arguments: positional ones after, keywords over those already bound."""
    return Target(target.function, target.args + args, {**target.kwargs, **kwargs}, target.fastmath)


def _fastmath(dispatcher: Dispatcher) -> bool | frozenset[str]:
    """Return the `fastmath` option, which Numba takes as a bool, a set of flags, or a dict."""
    match dispatcher.targetoptions.get("fastmath", False):
        case bool() as value:
            return value
        case dict() as flags:
            return frozenset(flag for flag, on in flags.items() if on)
        case flags:
            return frozenset(flags)


def _has_placeholder(f: "functools.partial[object]") -> bool:
    """Say whether a gap is left among the bound arguments (`functools.Placeholder`, 3.14)."""
    placeholder = getattr(functools, "Placeholder", None)
    return placeholder is not None and any(arg is placeholder for arg in f.args)


def _python_call(f: object) -> object | None:
    """Return the `__call__` of an instance of a user's class, bound as Python would bind it."""
    if isinstance(f, (type, *VECTORIZED)) or not callable(f):
        return None
    # Python looks `__call__` up on the class and never on the instance.
    call = inspect.getattr_static(type(f), "__call__")
    bound = call.__get__(f, type(f)) if hasattr(call, "__get__") else call
    return bound if isinstance(bound, (FunctionType, MethodType, functools.partial)) else None


def _refusal(f: object) -> SrcdiffError:
    """Say why `f` cannot be differentiated and what to pass instead."""
    name = _name(f)
    wrapped = getattr(f, "__wrapped__", None)
    match f:
        case type():
            message = f"`{name}` is a class, not a function"
            hint = "Pass a function that makes the object and returns a number or an array."
        case functools.partial():
            message = "a partial with `functools.Placeholder` is not supported"
            hint = "Write it as a lambda."
        case _ if isinstance(f, VECTORIZED):
            message = f"`{name}` is a loop over the elements around another function"
            hint = "Pass the function inside it, or write it with array operations."
        case _ if not callable(f):
            message = f"{name} is not a function"
            hint = "Pass a function, a lambda, a method, a partial or an @njit function."
        case _ if wrapped is not None:
            message = f"`{name}` is wrapped by a decorator that has no Python source"
            hint = f"Differentiate the function inside: `{name}.__wrapped__`."
            return UnsupportedSyntax(message, hint=hint)
        case _:
            message = f"`{name}` has no Python source and is not a NumPy function"
            hint = "Pass a function that is written in Python, or give this one an `sd.rule`."
    return UnknownFunction(message, hint=hint)


def _name(f: object) -> str:
    """Return what an error calls `f`."""
    name = getattr(f, "__qualname__", None) or getattr(f, "__name__", None)
    return name if isinstance(name, str) else f"an object of type `{type(f).__name__}`"
