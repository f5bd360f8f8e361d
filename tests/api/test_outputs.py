"""`outputs=`: the final contents of arguments that a function writes into."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numba import njit

import srcdiff as sd
from tests.finite import assert_same

X = np.array([0.3, -1.2, 2.0])


def evolve(u, r, steps):
    for _ in range(steps):
        for i in range(1, u.shape[0]):
            u[i] = u[i] + r * u[i - 1] * u[i]


def two(a, b, x):
    a[0] = x * a[1]
    b[:] = 2.0 * a + b * b
    a = a + 1.0  # another array: the caller's stays as it is here


def view(a, x):
    part = a[1:]
    part *= x
    helper(part, x)


def helper(part, x):
    part[0] += x * x


def some_paths(a, x):
    if x > 5.0:
        return
    for i in range(a.shape[0]):
        if a[i] < 0.0:
            a[i] = x * a[i]
            return


def unwritten(a, b):
    b[:] = a * a


PROGRAMS: list[tuple[Callable[..., Any], tuple[Any, ...], Any]] = [
    (evolve, (X, 0.3, 3), "u"),
    (evolve, (X, 0.3, 3), ("u",)),
    (two, (X, 2.0 * X, 0.7), ("a", "b")),
    (two, (X, 2.0 * X, 0.7), ("b", "a")),
    (two, (X, 2.0 * X, 0.7), "b"),
    (view, (X, 0.7), "a"),
    (some_paths, (X, 0.7), "a"),
    (some_paths, (X, 7.0), "a"),
    (unwritten, (X, 0.0 * X), ("a", "b")),
]


def contents(f: Callable[..., Any], args: tuple[Any, ...], outputs: Any) -> Any:
    """Return what Python leaves in the arguments."""
    args = tuple(arg.copy() if isinstance(arg, np.ndarray) else arg for arg in args)
    f(*args)
    found = dict(zip(f.__code__.co_varnames, args, strict=False))
    return found[outputs] if isinstance(outputs, str) else tuple(found[name] for name in outputs)


def dot(left: Any, right: Any) -> float:
    pairs = zip(left, right, strict=True)
    return float(sum(np.sum(np.asarray(one) * other) for one, other in pairs))


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize(("f", "args", "outputs"), PROGRAMS)
def test_final_contents(f: Any, args: tuple[Any, ...], outputs: Any, jit: bool) -> None:
    """`<y_bar, J x_dot> == <J^T y_bar, x_dot>`, with `J x_dot` from central differences."""
    kept = [np.copy(arg) for arg in args]
    out, back = sd.vjp(f, *args, outputs=outputs, jit=jit)
    expected = contents(f, args, outputs)
    assert_same(out, expected, 1e-12)
    for arg, before in zip(args, kept, strict=True):
        np.testing.assert_array_equal(arg, before)
    random = np.random.default_rng(3)
    parts = expected if isinstance(expected, tuple) else (expected,)
    seeds = tuple(random.normal(size=part.shape) for part in parts)
    seed = seeds if isinstance(expected, tuple) else seeds[0]
    bars = back(seed)
    active = [k for k, arg in enumerate(args) if not isinstance(arg, int)]
    dots = [random.normal(size=np.shape(args[k])) for k in active]
    sides = []
    for step in (1e-6, -1e-6):
        moved = list(args)
        for k, direction in zip(active, dots, strict=True):
            moved[k] = moved[k] + step * direction
        side = contents(f, tuple(moved), outputs)
        sides.append(side if isinstance(side, tuple) else (side,))
    tangents = [(one - other) / 2e-6 for one, other in zip(*sides, strict=True)]
    assert dot(bars, dots) == pytest.approx(dot(seeds, tangents), rel=1e-6)
    pulled = sd.pullback(f, tuple(active), outputs=outputs, jit=jit)(seed, *args)
    assert_same(pulled, (out, bars), 1e-12)


def test_results_are_the_user_s_own() -> None:
    x = X.copy()
    (a, b), _ = sd.vjp(unwritten, x, 0.0 * x, outputs=("a", "b"), jit=False)
    assert not np.shares_memory(a, x)
    a[0] = 7.0
    assert x[0] == 0.3
    assert b[0] == x[0] ** 2


def test_shared_memory_is_refused() -> None:
    x = X.copy()
    with pytest.raises(sd.AliasingError, match="shares memory"):
        sd.vjp(two, x, x, 0.7, outputs="b", jit=False)
    with pytest.raises(sd.AliasingError, match="shares memory"):
        sd.vjp(two, x, x[::-1], 0.7, outputs="b")


@dataclass
class Field:
    values: Any
    rate: float


def step(fields, dt):
    for field in fields["all"]:
        for i in range(field.values.shape[0]):
            field.values[i] += dt * field.rate * field.values[i]


def test_trees_as_outputs() -> None:
    fields = {"all": [Field(X, 2.0), Field(2.0 * X, 3.0)], "name": "two"}
    out, back = sd.vjp(step, fields, 0.1, outputs="fields", jit=False)
    expected = {"all": [Field(1.2 * X, 2.0), Field(2.6 * X, 3.0)], "name": "two"}
    assert_same(out, expected, 1e-12)
    seeds = {"all": [Field(np.ones(3), 0.0), Field(np.zeros(3), 5.0)], "name": None}
    bar, dt_bar = back(seeds)
    total = float(np.sum(X))
    assert dt_bar == pytest.approx(2.0 * total)
    assert_same(
        bar,
        {
            "all": [Field(np.full(3, 1.2), 0.1 * total), Field(np.zeros(3), 5.0)],
            "name": None,
        },
        1e-12,
    )


def test_a_number_beside_an_array() -> None:
    """Only what holds an array can be named, and a list of names is a tuple of them."""
    out, _ = sd.vjp(two, X, 2.0 * X, 0.7, outputs=["a", "b"], jit=False)
    assert type(out) is tuple
    with pytest.raises(sd.NotDifferentiable, match="which is no array"):
        sd.vjp(two, X, 2.0 * X, 0.7, outputs="x", jit=False)


@pytest.mark.parametrize("outputs", [(), 1, ("a", 1), ("a", "a"), "c"])
def test_wrong_names(outputs: Any) -> None:
    with pytest.raises(sd.TypeInferenceError, match="outputs"):
        sd.vjp(two, X, X.copy(), 0.7, outputs=outputs)


def test_missing_argument() -> None:
    def f(x, out=None):
        x[0] = 2.0 * x[1]

    with pytest.raises(sd.NotDifferentiable, match="not given"):
        sd.vjp(f, X, outputs="out", jit=False)


@pytest.mark.parametrize("transform", [sd.grad, sd.value_and_grad])
def test_gradients_take_no_outputs(transform: Any) -> None:
    with pytest.raises(sd.NotDifferentiable, match="takes no `outputs`"):
        transform(evolve, outputs="u")


def test_nothing_returned_names_the_option() -> None:
    for call in (
        lambda: sd.vjp(evolve, X, 0.3, 3, jit=False),
        lambda: sd.grad(evolve, jit=False)(X, 0.3, 3),
        lambda: sd.pullback(evolve, jit=False)(1.0, X, 0.3, 3),
    ):
        with pytest.raises(sd.NotDifferentiable, match="`outputs=`"):
            call()


def test_from_compiled_code() -> None:
    df = sd.pullback(evolve, ("u", "r"), outputs="u")

    @njit
    def caller(u_bar, u):
        return df(u_bar, u, 0.3, 2)

    kept = X.copy()
    out, bars = caller(np.ones(3), kept)
    np.testing.assert_array_equal(kept, X)
    assert_same((out, bars), df(np.ones(3), X, 0.3, 2), 1e-15)
    np.testing.assert_allclose(out, contents(evolve, (X, 0.3, 2), "u"))


def test_as_decorator_of_an_njit_function() -> None:
    @sd.pullback(argnums="x", outputs="a")
    @njit
    def scale(a, x):
        a *= x

    out, x_bar = scale(np.ones(3), X, 2.0)
    np.testing.assert_array_equal(out, 2.0 * X)
    assert x_bar == pytest.approx(float(np.sum(X)))


def test_bound_method() -> None:
    class Stepper:
        def __init__(self) -> None:
            self.rate = 2.0

        def step(self, u, dt):
            u += dt * self.rate * u

    out, back = sd.vjp(Stepper().step, X, 0.5, outputs="u", jit=False)
    np.testing.assert_allclose(out, 2.0 * X)
    assert back(np.ones(3))[1] == pytest.approx(2.0 * float(np.sum(X)))
