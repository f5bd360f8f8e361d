"""The wave equation in a matrix, one row for each time."""

import numpy as np


def wave(start, speed, steps):
    n = start.shape[0]
    c = speed * speed
    u = np.zeros((steps, n))
    u[0] = start
    u[1] = start
    for t in range(1, steps - 1):
        for i in range(1, n - 1):
            u[t + 1, i] = (
                2.0 * u[t, i] - u[t - 1, i] + c * (u[t, i - 1] - 2.0 * u[t, i] + u[t, i + 1])
            )
    return (u[-1] ** 2).sum()


ARGS = lambda random: (random.normal(size=6), 0.7, 5)
ARGNUMS = (0, 1)
