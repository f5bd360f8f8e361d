"""A Cholesky factor in place, then a solve: the logarithm of a normal density."""

import math

import numpy as np


def cholesky(S, b):
    n = S.shape[0]
    log_density = 0.0
    for j in range(n):
        for k in range(j):
            S[j, j] -= S[j, k] * S[j, k]
        S[j, j] = math.sqrt(S[j, j])
        for i in range(j + 1, n):
            for k in range(j):
                S[i, j] -= S[i, k] * S[j, k]
            S[i, j] /= S[j, j]
        log_density -= math.log(S[j, j])
    z = np.empty(n)
    for i in range(n):
        z[i] = b[i]
        for k in range(i):
            z[i] -= S[i, k] * z[k]
        z[i] /= S[i, i]
        log_density -= 0.5 * z[i] * z[i]
    return log_density


def ARGS(random):
    R = random.normal(size=(4, 4))
    return R @ R.T + 4.0 * np.eye(4), random.normal(size=4)


ARGNUMS = (0, 1)
