"""Forces between near neighbours: `continue` in the outer and in the inner loop."""

import math


def skipped_pairs(x, charge, cutoff):
    energy = 0.0
    for i in range(len(x)):
        if charge[i] < 0.1:
            continue
        near = 0.0
        for j in range(len(x)):
            if j == i:
                continue
            distance = abs(x[i] - x[j])
            if distance > cutoff:
                near *= 0.9
                continue
            near += charge[j] * math.exp(-distance)
        if near < 0.2:
            energy -= near
            continue
        energy += charge[i] * near * near
    return energy


ARGS = lambda random: (random.normal(size=6), random.uniform(0.0, 1.0, size=6), 1.2)
ARGNUMS = (0, 1)
