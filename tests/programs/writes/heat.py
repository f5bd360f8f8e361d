"""Explicit steps of the heat equation, in place, with the old left neighbour in a scalar."""


def heat(u, alpha, steps):
    n = len(u)
    for _ in range(steps):
        left = u[0]
        for i in range(1, n - 1):
            here = u[i]
            u[i] = here + alpha * (left - 2.0 * here + u[i + 1])
            left = here
    energy = 0.0
    for i in range(n):
        energy += u[i] * u[i]
    return energy


ARGS = lambda random: (random.normal(size=7), 0.2, 5)
ARGNUMS = (0, 1)
