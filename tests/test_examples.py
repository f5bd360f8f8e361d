"""The examples compute what they say."""

import importlib
import sys
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

import srcdiff as sd
from examples import determinant, from_pytorch, particle, saddle

ROOT = Path(__file__).parents[1]

# ---- from PyTorch ----

X = np.linspace(0.0, 2.0, 5)
STATED: dict[str, dict[str, Any]] = {
    "numbers": {
        "3x^2 at 3": 18.0,
        "6x^2 + 2x + 4 at 3": 38.0,
        "u^3 + v^2 + 4uv at (3, 4)": (43.0, 20.0),
        "(x + y)^2 + 2xy at (2, -4)": (-12.0, 0.0),
        "the same on several lines": (-12.0, 0.0),
    },
    "arrays": {
        "2 x'x at (0, 1, 2, 3)": [0.0, 4.0, 8.0, 12.0],
        "mean(3 (x + 2)^2) at ones": np.full((2, 2), 4.5),
        "a wave, through its sum": (np.cos(X) - 0.2 * X * np.sin(X)) * np.exp(-0.1 * X * X),
    },
    "vectors": {
        "doubled until its norm is 1000": [256.0, -512.0, 1024.0],
        "its gradient for a cotangent": [51.2, 512.0, 0.0512],
        "its Jacobian": 512.0 * np.eye(3),
        "x x, for a cotangent of ones": [0.0, 2.0, 4.0, 6.0],
    },
    "constants": {
        "x (x x), detached": [0.0, 1.0, 4.0, 9.0],
        "x (x x), under no_grad": [0.0, 1.0, 4.0, 9.0],
    },
}


def hold(found: dict[str, Any], expected: dict[str, Any], rtol: float = 1e-13) -> None:
    assert list(found) == list(expected)
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=rtol, atol=1e-13, err_msg=name)


@pytest.mark.parametrize("chapter", STATED)
def test_numbers_are_those_that_are_stated(chapter: str) -> None:
    hold(getattr(from_pytorch, chapter)(), STATED[chapter])


@pytest.mark.parametrize("seed", range(6))
def test_gradients_through_control_flow(seed: int) -> None:
    found = from_pytorch.control_flow(seed)
    np.testing.assert_allclose(found["gradient"], found["value over a"], rtol=1e-14)


def test_both_branches_are_taken() -> None:
    signs = {float(np.sign(from_pytorch.control_flow(seed)["random a"][0])) for seed in range(6)}
    assert signs == {-1.0, 1.0}


def test_linear_regression_finds_the_least_squares() -> None:
    x, y = from_pytorch.regression_data()
    columns = np.column_stack([x, np.ones(len(y))])
    (slope, offset), squares, *_ = np.linalg.lstsq(columns, y)
    found = from_pytorch.linear_regression()
    assert found["weight"][0] == pytest.approx(slope, abs=1e-6)
    assert found["bias"] == pytest.approx(offset, abs=1e-6)
    assert found["loss"] == pytest.approx(squares[0] / len(y), rel=1e-6)


@pytest.mark.parametrize("chapter", [*STATED, "control_flow", "linear_regression"])
def test_numbers_are_those_of_pytorch(chapter: str) -> None:
    pytest.importorskip("torch", reason="PyTorch comes with the extra `bench`")
    theirs = importlib.import_module("tests.pytorch_programs")
    found = getattr(from_pytorch, chapter)()
    hold(found, getattr(theirs, chapter)(), rtol=1e-12)


def test_the_document_has_each_function() -> None:
    """Each piece of code in the document stands in the example, but for spaces."""
    text = (ROOT / "docs/from_pytorch.md").read_text(encoding="utf-8")
    source = (ROOT / "examples/from_pytorch.py").read_text(encoding="utf-8")
    pieces = text.split("<!-- ours -->\n```python\n")[1:]
    assert len(pieces) >= 10
    for piece in pieces:
        code = piece.partition("```")[0]
        assert code.strip() in source, f"the example does not have: {code}"


