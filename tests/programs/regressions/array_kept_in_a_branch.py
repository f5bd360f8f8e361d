"""An array that is divided in a branch: its quotient is stored whole, not element by element."""

import numpy as np


def array_kept_in_a_branch(x, n):
    w = np.ones((n, 2))
    if n > 2:
        w /= 1.7 + np.sin(x)
    return np.sum(w * w)


ARGS = lambda random: (random.uniform(0.5, 1.5), 3)
ARGNUMS = 0
