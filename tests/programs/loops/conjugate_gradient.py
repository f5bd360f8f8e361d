"""A linear system by conjugate gradients, with a return out of the loop once it has converged."""

import numpy as np


def conjugate_gradient(A, b):
    x = np.zeros_like(b)
    r = b.copy()
    p = b.copy()
    rho = r @ r
    k = 0
    while k < 20:
        q = A @ p
        alpha = rho / (p @ q)
        x += alpha * p
        r -= alpha * q
        rho_next = r @ r
        if rho_next < 1e-8:
            return x @ x
        p = r + (rho_next / rho) * p
        rho = rho_next
        k += 1
    return x @ x + rho


def ARGS(random):
    R = random.normal(size=(4, 4))
    return R @ R.T + 4.0 * np.eye(4), random.normal(size=4)


ARGNUMS = (0, 1)
