"""Small arrays, of which some are indexed at run time, handed on as a whole, or of other dtypes."""

import numpy as np


def some_small_arrays(x, pick):
    total = 0.0
    state = np.ones(2)
    for i in range(x.shape[0]):
        weights = np.zeros(3)
        weights[pick[i]] = 1.5
        r = weights * x[i]
        flags = r > 0.2
        counts = np.zeros(2, dtype=np.int64)
        for k in range(3):
            if flags[k]:
                counts[k % 2] += k + 1
        m = np.empty((2, 2))
        m[:, 0] = state
        m[:, 1] = r[1:] * counts[1]
        m[-1, -1] -= total
        state = np.tanh(m @ state) if counts[0] > 0 else state * 0.5
        last = np.array([state[1], m[0, 1] + r[0]])
        if i == 2:
            last[:] = last[::-1] * 2.0
        total += last[0] - counts[0] * last[1]
    return total + np.sum(state)


ARGS = lambda random: (random.normal(size=(5, 3)), np.array([0, 2, 1, 1, 0]))
ARGNUMS = (0,)
