"""A barrier option along paths of given noise: a path that touches the barrier is worth nothing."""

import math


def knock_out(spot, strike, barrier, volatility, noise):
    paths, steps = noise.shape
    dt = 1.0 / steps
    value = 0.0
    for p in range(paths):
        s = spot
        mean = 0.0
        for t in range(steps):
            s *= math.exp(-0.5 * volatility**2 * dt + volatility * math.sqrt(dt) * noise[p, t])
            if s > barrier:
                break
            mean += s / steps
        else:
            if mean > strike:
                value += mean - strike
    return value / paths


ARGS = lambda random: (1.0, 0.93, 1.35, 0.3, random.normal(size=(6, 4)))
ARGNUMS = (0, 1, 3, 4)
