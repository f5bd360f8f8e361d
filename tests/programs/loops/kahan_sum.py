"""A sum with a correction of its rounding errors."""


def kahan_sum(x):
    total = 0.0
    lost = 0.0
    for value in x:
        y = value * value - lost
        t = total + y
        lost = (t - total) - y
        total = t
    return total


ARGS = lambda random: (random.normal(size=9),)
ARGNUMS = 0
