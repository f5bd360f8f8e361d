"""Bounds that the loop changes: `range` has read them by then, a `while` reads them again."""


def bounds_changed(x):
    n = len(x)
    total = 0.0
    for i in range(n):
        total += x[i] * total + x[i]
        n -= 1
        for j in range(n):
            n = n - j
            total += 0.1 * x[j] * x[i]
    i = 0
    end = 2
    while i < end:
        total *= 1.0 + 0.1 * x[i]
        if x[i] > 0.0 and end < len(x):
            end += 1
        i += 1
    return total * total + n


ARGS = lambda random: (random.uniform(-0.5, 1.0, size=6),)
ARGNUMS = 0