# ---- saddle and particle ----


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run everything as plain Python: the inner derivatives are made anew at each call."""
    monkeypatch.setattr(numba.core.config, "DISABLE_JIT", 1)


@pytest.mark.usefixtures("plain")
def test_the_gradient_of_an_inner_descent() -> None:
    """The inner descent ends within 1e-5, so that differences are no more exact."""
    x = np.array([0.5, -0.25])
    sd.testing.check_grads(saddle.worst, (x,), order=1, rtol=1e-5, atol=1e-6, jit=False)
    gradient = sd.grad(saddle.worst, jit=False)(x)
    np.testing.assert_allclose(gradient, 2.0 * x, rtol=1e-8)


@pytest.mark.usefixtures("plain")
def test_the_gradient_through_forces_that_are_gradients() -> None:
    sd.testing.check_grads(particle.miss, (0.1,), order=1, jit=False)
    sd.testing.dot_product_test(particle.miss, (0.1,), jit=False)


def test_saddle_is_where_its_authors_found_it() -> None:
    x, y = saddle.saddle()
    np.testing.assert_allclose(x, np.full(2, 8.246324826140356e-06), rtol=1e-6)
    np.testing.assert_allclose(y, np.full(2, 8.246324826140356e-06), rtol=1e-6)


def test_particle_is_where_its_authors_found_it() -> None:
    w = particle.argmin(particle.miss, 0.0)
    assert w == pytest.approx(0.20719187464861194, rel=1e-9)
    np.testing.assert_allclose(particle.path(w)[-1][1], 0.0, atol=0.2)


# ---- determinant ----


def cofactors(matrix: Any) -> Any:
    return np.linalg.det(matrix) * np.linalg.inv(matrix).T


@pytest.mark.parametrize("size", [3, 4, 5])
@pytest.mark.parametrize("kind", [list, tuple])
def test_the_gradient_of_a_determinant_is_the_cofactors(kind: Any, size: int) -> None:
    matrix = np.random.default_rng(size).normal(size=(size, size))
    rows = kind(kind(row) for row in matrix.tolist())
    value, gradient = sd.value_and_grad(determinant.determinant, jit=False)(rows)
    assert value == pytest.approx(np.linalg.det(matrix), rel=1e-12)
    assert type(gradient) is type(gradient[0]) is kind
    np.testing.assert_allclose(gradient, cofactors(matrix), rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("size", [3, 4, 5])
def test_the_hessian_of_a_determinant(size: int) -> None:
    """Differences of cofactors along a direction; along single elements they are exact."""
    matrix = np.random.default_rng(size).normal(size=(size, size))
    hessian = np.array(sd.hessian(determinant.determinant, jit=False)(matrix.tolist()))
    assert hessian.shape == (size,) * 4
    for i, j in np.ndindex(size, size):
        step = np.zeros((size, size))
        step[i, j] = 0.5
        expected = cofactors(matrix + step) - cofactors(matrix - step)
        np.testing.assert_allclose(hessian[i, j], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("count", "inner"), [(3, [0.0]), (4, [-(0.2**0.5), 0.2**0.5]), (5, [-((3 / 7) ** 0.5), 0.0])]
)
def test_the_best_points_are_those_of_fekete(count: int, inner: list[float]) -> None:
    """They are -1, 1, and where the derivative of a Legendre polynomial is 0."""
    found = determinant.fekete(count, jit=False)
    np.testing.assert_allclose(found[: 1 + len(inner)], [-1.0, *inner], atol=1e-12)
    np.testing.assert_allclose(found, -np.array(found)[::-1], atol=1e-12)


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (from_pytorch, "Linear regression"),
        (saddle, "x = "),
        (particle, "w = 0.2071918746"),
        (determinant, "-0.447214"),
    ],
    ids=["from_pytorch", "saddle", "particle", "determinant"],
)
def test_examples_run(
    module: Any,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("matplotlib").use("Agg")
    picture = tmp_path / "picture.png"
    monkeypatch.setattr(sys, "argv", ["example", "--plot", str(picture)])
    module.main()
    assert words in capsys.readouterr().out
    assert picture.stat().st_size > 1000
