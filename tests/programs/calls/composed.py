"""Functions that return functions, and closures over them."""

import numpy as np


def compose(outer, inner):
    return lambda x: outer(inner(x))


def scaled(factor):
    def scale(x):
        return factor * x

    return scale


def composed(x, a, b):
    soft = compose(np.tanh, scaled(a))
    twice = compose(soft, soft)

    def both(z, weight=b):
        def inner(w):
            return twice(w) * weight + soft(z)

        return inner(z) + inner(weight)

    total = 0.0
    for f in (soft, twice, both, compose(both, scaled(2.0))):
        for i in range(len(x)):
            total += f(x[i]) * b
        b = b * 0.9
    return total


ARGS = lambda random: (random.normal(size=3), 0.8, 1.1)
ARGNUMS = (0, 1, 2)
