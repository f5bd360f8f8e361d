"""The elementary functions against mpmath at hard and at random points, and their machine code."""

import math
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

from srcdiff.runtime import vecmath
from srcdiff.runtime.vecmath.trigonometric import LIMIT
from tests.runtime.exact import EXACT, mp, ulps

ROOT = Path(__file__).parents[2]

Reals = np.ndarray[Any, Any]

FUNCTIONS = {function.__name__: function for function in vecmath.VECTOR.values()} | vecmath.NAMED
BINARY = ("arctan2", "pow")
UNARY = tuple(name for name in FUNCTIONS if name not in (*BINARY, "sincos"))
NUMPY = {f.__name__: g for g, f in vecmath.VECTOR.items() if isinstance(g, np.ufunc)}
DTYPES = (np.float64, np.float32)
MOST_ULPS = 1.6
"""For every function; 2 is what callers may rely on, and 4 for pow."""


def test_every_function_is_tested() -> None:
    assert set(EXACT) | {"sincos"} == set(FUNCTIONS)


def loop(name: str, **options: Any) -> Any:
    """Return the compiled loop `y[i] = f(x[i])`, or of two arguments."""
    f = FUNCTIONS[name]

    def unary(y: Reals, x: Reals) -> None:
        for i in range(y.shape[0]):
            y[i] = f(x[i])

    def binary(z: Reals, x: Reals, y: Reals) -> None:
        for i in range(z.shape[0]):
            z[i] = f(x[i], y[i])

    def pair(y: Reals, x: Reals) -> None:
        for i in range(y.shape[0]):
            s, c = f(x[i])
            y[i] = s - c

    body = pair if name == "sincos" else binary if name in BINARY else unary
    return numba.njit(error_model="numpy", **options)(body)


def values(name: str, *args: Reals) -> Reals:
    y = np.empty_like(args[0])
    loop(name)(y, *args)
    return y


def check(name: str, *args: Reals) -> None:
    """Hold the values at these points against the exact ones."""
    dtype = args[0].dtype
    with mp.workprec(320):
        for *point, y in zip(*args, values(name, *args), strict=True):
            assert y.dtype == dtype
            exact = EXACT[name](*[mp.mpf(float(x)) for x in point])
            error = ulps(y, exact)
            assert error <= MOST_ULPS, (name, point, y, error)


def around(points: list[float], dtype: type, steps: int = 2) -> Reals:
    """Return the points, and the numbers next to each."""
    with np.errstate(all="ignore"):
        here = np.array(points).astype(dtype)
        found = [here]
        for end in (-np.inf, np.inf):
            there = here
            for _ in range(steps):
                there = np.nextafter(there, dtype(end), dtype=dtype)
                found.append(there)
    everything = np.unique(np.concatenate(found))
    return everything[np.isfinite(everything)]


def everywhere(dtype: type) -> list[float]:
    form = np.finfo(dtype)
    small = [0.0, form.smallest_subnormal, 77 * form.smallest_subnormal, form.tiny, form.tiny / 3]
    some = [1e-30, 1e-17, 1e-9, 1e-5, 1e-3, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 10.0, 100.0, 1e5]
    return [sign * x for sign in (1, -1) for x in (*small, *some, float(form.max))]


def ladder(step: float, least: int, most: int) -> list[float]:
    """Return the odd multiples of half a step: where a reduction goes from one k to the next."""
    return [(k + 0.5) * step for k in range(least, most)]


LN2 = math.log(2)
GROWTH = [709.782712893384, -708.3964185322641, -745.1332191019411, -744.4400719213812, 709.0895]
GROWTH += [88.722839, -87.336545, -103.972077, -103.278929, 88.02969, *ladder(LN2, -60, 60)]
HYPERBOLIC = [710.4758600739439, 89.415985, 9.01, 12.0, 18.715, 19.06, 22.0, *ladder(LN2, -5, 45)]
LOGARITHMS = [math.sqrt(0.5), math.sqrt(2), *[math.sqrt(2) * 2.0**k for k in range(-140, 120, 9)]]
LOGARITHMS += [1 + s * 10.0**-k for s in (1, -1) for k in range(1, 16)]
SQUARES = [26.5432, 26.6, 27.2, 27.3, 28.0, 9.19, 10.05, 10.06, 10.5, 0.5, 1.0, 3.0, 4.0, 6.0, 6.5]

