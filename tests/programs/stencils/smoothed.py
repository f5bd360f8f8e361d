"""A picture that is smoothed in turns between two buffers; its rim stays."""


def smoothed(picture, weights, rounds):
    old = picture.copy()
    new = picture.copy()
    n, m = old.shape
    for _ in range(rounds):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                around = old[i - 1, j] + old[i + 1, j] + old[i, j - 1] + old[i, j + 1]
                new[i, j] = 0.5 * old[i, j] + 0.125 * around
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                old[i, j] = new[i, j] * new[i, j]
    total = 0.0
    for i in range(n):
        for j in range(m):
            total += weights[i, j] * old[i, j]
    return total


ARGS = lambda random: (random.uniform(size=(5, 6)), random.normal(size=(5, 6)), 2)
ARGNUMS = (0, 1)
