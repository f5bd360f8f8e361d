"""Potential energy and kinetic energy of bodies in space."""

import math


def three_body(position, velocity, mass):
    energy = 0.0
    n = len(mass)
    for i in range(n):
        for j in range(i + 1, n):
            square = 1e-3
            for axis in range(3):
                square += (position[i, axis] - position[j, axis]) ** 2
            energy -= mass[i] * mass[j] / math.sqrt(square)
        for axis in range(3):
            energy += 0.5 * mass[i] * velocity[i, axis] ** 2
    return energy


ARGS = lambda random: (
    random.normal(size=(4, 3)),
    random.normal(size=(4, 3)),
    random.uniform(0.5, 2.0, size=4),
)
ARGNUMS = (0, 1, 2)