HARD: dict[str, list[float]] = {
    "exp": GROWTH,
    "expm1": GROWTH + [-36.7, -37.4, -17.3, -20.0, -40.0],
    "exp2": [1024.0, -1022.0, -1074.0, -1075.0, 128.0, -126.0, -149.0, -150.0]
    + ladder(1.0, -30, 30),
    "sigmoid": GROWTH + [36.7, 37.4, 16.6, 17.3],
    "log": LOGARITHMS,
    "log2": LOGARITHMS + [2.0**k for k in range(-1074, 1024, 41)],
    "log10": LOGARITHMS + [10.0**k for k in range(-320, 309, 17)],
    "log1p": [x - 1 for x in LOGARITHMS] + [2.0**k for k in (53, 54, 60, 61, 100, 101, 1000)],
    "sinh": HYPERBOLIC,
    "cosh": HYPERBOLIC,
    "tanh": [x / 2 for x in HYPERBOLIC] + HYPERBOLIC,
    "arctan": [0.5, 1.0, 2.0, 1e16, 1e300],
    "arcsin": [0.5, 0.84147, 0.7071],
    "arccos": [0.5, -0.5, 0.54, 0.7071],
    "cbrt": [x**3 for x in (2.0, 3.0, 5.0, 7.0, 1e-100, 1e100)] + [2.0**k for k in range(-9, 9)],
    "erf": SQUARES + [5.9, 3.9, 0.47],
    "erfc": SQUARES + [-5.9, -3.9, 0.47],
}
DOMAINS = {
    "log": (0.0, math.inf),
    "log2": (0.0, math.inf),
    "log10": (0.0, math.inf),
    "log1p": (-1.0, math.inf),
    "arcsin": (-1.0, 1.0),
    "arccos": (-1.0, 1.0),
}
INTERVALS = {
    "exp": (-750.0, 712.0),
    "exp2": (-1080.0, 1026.0),
    "expm1": (-45.0, 712.0),
    "sigmoid": (-750.0, 45.0),
    "sinh": (-712.0, 712.0),
    "cosh": (-712.0, 712.0),
    "erfc": (-7.0, 27.5),
}
NARROW = {"erfc": (-5.0, 10.2), "sigmoid": (-105.0, 20.0), "expm1": (-20.0, 90.0)}


def at_random(name: str, dtype: type, count: int) -> Reals:
    """Return points of all magnitudes, and some where the function is neither flat nor infinite."""
    random = np.random.default_rng(11)
    form = np.finfo(dtype)
    low, high = INTERVALS.get(name, (-10.0, 10.0))
    if dtype is np.float32:
        low, high = NARROW.get(name, (max(low, -152.0), min(high, 130.0)))
    scale = 10.0 ** random.uniform(math.log10(form.tiny), math.log10(form.max), count)
    points = [
        random.choice([-1.0, 1.0], count) * scale,
        random.uniform(low, high, count),
        random.uniform(-3.0, 3.0, count),
        random.uniform(-1.0, 1.0, count) ** 5,
    ]
    return np.concatenate(points).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", UNARY)
def test_accuracy(name: str, dtype: type) -> None:
    hard = HARD.get(name, [])
    x = around(everywhere(dtype) + hard + [-x for x in hard], dtype)
    x = np.concatenate([x, at_random(name, dtype, 500)])
    least, most = DOMAINS.get(name, (-math.inf, math.inf))
    check(name, x[(least <= x) & (x <= most)])


def nearly_multiples(dtype: type) -> list[float]:
    """Return, for many exponents e, the m * 2**e closest to a multiple of pi / 2.

    The convergents of 2**e / (pi / 2), Kahan's method; 6381956970095103 * 2.0**797 is one of them.
    """
    form = np.finfo(dtype)
    found = []
    with mp.workprec(2400):
        for e in range(-form.nmant, form.maxexp - form.nmant - 1, 7):
            rest, before, here = mp.ldexp(1, int(e)) / (mp.pi / 2), 0, 1
            while here < 2 ** (form.nmant + 1):
                found.append(math.ldexp(here, int(e)))
                fraction = rest - mp.floor(rest)
                rest = 1 / fraction
                before, here = here, int(mp.floor(rest)) * here + before
    return found


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["sin", "cos", "tan"])
def test_accuracy_next_to_multiples_of_half_pi(name: str, dtype: type) -> None:
    random = np.random.default_rng(5)
    ks = [*range(1, 40), *[int(10 ** random.uniform(1, 15)) for _ in range(60)]]
    with mp.workprec(200):
        multiples = [float(k * mp.pi / 2) for k in ks] + [float(k * mp.pi / 4) for k in ks]
    x = around([*multiples, *LIMIT, 6381956970095103 * 2.0**797], dtype, steps=1)
    x = np.concatenate([x, np.array(nearly_multiples(dtype)).astype(dtype)])
    check(name, np.concatenate([x, -x[::5]]))


