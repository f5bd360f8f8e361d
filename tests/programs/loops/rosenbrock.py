"""Rosenbrock's valley in many dimensions."""


def rosenbrock(x):
    total = 0.0
    for i in range(x.shape[0] - 1):
        total += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return total


ARGS = lambda random: (random.normal(size=6),)
ARGNUMS = 0
