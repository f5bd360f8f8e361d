"""Checks of a careful user: `assert` and `raise`, in branches that are not taken."""

import math


def safe_root(x):
    if x < 0.0:
        raise ValueError("negative")
    return math.sqrt(x)


def raised(x, scale):
    assert len(x) > 2, "too few points"
    total = 0.0
    for i in range(len(x)):
        if scale <= 0.0:
            raise ValueError(f"scale must be positive, not {scale}")
        elif x[i] > 100.0:
            raise OverflowError
        total += safe_root(1.0 + x[i] * x[i]) / scale
        assert total > 0.0
        pass
    return total


ARGS = lambda random: (random.normal(size=4), 0.7)
ARGNUMS = (0, 1)
