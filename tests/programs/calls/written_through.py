"""Helpers that write into rows, columns and parts of what the caller has, and call one another."""


def cumulate(a, decay):
    for i in range(1, len(a)):
        a[i] += decay * a[i - 1]


def in_both_directions(a, decay):
    cumulate(a, decay)
    cumulate(a[::-1], 0.5 * decay)


def exchange(a, b):
    for i in range(len(a)):
        a[i], b[i] = b[i], a[i]


def written_through(A, decay):
    A = A.copy()
    for i in range(A.shape[0]):
        in_both_directions(A[i], decay)
    for j in range(A.shape[1]):
        in_both_directions(A[:, j], decay)
    exchange(A[0, 1:], A[-1, :-1])
    in_both_directions(A.T[0, 1:], A[0, 0])
    total = 0.0
    for i in range(A.shape[0]):
        total += A[i, i] * A[i, -1]
    return total


ARGS = lambda random: (random.normal(size=(3, 4)), 0.4)
ARGNUMS = (0, 1)
