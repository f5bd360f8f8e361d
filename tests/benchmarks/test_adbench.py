"""The instances of ten times the size: as many terms, of the same kind."""

import pytest

from tests.benchmarks.adbench import LARGE, LIMITS, TIMES
from tests.benchmarks.registry import CASES

TERMS = {"gmm": 3, "lstm": 3, "bundle": 3, "hand_tracking": 9}
"""The argument that has a row for each term."""


@pytest.mark.parametrize("name", LIMITS)
def test_ten_times_the_size(name: str) -> None:
    small = CASES[name].args()
    large = LARGE[name](small)
    (rows, *rest), (more, *same) = small[TERMS[name]].shape, large[TERMS[name]].shape
    assert (more, same) == (TIMES * rows, rest)
    for one, other in zip(small, large, strict=True):
        assert getattr(one, "dtype", type(one)) == getattr(other, "dtype", type(other))
