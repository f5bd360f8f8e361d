"""Eigenvalues of a symmetric matrix by rotations, until little is left off the diagonal."""

import math


def off_diagonal(A):
    total = 0.0
    for i in range(A.shape[0]):
        for j in range(i):
            total += A[i, j] * A[i, j]
    return total


def rotations(A):
    n = A.shape[0]
    for i in range(n):
        for j in range(i):
            A[i, j] = A[j, i] = 0.5 * (A[i, j] + A[j, i])
    sweeps = 0
    while off_diagonal(A) > 1e-6 and sweeps < 6:
        sweeps += 1
        for p in range(n - 1):
            for q in range(p + 1, n):
                angle = 0.5 * math.atan2(2.0 * A[p, q], A[q, q] - A[p, p])
                c, s = math.cos(angle), math.sin(angle)
                for k in range(n):
                    A[k, p], A[k, q] = c * A[k, p] - s * A[k, q], s * A[k, p] + c * A[k, q]
                for k in range(n):
                    A[p, k], A[q, k] = c * A[p, k] - s * A[q, k], s * A[p, k] + c * A[q, k]
    largest = A[0, 0]
    for i in range(1, n):
        largest = max(largest, A[i, i])
    return largest


ARGS = lambda random: (random.normal(size=(3, 3)),)
ARGNUMS = 0
