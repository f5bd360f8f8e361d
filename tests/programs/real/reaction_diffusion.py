"""The Gray-Scott reaction on a small torus, with two pairs of buffers."""

import numpy as np


def laplacian(u, i, j):
    n, m = u.shape
    return u[i - 1, j] + u[(i + 1) % n, j] + u[i, j - 1] + u[i, (j + 1) % m] - 4.0 * u[i, j]


def reaction_diffusion(u, v, feed, kill, steps):
    u, v = u.copy(), v.copy()
    u_next, v_next = np.empty_like(u), np.empty_like(v)
    for _ in range(steps):
        for i in range(u.shape[0]):
            for j in range(u.shape[1]):
                reaction = u[i, j] * v[i, j] ** 2
                u_next[i, j] = u[i, j] + 0.16 * laplacian(u, i, j) - reaction
                u_next[i, j] += feed * (1.0 - u[i, j])
                v_next[i, j] = v[i, j] + 0.08 * laplacian(v, i, j) + reaction
                v_next[i, j] -= (feed + kill) * v[i, j]
        u, u_next = u_next, u
        v, v_next = v_next, v
    return np.sum(v * v) + u[0, 0]


ARGS = lambda random: (
    random.uniform(0.5, 1.0, size=(4, 3)),
    random.uniform(0.0, 0.5, size=(4, 3)),
    0.06,
    0.062,
    3,
)
ARGNUMS = (0, 1, 2, 3)
