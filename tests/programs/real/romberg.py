"""An integral by Romberg's table, refined until two entries agree."""

import numpy as np


def integrand(x, a):
    return np.exp(-a * x) / (1.0 + x * x)


def romberg(a, end):
    table = np.zeros((6, 6))
    h = end
    table[0, 0] = 0.5 * h * (integrand(0.0, a) + integrand(end, a))
    for n in range(1, 6):
        h *= 0.5
        total = 0.0
        for k in range(1, 2**n, 2):
            total += integrand(k * h, a)
        table[n, 0] = 0.5 * table[n - 1, 0] + h * total
        for m in range(1, n + 1):
            step = table[n, m - 1] - table[n - 1, m - 1]
            table[n, m] = table[n, m - 1] + step / (4.0**m - 1.0)
        if abs(table[n, n] - table[n - 1, n - 1]) < 1e-5:
            return table[n, n]
    return table[5, 5]


ARGS = lambda random: (0.7, 1.5)
ARGNUMS = (0, 1)
