"""`sd.testing`: right derivatives pass, wrong ones are named with argument, element and numbers."""

import re
from typing import Any

import numpy as np
import pytest

import srcdiff as sd
from srcdiff.testing import case as case_module
from srcdiff.testing.case import case_of
from srcdiff.testing.differences import differences
from srcdiff.testing.space import Space

TESTS = {
    "check_grads": sd.testing.check_grads,
    "dot_product_test": sd.testing.dot_product_test,
    "taylor_test": sd.testing.taylor_test,
}
X = np.array([0.5, -1.25, 2.0])


def smooth(x, y):
    return np.sin(x) * y + x[0] * x * x


def pair(p, n, w):
    a, (b, c) = p
    total = 0.0
    for i in range(n):
        total += a * np.sum(b[i] * c)
    return w * total, n, (b * b, None)


def writes(x, steps):
    for _ in range(steps):
        for i in range(1, x.shape[0]):
            x[i] = x[i] + 0.5 * np.tanh(x[i - 1]) * x[i]
    return x


TREE = (2.0, (np.array([[1.0, 0.5], [-0.5, 2.0]]), np.array([1.0, 3.0])))
RIGHT: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "two arguments": (smooth, (X, 3.0)),
    "trees": (pair, (TREE, 2, 0.75)),
    "writes": (writes, (X, 3)),
    "a number": (lambda x: x * np.exp(x), (0.5,)),
    "linear": (lambda x: 3.0 * x, (X,)),
    "constant": (lambda x: (2.0, x[0]), (X,)),
    "many elements": (lambda x: np.sum(np.sin(x) * x[::-1]), (np.linspace(0.1, 3.0, 40),)),
    "strided": (smooth, (np.repeat(X, 2)[::-2], 3.0)),
    "single precision": (smooth, (X.astype(np.float32), np.float32(3.0))),
    "near the end of the domain": (lambda x: np.log(x), (1e-3,)),
}


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("name", RIGHT)
def test_right_derivatives_pass(test: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRCDIFF_VERIFY", "1")
    if (test, name) == ("taylor_test", "near the end of the domain"):
        return  # the steps of this test are fixed, and longer than the way there
    f, args = RIGHT[name]
    TESTS[test](f, args, jit=False)


def test_compiled_derivatives_pass() -> None:
    for test in TESTS.values():
        test(smooth, (X, 3.0))


def test_arguments_are_not_changed() -> None:
    x = X.copy()
    for test in TESTS.values():
        test(writes, (x, 3), jit=False)
    np.testing.assert_array_equal(x, X)


@pytest.mark.parametrize("test", TESTS)
def test_argnums(test: str) -> None:
    def wrong_in_y(x, y):
        return np.sum(np.sin(x)) * sd.stop_gradient(y) * y

    args = (X, 3.0)
    for argnums in (0, "x", (0,)):
        TESTS[test](wrong_in_y, args, argnums, jit=False)
    if test != "dot_product_test":
        with pytest.raises(AssertionError, match="by y"):
            TESTS[test](wrong_in_y, args, "y", jit=False)
        with pytest.raises(AssertionError, match="by y"):
            TESTS[test](wrong_in_y, args, jit=False)


# ---- wrong derivatives ----


def stopped(x, y):
    return x * sd.stop_gradient(x[1]), y


def stopped_tree(p, n):
    a, (b, c) = p
    return n * a * np.sum(b) * sd.stop_gradient(c[1])


def wrong_at_order_2(x):
    return 2.0 * sd.stop_gradient(x) * x - sd.stop_gradient(x * x)


def test_the_element_is_named() -> None:
    message = "Forward mode of `stopped` is wrong at output[0][2] by x[1]: 0, not 2."
    with pytest.raises(AssertionError, match=re.escape(message)):
        sd.testing.check_grads(stopped, (X, 3.0), jit=False)
    message = "Reverse mode of `stopped` is wrong at output[0][2] by x[1]: 0, not 2."
    with pytest.raises(AssertionError, match=re.escape(message)):
        sd.testing.check_grads(stopped, (X, 3.0), modes=("rev",), jit=False)
    message = "by p[1][1][1]: 0, not 18."
    for mode in ("fwd", "rev"):
        with pytest.raises(AssertionError, match=re.escape(message)):
            sd.testing.check_grads(stopped_tree, (TREE, 3), modes=(mode,), jit=False)


def test_an_element_among_many_is_named() -> None:
    def wrong(x):
        return np.sum(x[:30] * x[:30]) + x[35] * sd.stop_gradient(x[35])

    message = "Reverse mode of `wrong` is wrong at output by x[35]: 2, not 4."
    x = np.full(40, 2.0)
    with pytest.raises(AssertionError, match=re.escape(message)):
        sd.testing.check_grads(wrong, (x,), modes=("rev",), jit=False)


@pytest.mark.parametrize(
    ("modes", "title"),
    [(("fwd",), "Forward over forward mode"), (("rev",), "Reverse over reverse mode")],
)
def test_second_derivatives_are_checked(modes: Any, title: str) -> None:
    sd.testing.check_grads(wrong_at_order_2, (3.0,), order=1, modes=modes, jit=False)
    message = f"{title} of `wrong_at_order_2` is wrong"
    with pytest.raises(AssertionError, match=f"{message}.* by x.*: 0, not 2"):
        sd.testing.check_grads(wrong_at_order_2, (3.0,), modes=modes, jit=False)


@pytest.mark.parametrize("inner", ["fwd", "rev"])
@pytest.mark.parametrize("outer", ["fwd", "rev"])
def test_each_combination_of_two_modes_is_checked(
    inner: str, outer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One combination is made wrong; the check names just that."""
    attribute = "push" if outer == "fwd" else "pull"
    original = getattr(case_module.Case, attribute)

    def wrong(self: Any, vector: Any) -> Any:
        found = original(self, vector)
        return found + 0.25 if self.modes == case_module.MODES[inner] else found

    monkeypatch.setattr(case_module.Case, attribute, wrong)
    title = f"{case_module.MODES[outer]} over {case_module.MODES[inner].lower()} mode"
    with pytest.raises(AssertionError, match=f"{title} of `<lambda>` is wrong"):
        sd.testing.check_grads(lambda x: x * x * x, (3.0,), jit=False)


def test_taylor_test_names_the_order_and_the_element() -> None:
    message = (
        r"`stopped_tree` by p\[1\]\[1\]\[1\]: remainder 1 falls as step\*\*1.00, not step\*\*2"
    )
    with pytest.raises(AssertionError, match=message):
        sd.testing.taylor_test(stopped_tree, (TREE, 3), jit=False)
    sd.testing.taylor_test(wrong_at_order_2, (3.0,), order=1, jit=False)
    message = r"`wrong_at_order_2` by x: remainder 2 falls as step\*\*2.00, not step\*\*3"
    with pytest.raises(AssertionError, match=message):
        sd.testing.taylor_test(wrong_at_order_2, (3.0,), jit=False)


def test_dot_product_test_names_the_element(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both modes see the same stopped gradient: that they agree is all that is tested."""
    sd.testing.dot_product_test(stopped, (X, 3.0), jit=False)
    original = case_module.pullback

    def wrong(*args: Any, **options: Any) -> Any:
        right = original(*args, **options)

        def pull(seed: Any, *args: Any) -> Any:
            out, (x_bar, y_bar) = right(seed, *args)
            x_bar[2] *= 1.0 + 1e-9
            return out, (x_bar, y_bar)

        return pull

    monkeypatch.setattr(case_module, "pullback", wrong)
    message = r"`smooth` differ at output\[2\] by x\[2\]: (\S+) and (\S+)\.$"
    with pytest.raises(AssertionError, match=message) as failure:
        sd.testing.dot_product_test(smooth, (X, 3.0), jit=False)
    found = re.search(message, str(failure.value))
    assert found is not None
    assert float(found[2]) / float(found[1]) == pytest.approx(1.0 + 1e-9, abs=1e-14)


def test_a_kink_is_named() -> None:
    with pytest.raises(AssertionError, match=r"do not settle there.*is it a kink"):
        sd.testing.check_grads(lambda x: x + np.floor(x), (3.0,), jit=False)


def test_wrong_shapes_are_named() -> None:
    space = Space((X, 3.0), ("x", "y"))
    with pytest.raises(AssertionError, match=r"x has the shape \(2,\), not \(3,\)"):
        space.vector((X[:2], 3.0))


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="'fwd' and 'rev'"):
        sd.testing.check_grads(smooth, (X, 3.0), modes=("forward",))
    with pytest.raises(ValueError, match="positive"):
        sd.testing.check_grads(smooth, (X, 3.0), order=0)
    with pytest.raises(ValueError, match="1 or 2"):
        sd.testing.taylor_test(smooth, (X, 3.0), order=3)
    for test in TESTS.values():
        with pytest.raises(sd.NotDifferentiable, match="holds a floating-point"):
            test(lambda n: n, (3,))
        with pytest.raises(sd.NotDifferentiable, match="argnums"):
            test(smooth, (X, 3.0), "z")
        with pytest.raises(sd.TypeInferenceError, match="no option"):
            test(smooth, (X, 3.0), jitt=False)


# ---- the differences themselves ----


@pytest.mark.parametrize("x", [1e-3, 0.3, 1.0, 50.0])
def test_differences_are_exact(x: float) -> None:
    case = case_of(lambda x: (np.log(x), np.sin(x) * x), (x,), None, {})
    reference = differences(case, np.ones(1))
    exact = [1 / x, np.sin(x) + x * np.cos(x)]
    np.testing.assert_allclose(reference.values, exact, rtol=1e-9, atol=1e-9)
    assert np.all(reference.rounding < 1e-7)


def test_differences_beside_a_kink() -> None:
    case = case_of(lambda x: abs(x) * x + max(x - 0.02, 0.0), (0.01,), None, {})
    np.testing.assert_allclose(differences(case, np.ones(1)).values, 0.02, rtol=1e-9)
