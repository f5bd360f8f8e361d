"""The largest eigenvalue by power iteration, until the direction no longer turns."""

import numpy as np


def power_iteration(A):
    v = np.ones(A.shape[0])
    rounds = 0
    while True:
        w = A @ v
        w = w / np.sqrt(w @ w)
        turned = np.sum((w - v) ** 2)
        v = w
        rounds += 1
        if turned < 1e-7 or rounds == 30:
            break
    return v @ (A @ v)


def ARGS(random):
    R = random.uniform(0.2, 1.0, size=(4, 4))
    return (R @ R.T,)


ARGNUMS = 0
