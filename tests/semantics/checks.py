"""One check for all tests of this folder: value, gradients, dtypes, shapes, memory.

Gradients are held against differences of the function itself, of eighth order, unless given.
"""

from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

import numpy as np

import srcdiff

STENCIL = {1: 4 / 5, 2: -1 / 5, 3: 4 / 105, 4: -1 / 280}
STEP = 1e-2


def programs(names: dict[str, Any], first: Callable[..., Any]) -> list[Callable[..., Any]]:
    """Return the functions of a module from `first` on."""
    found = [value for value in names.values() if isinstance(value, FunctionType)]
    return [f for f in found[found.index(first) :] if f.__module__ == names["__name__"]]


def check(
    f: Callable[..., Any],
    *args: Any,
    gradients: Sequence[Any] | None = None,
    jit: bool = False,
    rtol: float = 1e-8,
    step: float = STEP,
) -> None:
    """Hold all that `pullback` returns at `args` against `f` and its differences.

    `gradients` has one entry for each floating-point argument, for a cotangent of ones.
    """
    wrt = tuple(k for k, arg in enumerate(args) if is_float(arg))
    with np.errstate(all="ignore"):
        out = f(*map(fresh, args))
    ones = gradients is not None
    seed = seeds(out, np.random.default_rng(7), ones=ones)
    given = [fresh(arg) for arg in args]
    found, cotangents = srcdiff.pullback(f, argnums=wrt, jit=jit)(seed, *given)
    same(found, out, 1e-5 if single(out) else 1e-12)
    for arg, one in zip(args, given, strict=True):
        np.testing.assert_array_equal(arg, one, err_msg="an argument was changed")
    expected = gradients or [differences(f, args, k, seed, step) for k in wrt]
    for k, cotangent, exact in zip(wrt, cotangents, expected, strict=True):
        tolerance = 2e-5 if single(args[k]) or single(out) else rtol
        check_cotangent(cotangent, args, k, np.asarray(exact), tolerance)


def check_cotangent(found: Any, args: Sequence[Any], k: int, exact: Any, rtol: float) -> None:
    """Hold one cotangent against the exact one; it has the argument's type and its own memory."""
    assert np.shape(found) == np.shape(args[k])
    assert np.asarray(found).dtype == np.asarray(args[k]).dtype
    if isinstance(args[k], np.ndarray):
        assert isinstance(found, np.ndarray)
        assert found.flags.writeable
        assert not any(np.shares_memory(found, arg) for arg in args if isinstance(arg, np.ndarray))
    finite = np.abs(exact[np.isfinite(exact)])
    scale = max(1.0, float(finite.max(initial=0.0)))
    message = f"gradient with respect to argument {k}"
    np.testing.assert_allclose(found, exact, rtol=rtol, atol=rtol * scale, err_msg=message)


def same(found: Any, out: Any, rtol: float) -> None:
    """Hold an output against that of the function: tree, dtypes and values."""
    if isinstance(out, tuple):
        assert isinstance(found, tuple)
        for one, other in zip(found, out, strict=True):
            same(one, other, rtol)
        return
    assert np.shape(found) == np.shape(out)
    assert np.asarray(found).dtype == np.asarray(out).dtype
    np.testing.assert_allclose(found, out, rtol=rtol, atol=rtol)


def is_float(value: Any) -> bool:
    return isinstance(value, float | np.floating) or (
        isinstance(value, np.ndarray) and value.dtype.kind == "f"
    )


def single(value: Any) -> bool:
    if isinstance(value, tuple):
        return any(map(single, value))
    return np.asarray(value).dtype == np.float32


def fresh(arg: Any) -> Any:
    """Return a copy with the same layout and flags."""
    if not isinstance(arg, np.ndarray) or not arg.flags.writeable:
        return arg
    if arg.flags.forc:
        return arg.copy(order="K")
    copy = np.empty(tuple(2 * n for n in arg.shape), arg.dtype)[(slice(None, None, 2),) * arg.ndim]
    copy[...] = arg
    return copy


def seeds(out: Any, random: np.random.Generator, *, ones: bool) -> Any:
    """Return a cotangent for an output: random numbers, or ones."""
    if isinstance(out, tuple):
        return tuple(seeds(one, random, ones=ones) for one in out)
    if not is_float(out):
        return None
    seed = np.ones(np.shape(out)) if ones else random.uniform(0.5, 1.5, size=np.shape(out))
    if isinstance(out, np.ndarray):
        return seed.astype(out.dtype)
    return type(out)(seed)


def paired(out: Any, seed: Any) -> Any:
    """Return the sum of the products of an output and a cotangent."""
    if isinstance(out, tuple):
        return sum(paired(one, other) for one, other in zip(out, seed, strict=True))
    return 0.0 if seed is None else np.sum(np.asarray(out, dtype=float) * seed)


def widened(arg: Any) -> Any:
    """Return an argument in double precision, that can be written."""
    if isinstance(arg, np.ndarray):
        return np.array(arg, dtype=float) if arg.dtype.kind == "f" else arg.copy()
    return float(arg) if isinstance(arg, np.floating) else arg


def differences(f: Callable[..., Any], args: Sequence[Any], k: int, seed: Any, step: float) -> Any:
    """Return the derivative with respect to each element of argument `k`."""
    shape = np.shape(args[k])
    result = np.zeros(shape)
    for index in np.ndindex(*shape):

        def along(t: float, index: tuple[int, ...] = index) -> float:
            moved = [widened(arg) for arg in args]
            moved[k] = np.asarray(moved[k], dtype=float)
            moved[k][index] += t
            if not isinstance(args[k], np.ndarray):
                moved[k] = float(moved[k])
            with np.errstate(all="ignore"):
                return float(paired(f(*moved), seed))

        result[index] = (
            sum(w * (along(n * step) - along(-n * step)) for n, w in STENCIL.items()) / step
        )
    return result
