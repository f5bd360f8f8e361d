"""A function passed to another one, with default and keyword arguments."""

import numpy as np


def simpson(f, a, b, panels=4):
    h = (b - a) / panels
    total = f(a) + f(b)
    for i in range(1, panels):
        total += (4.0 if i % 2 == 1 else 2.0) * f(a + i * h)
    return total * h / 3.0


def damped(t, rate=0.5, *, phase=0.1):
    return np.exp(-rate * t) * np.cos(t + phase)


def function_argument(a, b, rate):
    whole = simpson(damped, a, b)
    return whole + simpson(lambda t: damped(t, rate, phase=0.2), a, b, panels=6)


ARGS = lambda random: (0.2, 1.7, 0.8)
ARGNUMS = (0, 1, 2)
