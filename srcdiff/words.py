"""Functions that the front end and the printer know by identity."""

import random
from typing import Any

import numpy as np

from srcdiff.trees import mapped

MAYBE_VIEW = "maybe_view"
"""Marks a copy that NumPy might make a view instead: the front end cannot tell."""


def cast(x: Any, dtype: Any) -> Any:
    """Return `x`, a scalar or an array, as another dtype."""
    return np.asarray(x, dtype)[()]


def grow(tape: Any, size: int) -> Any:
    """Return `tape`, or a copy of at least twice its length, so that `size` elements fit."""
    if size <= tape.shape[0]:
        return tape
    longer = np.empty((max(size, 2 * tape.shape[0]),) + tape.shape[1:], dtype=tape.dtype)
    longer[: tape.shape[0]] = tape
    return longer


def radd(a: Any, b: Any) -> Any:
    """Return `a + b`; compiled, such additions may be done in any order."""
    return a + b


def opaque(i: Any) -> Any:
    """Return `i`; compiled, LLVM does not know that it is `i`."""
    return i


WIDTH = 4
"""Elements of a vector: 256 bits of float64."""


def abreast(n: Any) -> Any:
    """Return `n`; compiled, a loop over `range(abreast(n))` is one vector of n elements.

    If n is no literal, it is vectors of four.
    """
    return n


def fetch(array: Any, i: Any, ahead: Any) -> Any:
    """Return 0; compiled, what lies `ahead` bytes behind `array[i]` comes into the cache."""
    return 0


FAR = 2**62
"""Further from the diagonal than any element of a matrix."""


def product(
    x: Any,
    y: Any,
    u: Any = None,
    v: Any = None,
    first: int = -FAR,
    last: int = FAR,
    lowest: int = -FAR,
    highest: int = FAR,
) -> Any:
    """Return `x @ y`, where only the elements of `x` with first <= column - row <= last count.

    With `u` and `v`, it is `x @ y + u @ v`: each term is the sum of two products.

    The others, and what they would be multiplied by, are not read: nothing that is infinite there
    spoils a sum. Each sum is added up in order. Of the result, only the elements with
    lowest <= column - row <= highest are asked for; the others are undefined.
    """
    rows, columns = np.arange(x.shape[0]), np.arange(y.shape[1])
    out = np.zeros((x.shape[0], y.shape[1]), x.dtype)
    for k in range(x.shape[1]):
        some = rows[(first <= k - rows) & (k - rows <= last)]
        terms = np.multiply.outer(x[some, k], y[k])
        out[some] += terms if u is None else terms + np.multiply.outer(u[some, k], v[k])
    place = columns - rows[:, None]
    out[(place < lowest) | (place > highest)] = np.nan
    return out


def guarded(seed: Any, product: Any) -> Any:
    """Return `product`, a partial times `seed`, and 0 where `seed` is 0 and the partial infinite.

    Its derivative is that of the product, also where `seed` happens to be 0.
    """
    return np.where(np.equal(seed, 0), 0, product)[()]


def stop_gradient(x: Any) -> Any:
    """Return `x`, a number, a copy of an array, or a tree of such, as a constant.

    No derivative passes through it, as with `detach` in PyTorch.
    """
    return mapped(lambda leaf: leaf.copy() if isinstance(leaf, np.ndarray) else leaf, x)


class no_grad:
    """`with no_grad():` makes constants of what is computed and written in its block."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *reason: object) -> None:
        return None


def checkpoint(f: Any) -> Any:
    """Return `f`, to be called as a whole: a derivative keeps its arguments and nothing inside it.

    The adjoint sweep runs it again, once, when it comes to the call.
    """
    return f


# ---- the stack of a function that calls itself ----


def new_stack() -> Any:
    """Return a stack for what the calls of a function that calls itself keep."""
    return []


def push(stack: Any, *numbers: Any) -> Any:
    """Put numbers on the stack; return their place."""
    stack.append(numbers)
    return len(stack) - 1


def push_array(stack: Any, array: Any) -> Any:
    """Put the contents of an array on the stack; return their place."""
    stack.append(np.array(array))
    return len(stack) - 1


def float_at(stack: Any, place: Any, k: int) -> Any:
    """Return number `k` of those at a place of the stack, a float64."""
    return stack[place][k]


def single_at(stack: Any, place: Any, k: int) -> Any:
    """Return number `k` of those at a place of the stack, a float32."""
    return stack[place][k]


def int_at(stack: Any, place: Any, k: int) -> Any:
    """Return number `k` of those at a place of the stack, an integer."""
    return stack[place][k]


def bool_at(stack: Any, place: Any, k: int) -> Any:
    """Return number `k` of those at a place of the stack, a bool."""
    return stack[place][k]


def array_at(stack: Any, place: Any, out: Any) -> Any:
    """Return `out`, filled with what is at a place of the stack."""
    out[...] = stack[place]
    return out


def cut(stack: Any, place: Any) -> None:
    """Take off the stack what is at a place, and all that was put there later."""
    del stack[place:]


def free(stack: Any) -> None:
    """Give the memory of a stack back."""
    stack.clear()


STACK = (new_stack, push, push_array, float_at, single_at, int_at, bool_at, array_at, cut, free)
DRAWS: frozenset[Any] = frozenset(
    {np.random.seed, np.random.random, np.random.uniform, np.random.normal, np.random.laplace}
    | {np.random.standard_normal, np.random.exponential, np.random.gamma, np.random.beta}
    | {np.random.randint, random.seed, random.random, random.uniform, random.gauss}
    | {random.normalvariate, random.randint}
)
"""Functions that draw random numbers, or decide which ones are drawn."""
EFFECTS: frozenset[Any] = DRAWS | {new_stack, push, push_array, cut, free, print}
"""Functions that do something besides what they return: each call runs, once, and where it is."""
HINTS: frozenset[Any] = frozenset({fetch})
"""Functions that change nothing but the time that it takes."""
ORDERED = EFFECTS | frozenset(STACK)
"""Those, and what gives another value after them."""
