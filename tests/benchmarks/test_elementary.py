"""What is timed of elementary functions is right, and is vector code; which rival counts."""

import math

import numpy as np
import pytest

from tests.benchmarks.elementary import (
    LIMITED,
    OURS,
    TRIALS,
    Result,
    above,
    aligned,
    calls,
    generated,
    line,
    worst,
)
from tests.benchmarks.timing import Timing

COUNT = 64


@pytest.mark.parametrize("name", TRIALS)
def test_all_compute_the_same(name: str) -> None:
    args = TRIALS[name].arrays(COUNT)
    found = {who: call() for who, call in calls(TRIALS[name], args).items()}
    assert {OURS, "numpy"} <= set(found)
    assert worst(name, args, found[OURS]) <= 2.0
    for values in found.values():
        np.testing.assert_allclose(values, found[OURS], rtol=1e-13)


def test_loops_are_made_of_our_functions() -> None:
    for name, trial in TRIALS.items():
        text, _ = generated(trial)
        assert f"out[i] = vector_{name}(" in text
    assert set(LIMITED) <= set(TRIALS)


def test_arrays_begin_at_a_line_of_the_cache() -> None:
    for count in (1, 7, 1000):
        array = aligned(np.arange(float(count)))
        assert array.ctypes.data % 64 == 0
        np.testing.assert_array_equal(array, np.arange(count))


def made_up(name: str, errors: dict[str, float]) -> Result:
    times = {OURS: 3e-5, "numpy": 2e-5, "jax": 1e-5, "torch": 6e-5}
    timings = {who: Timing(time, time / 2, 5) for who, time in times.items()}
    return Result(name, 10_000, timings, errors)


def test_the_rival_is_the_fastest_that_is_accurate() -> None:
    errors = {OURS: 1.0, "numpy": 2.0, "jax": 3.0, "torch": 0.5}
    exp, pow = made_up("exp", errors), made_up("pow", errors)
    assert (exp.best(), pow.best()) == ("numpy", "jax")
    assert exp.ratios() == pytest.approx((1.5, 1.5))
    assert above([exp, pow], 1.6) == []
    assert above([exp, pow], 1.3) == ["exp, 10,000 elements: 1.50, limit 1.3: EXCEEDED"]
    assert line(exp).split()[:8] == [
        "exp",
        "10,000",
        "3.00",
        "2.00",
        "1.00",
        "6.00",
        "numpy",
        "1.50",
    ]
    none = made_up("exp", dict.fromkeys(errors, 9.0))
    assert none.best() == ""
    assert math.isnan(none.ratios()[0])
    assert above([none], 1.3) == []
