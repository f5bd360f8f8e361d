"""Transport along a line by a one-sided formula of third order, with a source."""


def upwind(u, speed, source, steps):
    n = u.shape[0]
    u = u.copy()
    for t in range(steps):
        old = u.copy()
        for i in range(2, n - 1):
            slope = 2.0 * old[i + 1] + 3.0 * old[i] - 6.0 * old[i - 1] + old[i - 2]
            u[i] = old[i] - speed[i] * slope / 6.0 + source[t] * speed[i - 1]
    total = 0.0
    for i in range(n):
        total += u[i] * u[i]
    return total


ARGS = lambda random: (
    random.normal(size=9),
    random.uniform(0.1, 0.4, size=9),
    random.normal(size=3),
    3,
)
ARGNUMS = (0, 1, 2)
