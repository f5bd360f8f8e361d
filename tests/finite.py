"""Gradients of functions of trees by central differences: an oracle that runs the user's Python."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

import srcdiff as sd
from srcdiff.trees import expression, flatten

STEP = 1e-6


def rebuilt(tree: Any, leaves: list[Any]) -> Any:
    """Return the tree with these leaves."""
    names: dict[str, Any] = {"leaves": leaves}
    texts = (f"leaves[{k}]" for k in range(len(leaves)))
    return eval(expression(tree, texts, names), names)


def finite_differences(f: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """Return the gradient of `f` by all arguments: arrays and floats, None at other leaves."""
    leaves: list[Any] = []
    tree = flatten(args, leaves)
    bars = [_bar(f, tree, leaves, k) for k in range(len(leaves))]
    return rebuilt(tree, bars)


def _bar(f: Callable[..., Any], tree: Any, leaves: list[Any], k: int) -> Any:
    leaf = leaves[k]
    if not isinstance(leaf, float) and not (
        isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f"
    ):
        return None
    bar = np.zeros(np.shape(leaf))
    for index in np.ndindex(bar.shape):
        sides = []
        for sign in (1.0, -1.0):
            moved = copy.deepcopy(leaves)
            changed = np.array(leaf)
            changed[index] += sign * STEP
            moved[k] = changed if isinstance(leaf, np.ndarray) else float(changed)
            sides.append(f(*rebuilt(tree, moved)))
        bar[index] = (sides[0] - sides[1]) / (2.0 * STEP)
    return bar if isinstance(leaf, np.ndarray) else float(bar)


def check(f: Callable[..., Any], *args: Any, jit: bool = False) -> None:
    """Hold value and gradient of `f` by all arguments to what Python gives."""
    kept = copy.deepcopy(args)
    positions = tuple(k for k, arg in enumerate(args) if _has_floats(arg))
    value, bars = sd.value_and_grad(f, argnums=positions, jit=jit)(*args)
    expected = finite_differences(f, args)
    assert_same(args, kept, 0.0)
    np.testing.assert_allclose(value, f(*copy.deepcopy(args)), rtol=1e-12)
    assert_same(bars, tuple(expected[k] for k in positions), 1e-6)


def _has_floats(arg: Any) -> bool:
    leaves: list[Any] = []
    flatten(arg, leaves)
    return any(isinstance(leaf, float) or np.asarray(leaf).dtype.kind == "f" for leaf in leaves)


def assert_same(found: Any, expected: Any, tolerance: float) -> None:
    """Hold two trees to be the same, classes included."""
    left: list[Any] = []
    right: list[Any] = []
    assert flatten(found, left) == flatten(expected, right)
    for one, other in zip(left, right, strict=True):
        if isinstance(other, float | np.ndarray):
            assert np.shape(one) == np.shape(other)
            np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)
        else:
            assert type(one) is type(other)
            assert one == other
