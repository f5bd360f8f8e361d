"""Particles on springs: a dataclass that is changed step by step, and a dict of what is summed."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass
class Particles:
    x: Any
    v: Any
    time: Any = 0.0

    def energy(self, k):
        return 0.5 * np.sum(self.v * self.v) + 0.5 * k * np.sum(self.x * self.x)


def particles(x, v, k, steps):
    state = Particles(x.copy(), v.copy())
    sums = {"energy": 0.0, "work": 0.0, "largest": [0.0, 0]}
    for step in range(steps):
        for i in range(x.shape[0]):
            force = -k * state.x[i] - 0.1 * state.v[i] ** 3
            state.v[i] += 0.1 * force
            sums["work"] += force * state.v[i]
        state.x = state.x + 0.1 * state.v
        state.time += 0.1
        energy = state.energy(k)
        sums["energy"] += energy * state.time
        if energy > sums["largest"][0]:
            sums["largest"][0] = energy
            sums["largest"][1] = step
    return sums["energy"] + 0.3 * sums["work"] + sums["largest"][0] * state.time


def ARGS(random):
    return random.normal(size=4), random.normal(size=4), 1.3, 5


ARGNUMS = (0, 1, 2)
