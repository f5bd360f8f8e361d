"""Each element from its left neighbour, in place, many times."""


def evolve(u, r, steps):
    for t in range(steps):
        for i in range(1, u.shape[0]):
            u[i] = u[i] + r * u[i - 1] * u[i]
    return u[-1]


ARGS = lambda random: (random.normal(size=6), 0.3, 4)
ARGNUMS = (0, 1)
