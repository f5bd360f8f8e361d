"""Strain energy of elements whose Jacobians are small matrices in a work array."""

import numpy as np


def small_matrices(nodes, elements, stiffness):
    J = np.empty((2, 2))
    energy = 0.0
    for e in range(elements.shape[0]):
        for a in range(2):
            for b in range(2):
                J[a, b] = nodes[elements[e, b + 1], a] - nodes[elements[e, 0], a]
        area = J[0, 0] * J[1, 1] - J[0, 1] * J[1, 0]
        square = 0.0
        for a in range(2):
            for b in range(2):
                square += J[a, b] * J[a, b]
        energy += stiffness * (square / abs(area) - 2.0) + 0.1 * area * area
    return energy


ARGS = lambda random: (
    random.normal(size=(5, 2)),
    np.array([[0, 1, 2], [1, 3, 2], [2, 3, 4]]),
    0.7,
)
ARGNUMS = (0, 2)
