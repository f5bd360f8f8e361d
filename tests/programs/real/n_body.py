"""Bodies under gravity for a few steps, forces gathered pair by pair."""

import numpy as np


def n_body(position, velocity, mass, dt, steps):
    n = mass.shape[0]
    position = position.copy()
    velocity = velocity.copy()
    force = np.empty((n, 2))
    for _ in range(steps):
        force[:] = 0.0
        for i in range(n):
            for j in range(i):
                dx = position[j, 0] - position[i, 0]
                dy = position[j, 1] - position[i, 1]
                inverse = (dx * dx + dy * dy + 0.01) ** -1.5
                pull = mass[i] * mass[j] * inverse
                force[i, 0] += pull * dx
                force[i, 1] += pull * dy
                force[j, 0] -= pull * dx
                force[j, 1] -= pull * dy
        for i in range(n):
            for axis in range(2):
                velocity[i, axis] += dt * force[i, axis] / mass[i]
                position[i, axis] += dt * velocity[i, axis]
    return np.sum(position**2) + np.sum(velocity**2)


ARGS = lambda random: (
    random.normal(size=(3, 2)),
    0.3 * random.normal(size=(3, 2)),
    random.uniform(0.5, 1.5, size=3),
    0.1,
    3,
)
ARGNUMS = (0, 1, 2, 3)
