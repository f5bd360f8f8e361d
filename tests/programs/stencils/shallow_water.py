"""Waves on shallow water: depth and two velocities at staggered places, each step by each other."""


def shallow_water(h, u, v, steps):
    h, u, v = h.copy(), u.copy(), v.copy()
    n, m = h.shape
    for _ in range(steps):
        for i in range(n - 1):
            for j in range(m - 1):
                u[i, j] -= 0.1 * (h[i + 1, j] - h[i, j])
                v[i, j] -= 0.1 * (h[i, j + 1] - h[i, j]) * (1.0 + u[i, j])
        for i in range(1, n):
            for j in range(1, m):
                h[i, j] -= 0.2 * (u[i, j] - u[i - 1, j] + v[i, j] - v[i, j - 1]) * h[i, j]
    total = 0.0
    for i in range(n):
        for j in range(m):
            total += h[i, j] * h[i, j] + u[i, j] * v[i, j]
    return total


ARGS = lambda random: (
    random.uniform(1.0, 1.5, size=(4, 5)),
    random.normal(size=(4, 5)),
    random.normal(size=(4, 5)),
    3,
)
ARGNUMS = (0, 1, 2)
