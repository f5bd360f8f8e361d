"""Trees and derivatives other than gradients: tangents, Jacobians, those inside, `outputs=`."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest

import srcdiff as sd
from tests.finite import assert_same, check

X = np.array([1.0, 2.0, -3.0])


@dataclass
class Affine:
    w: Any
    b: Any

    def loss(self, x):
        return np.sum((self.w * x + self.b) ** 2)


class Pair(NamedTuple):
    u: Any
    v: Any


def affine(p, x):
    return np.sum((p["w"] * x + p["b"]) ** 2)


def affine_grad(p, x):
    r = 2.0 * (p["w"] * x + p["b"])
    return {"w": r * x, "b": np.sum(r)}


P = {"w": X + 1.0, "b": 2.0}
DIRECTION = {"b": 0.5, "w": np.array([1.0, -1.0, 2.0])}


# ---- from outside ----


def along(f, p, direction):
    """Return the derivative of `f(p)` along a direction, by central differences."""
    up, down = ({key: p[key] + side * 1e-6 * direction[key] for key in p} for side in (1.0, -1.0))
    return up, down, lambda one, other: (one - other) / 2e-6


def test_tangents_are_trees() -> None:
    up, down, slope = along(affine, P, DIRECTION)
    expected = slope(affine(up, X), affine(down, X))
    out, out_dot = sd.jvp(lambda p: affine(p, X), (P,), (DIRECTION,), jit=False)
    assert out == affine(P, X)
    np.testing.assert_allclose(out_dot, expected, rtol=1e-6)
    first, second = affine_grad(up, X), affine_grad(down, X)
    product = sd.hvp(affine, jit=False)(DIRECTION, P, X)
    assert list(product) == ["w", "b"]
    for key in P:
        np.testing.assert_allclose(product[key], slope(first[key], second[key]), rtol=1e-6)


def test_tangents_of_another_tree_are_refused() -> None:
    for tangent in ({"w": X}, {"w": X, "b": 1.0, "c": 1.0}, (X, 1.0), [X, 1.0], 1.0):
        with pytest.raises(sd.TypeInferenceError, match="The tangent has the tree"):
            sd.jvp(lambda p: affine(p, X), (P,), (tangent,), jit=False)


def test_jacobians_have_the_tree_of_the_output_and_of_the_argument() -> None:
    def f(p):
        return [p.u * p.v, {"s": np.sum(p.u)}]

    expected = [Pair(2.0 * np.eye(3), X), {"s": Pair(np.ones(3), 0.0)}]
    for transform in (sd.jacobian, sd.jacfwd, sd.jacrev):
        assert_same(transform(f, jit=False)(Pair(X, 2.0)), expected, 0.0)


def test_hessians_have_the_tree_of_the_argument_twice() -> None:
    found = sd.hessian(affine, jit=False)(P, X)
    expected = {
        "w": {"w": np.diag(2.0 * X * X), "b": 2.0 * X},
        "b": {"w": 2.0 * X, "b": 6.0},
    }
    assert_same(found, expected, 1e-14)


# ---- derivatives inside ----


def step(p, x):
    g = sd.grad(affine)(p, x)
    return np.sum(g["w"] * x) + g["b"] ** 2


def step_of_instance(p, x):
    g = sd.grad(lambda q, y: np.sum((q.w * y + q.b) ** 2))(p, x)
    return np.sum(g.w * x) + g.b


def step_of_method(p, x):
    return np.sum(sd.grad(p.loss)(x) ** 2)


def changed_gradient(x):
    value, g = sd.value_and_grad(lambda p, x: p.loss(x))(Affine(x, x[0]), x)
    g.w[0] *= 2.0
    g.b = g.b * 3.0
    return np.sum(g.w) + g.b + value


def with_aux(p, x):
    def f(q):
        y = q["w"] * x
        return np.sum(y * y) * q["b"], {"y": y, "rest": [1, y]}

    g, aux = sd.grad(f, has_aux=True)(p)
    (value, same), _ = sd.value_and_grad(f, has_aux=True)(p)
    return np.sum(g["w"]) + g["b"] + np.sum(aux["y"]) + np.sum(aux["rest"][1] * same["y"]) + value


def listed(x):
    left, right = sd.grad(lambda p: np.sum(p[0] ** 3) * p[1])([x, 2.0])
    return np.sum(left) * right


def named_keyword(x):
    return np.sum(sd.grad(lambda *, p: np.sum(p["a"] ** 3), argnums="p")(p={"a": x})["a"])


def hessian_inside(p, x):
    h = sd.hessian(affine)(p, x)
    return np.sum(h["w"]["b"] ** 2) + np.sum(h["w"]["w"]) + h["b"]["b"] * x[0]


def jacobian_inside(p, x):
    j = sd.jacobian(lambda q: [q["w"] * x, q["b"] * x])(p)
    return np.sum(j[0]["w"] ** 2) + np.sum(j[1]["b"] ** 2)


def tangents_inside(x, v):
    out, out_dot = sd.jvp(affine, [{"w": x, "b": v}, x], [{"b": 1.0, "w": x}, x])
    return out * out_dot


def product_inside(x, v):
    product = sd.hvp(affine)({"b": v, "w": x}, {"w": x, "b": v}, x)
    return np.sum(product["w"]) * product["b"]


def cotangents_inside(x, v):
    def f(q):
        return {"a": q.u * q.v, "n": 1, "b": [np.sum(q.u), q.v]}

    out, bars = sd.pullback(f)({"b": [v, 2.0], "n": None, "a": x}, Pair(x, v))
    return np.sum(bars.u * out["a"]) * bars.v + out["b"][0]


# What the functions above compute, without derivatives.


def explicit_step(p, x):
    g = affine_grad(p, x)
    return np.sum(g["w"] * x) + g["b"] ** 2


def explicit_step_of_instance(p, x):
    r = 2.0 * (p.w * x + p.b)
    return np.sum(r * x * x) + np.sum(r)


def explicit_step_of_method(p, x):
    return np.sum((2.0 * (p.w * x + p.b) * p.w) ** 2)


def explicit_changed_gradient(x):
    r = x * x + x[0]
    return np.sum(2.0 * r * x) + 2.0 * r[0] * x[0] + 6.0 * np.sum(r) + np.sum(r * r)


def explicit_with_aux(p, x):
    y = p["w"] * x
    total = np.sum(y * y)
    g = np.sum(2.0 * y * x) * p["b"]
    return g + total + np.sum(y) + total + total * p["b"]


def explicit_listed(x):
    return np.sum(6.0 * x**2) * np.sum(x**3)


def explicit_named_keyword(x):
    return np.sum(3.0 * x**2)


def explicit_hessian_inside(p, x):
    return np.sum(4.0 * x * x) + np.sum(2.0 * x * x) + 6.0 * x[0]


def explicit_jacobian_inside(p, x):
    return 2.0 * np.sum(x * x)


def explicit_tangents_inside(x, v):
    r = x * x + v
    return np.sum(r * r) * np.sum(2.0 * r * (2.0 * x * x + 1.0))


def explicit_product_inside(x, v):
    along = 2.0 * (x * x + v)
    return np.sum(along * x) * np.sum(along)


def explicit_cotangents_inside(x, v):
    u_bar = x * v + v
    v_bar = np.sum(x * x) + 2.0
    return np.sum(u_bar * x * v) * v_bar + np.sum(x)


INSTANCE = Affine(X + 1.0, 2.0)
CASES = [
    (step, explicit_step, (P, X)),
    (step_of_instance, explicit_step_of_instance, (INSTANCE, X)),
    (step_of_method, explicit_step_of_method, (INSTANCE, X)),
    (changed_gradient, explicit_changed_gradient, (X,)),
    (with_aux, explicit_with_aux, (P, X)),
    (listed, explicit_listed, (X,)),
    (named_keyword, explicit_named_keyword, (X,)),
    (hessian_inside, explicit_hessian_inside, (P, X)),
    (jacobian_inside, explicit_jacobian_inside, (P, X)),
    (tangents_inside, explicit_tangents_inside, (X, 2.0)),
    (product_inside, explicit_product_inside, (X, 2.0)),
    (cotangents_inside, explicit_cotangents_inside, (X, 2.0)),
]


NAMES = [case[0].__name__ for case in CASES]


@pytest.mark.parametrize(("f", "explicit", "args"), CASES, ids=NAMES)
def test_derivatives_of_trees_inside(f, explicit, args) -> None:
    check(explicit, *args)
    positions = tuple(range(len(args)))
    value, bars = sd.value_and_grad(f, argnums=positions, jit=False)(*args)
    expected, expected_bars = sd.value_and_grad(explicit, argnums=positions, jit=False)(*args)
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    assert_same(bars, expected_bars, 1e-12)


def test_compiled() -> None:
    args = (P, X)
    found = sd.value_and_grad(step)(*args)
    assert_same(found, sd.value_and_grad(explicit_step, jit=False)(*args), 1e-12)
    assert_same(sd.hvp(affine)(DIRECTION, P, X), sd.hvp(affine, jit=False)(DIRECTION, P, X), 1e-14)


PARAMETERS = {"w": np.ones(3), "inner": [1.0, np.ones(3)]}


def test_objects_of_the_surroundings_are_differentiated_inside() -> None:
    def f(x):
        g = sd.grad(lambda p: np.sum((p["w"] * x + p["inner"][1] * x) ** 2))(PARAMETERS)
        return np.sum(g["w"]) + np.sum(g["inner"][1])

    assert_same(sd.grad(f, jit=False)(X), 16.0 * X, 1e-14)


def test_tangents_inside_of_another_tree_are_refused() -> None:
    def f(p, x):
        return sd.pushforward(lambda q: np.sum(q["w"]) * q["b"])({"w": x, "c": 1.0}, p)[1]

    with pytest.raises(sd.TypeInferenceError, match="do not have the tree"):
        sd.grad(f, argnums=1, jit=False)(P, X)


def test_lists_of_unknown_length_inside_are_refused() -> None:
    def taken(x):
        parts = [x[i] * x[i] for i in range(x.shape[0])]
        return np.sum(sd.grad(lambda p: np.sum(np.array(p) ** 2))(parts))

    def returned(x):
        return sd.grad(lambda y: (np.sum(y), [2.0 * e for e in y]), has_aux=True)(x)[0][0]

    for f in (taken, returned):
        with pytest.raises(sd.TypeInferenceError, match="known at run time only"):
            sd.grad(f, jit=False)(X)


def test_changes_of_objects_of_the_caller_inside_are_refused() -> None:
    def of_argument(x):
        def g(p):
            p["w"] = p["w"] * 2.0
            return np.sum(p["w"] ** 2)

        q = {"w": x}
        return np.sum(sd.grad(g)(q)["w"]) + q["w"][0]

    def of_closure(x):
        state = {"n": x}

        def g(y):
            state["n"] = y
            return np.sum(y * y)

        return np.sum(sd.grad(g)(x)) + np.sum(state["n"])

    for f in (of_argument, of_closure):
        with pytest.raises(sd.TypeInferenceError, match="change"):
            sd.grad(f, jit=False)(X)


# ---- constants ----


def test_constants_in_records() -> None:
    def f(x):
        d = {"a": x * 1.0, "b": x}
        with sd.no_grad():
            d["c"] = x
            d["b"] = x * 2.0
        e = sd.stop_gradient({"a": x, "l": [x]})
        e["a"] = e["a"] * 1.0
        return np.sum(d["a"] * d["b"] * d["c"] * e["a"] * e["l"][0])

    assert_same(sd.value_and_grad(f, jit=False)(X), (f(X), 2.0 * X**4), 1e-14)


def test_constants_in_records_of_the_caller() -> None:
    def f(x):
        d = {"a": x * 1.0, "b": x}
        t = (d, x)

        def step(q):
            with sd.no_grad():
                q["b"] = x

        step(d)
        return np.sum(d["a"] * t[0]["b"] * t[1])

    assert_same(sd.value_and_grad(f, jit=False)(X), (f(X), 2.0 * X**2), 1e-14)


def test_constants_of_trees_are_copies() -> None:
    tree = [X, {"a": 1.0}, Affine(X, "text"), Pair(1, None)]
    found = sd.stop_gradient(tree)
    assert_same(found, tree, 0.0)
    assert not np.shares_memory(found[0], X)
    assert not np.shares_memory(found[2].w, X)


# ---- outputs ----


def write(a, x):
    a *= x
    a[0] += x[1]


def written(a, x):
    a = a * x
    a[0] += x[1]
    return a


def test_outputs_of_forward_products() -> None:
    a, a_dot, x_dot = np.array([2.0, 1.0, 3.0]), np.array([1.0, 0.5, 2.0]), X * X
    kept = a.copy()
    expected = sd.jvp(written, (a, X), (a_dot, x_dot), jit=False)
    for jit in (False, True):
        found = sd.jvp(write, (a, X), (a_dot, x_dot), outputs="a", jit=jit)
        assert_same(found, expected, 1e-14)
    push = sd.pushforward(write, argnums=("a", "x"), outputs=("a",), jit=False)
    out, out_dot = push((a_dot, x_dot), a, X)
    assert_same((out[0], out_dot[0]), expected, 1e-14)
    series = sd.taylor(write, 2, argnum="x", outputs="a", jit=False)(x_dot, a, X)
    assert_same(series, sd.taylor(written, 2, argnum="x", jit=False)(x_dot, a, X), 1e-14)
    assert_same(a, kept, 0.0)


def test_outputs_of_jacobians() -> None:
    a = np.array([2.0, 1.0, 3.0])
    kept = a.copy()
    for transform in (sd.jacobian, sd.jacfwd, sd.jacrev):
        expected = transform(written, ("a", "x"), jit=False)(a, X)
        found = transform(write, ("a", "x"), outputs="a", jit=False)(a, X)
        assert_same(found, expected, 1e-14)
        assert_same(transform(write, "x", outputs=("a",), jit=False)(a, X), (expected[1],), 1e-14)
    product = sd.gnvp(write, "x", outputs="a", jit=False)(X, a, X)
    assert_same(product, sd.gnvp(written, "x", jit=False)(X, a, X), 1e-14)
    assert_same(a, kept, 0.0)


@pytest.mark.parametrize("transform", [sd.grad, sd.value_and_grad, sd.hessian, sd.hvp])
def test_outputs_of_what_takes_one_number_are_refused(transform) -> None:
    with pytest.raises(sd.NotDifferentiable, match="takes no `outputs`") as caught:
        transform(write, outputs="a")
    assert "`jacobian`" in caught.value.hint
