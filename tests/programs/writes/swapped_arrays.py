"""Two arrays that change places where the data say so: the better of two candidates first."""

import numpy as np


def swapped_arrays(first, second, steps):
    first = first.copy()
    second = second.copy()
    for k in range(len(steps)):
        second[k % 3] += steps[k] * first[(k + 1) % 3]
        if second @ second < first @ first:
            first, second = second, first
        first *= 0.9
        second[1:] -= 0.3 * first[:-1] * second[:-1]
    return first @ first + 2.0 * (second @ first)


ARGS = lambda random: (
    random.normal(size=3),
    random.normal(size=3),
    random.uniform(-0.9, 0.9, size=6),
)
ARGNUMS = (0, 1, 2)
