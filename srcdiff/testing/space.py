"""The floating-point numbers of a tree, as one vector.

(array([1.0, 2.0]), 3, {"a": 4.0})  <->  array([1.0, 2.0, 4.0])
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from srcdiff.trees import Tree, expression, flatten

Vector = np.ndarray[Any, np.dtype[np.float64]]


class Space:
    """The trees like `value`, whose leaves are called `paths`, as vectors."""

    def __init__(self, value: Any, paths: Sequence[str]) -> None:
        self.leaves: list[Any] = []
        self.tree = flatten(value, self.leaves)
        self.paths = paths
        self.floats = [k for k, leaf in enumerate(self.leaves) if is_float(leaf)]

    @cached_property
    def size(self) -> int:
        return sum(np.size(self.leaves[k]) for k in self.floats)

    @cached_property
    def itemsize(self) -> int:
        """The bytes of the least precise number."""
        sizes = (np.asarray(self.leaves[k]).dtype.itemsize for k in self.floats)
        return min(sizes, default=8)

    def vector(self, value: Any) -> Vector:
        """Return a tree like this one as a vector, or raise `AssertionError`."""
        leaves: list[Any] = []
        flatten(value, leaves)
        for k in self.floats:
            shape, expected = np.shape(leaves[k]), np.shape(self.leaves[k])
            assert shape == expected, f"{self.paths[k]} has the shape {shape}, not {expected}."
        parts = [np.ravel(np.asarray(leaves[k], dtype=float)) for k in self.floats]
        return np.concatenate([np.empty(0), *parts])

    def moved(self, step: Vector) -> Any:
        """Return the tree with `step` added, in memory of its own."""
        parts = self._parts(step)
        leaves = [
            like(leaf, leaf + parts[k]) if k in parts else owned(leaf)
            for k, leaf in enumerate(self.leaves)
        ]
        return rebuilt(self.tree, leaves)

    def seed(self, vector: Vector) -> Any:
        """Return the vector as a tangent or a cotangent: None at leaves that are no floats."""
        parts = self._parts(vector)
        leaves = [
            like(leaf, parts[k]) if k in parts else None for k, leaf in enumerate(self.leaves)
        ]
        return rebuilt(self.tree, leaves)

    def element(self, number: int) -> str:
        """Return what an element of the vector is called: `x[0, 1]`."""
        for k in self.floats:
            shape = np.shape(self.leaves[k])
            if number < np.size(self.leaves[k]):
                index = ", ".join(str(int(i)) for i in np.unravel_index(number, shape))
                return f"{self.paths[k]}[{index}]" if shape else self.paths[k]
            number -= np.size(self.leaves[k])
        raise IndexError(number)

    def _parts(self, vector: Vector) -> dict[int, Vector]:
        """Return the piece of the vector that belongs to each leaf."""
        parts, first = {}, 0
        for k in self.floats:
            last = first + np.size(self.leaves[k])
            parts[k] = vector[first:last].reshape(np.shape(self.leaves[k]))
            first = last
        return parts


def is_float(leaf: Any) -> bool:
    """Say whether a leaf is a floating-point number, or an array of them."""
    if isinstance(leaf, np.ndarray):
        return bool(leaf.dtype.kind == "f")
    return isinstance(leaf, float | np.floating)


def like(leaf: Any, value: Vector) -> Any:
    """Return `value` as a number or an array such as `leaf`."""
    if not isinstance(leaf, np.ndarray):
        return type(leaf)(value)
    made = np.empty_like(leaf, subok=False)
    made[...] = value
    return made


def owned(value: Any) -> Any:
    """Return a tree with copies of its arrays."""
    leaves: list[Any] = []
    tree = flatten(value, leaves)
    return rebuilt(tree, [_copy(leaf) for leaf in leaves])


def _copy(leaf: Any) -> Any:
    return leaf.copy(order="K") if isinstance(leaf, np.ndarray) else leaf


def rebuilt(tree: Tree, leaves: Sequence[Any]) -> Any:
    """Return the tree with these leaves."""
    names: dict[str, Any] = {"leaves": leaves}
    texts = (f"leaves[{k}]" for k in range(len(leaves)))
    return eval(expression(tree, texts, names), names)