@pytest.mark.parametrize("dtype", DTYPES)
def test_arctan2_accuracy(dtype: type) -> None:
    some = around([0.5, 1.0, 2.0, 3.0], dtype, steps=1)
    form = np.finfo(dtype)
    ends = [form.smallest_subnormal, form.tiny, form.max, form.max / 2, form.max / 3]
    some = np.concatenate([some, -some[::3], np.array(ends, dtype)])
    y, x = (a.ravel() for a in np.meshgrid(some, some))
    check("arctan2", y, x)
    check(
        "arctan2", at_random("arctan2", dtype, 400), at_random("arctan2", dtype, 400)[::-1].copy()
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_pow_accuracy(dtype: type) -> None:
    """With results of all magnitudes, subnormal ones and bases next to 1 among them."""
    random = np.random.default_rng(8)
    form = np.finfo(dtype)
    largest = math.log(form.max)
    scale = 10.0 ** random.uniform(math.log10(form.tiny), math.log10(form.max), 700)
    x = np.concatenate([scale, random.uniform(0.5, 2, 700), 1 + random.uniform(-1, 1, 700) ** 9])
    x = x.astype(dtype)
    x = np.where(x == 1, dtype(1.5), x)
    z = random.uniform(-1.07 * largest, 1.01 * largest, len(x))
    with np.errstate(over="ignore"):
        y = (z / np.log(x.astype(np.float64))).astype(dtype)
    keep = np.isfinite(y)
    check("pow", x[keep], y[keep])
    small = np.array([form.smallest_subnormal, form.tiny / 3, form.tiny, 0.1, 2, 3, 10, form.max])
    x, y = (a.ravel().astype(dtype) for a in np.meshgrid(small, [-1, 0.5, 1, 2, 1 / 3, 1.7, -0.5]))
    check("pow", x, y)
    check("pow", -x, np.rint(y))
    check("pow", np.full(9, -1.5, dtype), np.arange(-4, 5).astype(dtype))


def specials(dtype: type) -> Reals:
    form = np.finfo(dtype)
    ends = [0.0, form.smallest_subnormal, form.tiny, 0.5, 1.0, 1.5, 2.0, 3.0, 2.0**60, form.max]
    ends += [math.inf]
    return np.array([*ends, *[-x for x in ends], math.nan, 1e4, -1e4 - 1], dtype)


def same_kind(actual: Reals, expected: Reals) -> Reals:
    """Compare nan, infinities, zeros and signs; and what is finite, roughly."""
    close = np.isclose(actual, expected, rtol=1e-5, atol=0, equal_nan=True)
    close |= actual == expected
    return close & ((np.signbit(actual) == np.signbit(expected)) | np.isnan(expected))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", sorted(NUMPY))
def test_special_values_are_those_of_numpy(name: str, dtype: type) -> None:
    x = specials(dtype)
    args = [a.ravel() for a in np.meshgrid(x, x)] if name in BINARY else [x]
    with np.errstate(all="ignore"):
        expected = NUMPY[name](*[a.astype(np.float64) for a in args]).astype(dtype)
        exact = NUMPY[name](*args)
    # Where the wider result is rounded to 0 or infinity, NumPy's own says which.
    right = same_kind(values(name, *args), expected) | same_kind(values(name, *args), exact)
    assert right.all(), [(*(a[~right] for a in args), values(name, *args)[~right], exact[~right])]


@pytest.mark.parametrize("dtype", DTYPES)
def test_special_values_of_the_others(dtype: type) -> None:
    x = np.array([0.0, -0.0, math.inf, -math.inf, math.nan], dtype)
    expected = {
        "erf": [0.0, -0.0, 1.0, -1.0, math.nan],
        "erfc": [1.0, 1.0, 0.0, 2.0, math.nan],
        "sigmoid": [0.5, 0.5, 1.0, 0.0, math.nan],
    }
    for name, ys in expected.items():
        assert same_kind(values(name, x), np.array(ys, dtype)).all(), name


def sample(name: str, dtype: type, count: int) -> list[Reals]:
    random = np.random.default_rng(2)
    x = random.uniform(0.01, 1.0, count).astype(dtype)
    return [x, x[::-1].copy()] if name in BINARY else [x]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_one_value_whatever_the_loop(name: str, dtype: type) -> None:
    """In a vector, in the rest of a loop, alone, from plain Python, and under fast-math flags."""
    args = sample(name, dtype, 67)
    if name in ("sin", "cos", "sincos", "tan"):
        args[0][[3, 40, 66]] = [1e25, -1e30, 3e20]
    expected = values(name, *args)
    alone = loop(name)
    y = np.empty(1, dtype)
    for i in (0, 3, 15, 40, 66):
        point = [a[i] for a in args]
        alone(y, *[a[i : i + 1] for a in args])
        assert y[0] == expected[i]
        plain = FUNCTIONS[name](*point)
        plain = plain[0] - plain[1] if name == "sincos" else plain
        assert plain == expected[i]
        assert type(plain) is dtype
    z = np.empty_like(expected)
    loop(name, fastmath=True)(z, *args)
    np.testing.assert_array_equal(z, expected)


def test_both_results_of_sincos() -> None:
    for x in (0.3, 2.0, -4.0, 1e25, math.pi):
        assert FUNCTIONS["sincos"](x) == (FUNCTIONS["sin"](x), FUNCTIONS["cos"](x))


def test_types_in_plain_python() -> None:
    exp, power = FUNCTIONS["exp"], FUNCTIONS["pow"]
    assert type(exp(1.0)) is type(exp(1)) is np.float64
    assert type(exp(np.float32(1))) is np.float32
    assert type(power(np.float32(2), 3.0)) is np.float64
    assert power(2.0, 3.0) == 8.0


PACKED = {np.float64: r"\bvfn?m\w+pd\s.*[yz]mm", np.float32: r"\bvfn?m\w+ps\s.*[yz]mm"}


@pytest.mark.skipif(not vecmath.available(), reason="needs FMA")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_loops_are_vectorised(name: str, dtype: type) -> None:
    compiled = loop(name)
    args = sample(name, dtype, 8)
    compiled(np.empty(8, dtype), *args)
    text = compiled.inspect_asm(compiled.signatures[0])
    assert len(re.findall(PACKED[dtype], text)) >= 4


@pytest.mark.skipif(not vecmath.available(), reason="needs FMA")
def test_a_loop_of_several_is_vectorised() -> None:
    exp, log, sin, cos = (FUNCTIONS[name] for name in ("exp", "log", "sin", "cos"))

    @numba.njit(error_model="numpy")
    def mixed(y: Reals, x: Reals) -> None:
        for i in range(y.shape[0]):
            y[i] = exp(sin(x[i])) * log(x[i]) + cos(x[i])

    x = np.linspace(0.1, 9, 1000)
    x[500] = 1e40
    y = np.empty_like(x)
    mixed(y, x)
    np.testing.assert_allclose(y, np.exp(np.sin(x)) * np.log(x) + np.cos(x), rtol=1e-13)
    assert len(re.findall(PACKED[np.float64], mixed.inspect_asm(mixed.signatures[0]))) >= 25


NESTED = """
import numba, numpy as np
from srcdiff.runtime import vecmath
from srcdiff.runtime.vecmath.machine import callee_saves, features, has_scaling

sin, tan = vecmath.VECTOR[np.sin], vecmath.VECTOR[np.tan]
exp, power = vecmath.VECTOR[np.exp], vecmath.VECTOR[np.power]
assert "avx512f" not in features()
assert not callee_saves()
assert not has_scaling()
assert vecmath.available()

@numba.njit(error_model="numpy")
def nested(y, x):
    for j in range(x.shape[0]):
        for i in range(x.shape[1]):
            y[j, i] = sin(x[j, i]) + tan(0.5 * x[j, i])

x = np.linspace(0.1, 9, 40 * 31).reshape(40, 31)
x[7, 30], x[20, 2], x[33, 11] = 1e40, -1e25, 1e19
y = np.empty_like(x)
for array in (x, x.astype(np.float32)):
    nested(y, array)
    array = array.astype(float)
    expected = np.sin(array) + np.tan(0.5 * array)
    np.testing.assert_allclose(y, expected, rtol=2e-6 if array is not x else 1e-9, atol=1e-6)
assert "ymm" in nested.inspect_asm(nested.signatures[0])

@numba.njit(error_model="numpy")
def scaled(y, x):
    for i in range(x.shape[0]):
        y[i] = exp(x[i]) + power(abs(x[i]), 0.1 * x[i])

x = np.append(np.linspace(-700.0, 700.0, 1001), [-720.0, -744.0])
y = np.empty_like(x)
with np.errstate(over="ignore"):
    expected = np.exp(x) + np.abs(x) ** (0.1 * x)
scaled(y, x)
np.testing.assert_allclose(y, expected, rtol=1e-15, atol=0)
assert "ymm" in scaled.inspect_asm(scaled.signatures[0])
"""


@pytest.mark.skipif(not vecmath.available(), reason="needs FMA")
def test_code_for_avx2() -> None:
    """With rare arguments in the rest of a loop, while the constants are in vector registers."""
    environment = os.environ | {
        "NUMBA_CPU_NAME": "haswell",
        "NUMBA_CPU_FEATURES": "+avx,+avx2,+fma,+bmi,+bmi2",
    }
    command = [sys.executable, "-c", NESTED]
    result = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
