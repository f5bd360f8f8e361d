"""Inner bounds that depend on outer counters, and a step other than one."""


def triangle(x):
    n = x.shape[0]
    total = 0.0
    for i in range(n):
        weight = 1.0
        for j in range(i, n, 2):
            for k in range(j, i - 1, -1):
                weight = weight * 0.5 + x[i] * x[j] * x[k]
        total += weight * weight
    return total


ARGS = lambda random: (random.uniform(0.2, 1.2, size=5),)
ARGNUMS = 0
