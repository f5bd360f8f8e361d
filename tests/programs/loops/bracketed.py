"""A root between two grid points, if there is one: `for` with `else`."""


def polynomial(c, x):
    value = 0.0
    for i in range(len(c) - 1, -1, -1):
        value = value * x + c[i]
    return value


def bracketed(c, left, width):
    for k in range(8):
        right = left + width
        if polynomial(c, left) * polynomial(c, right) < 0.0:
            break
        left = right
    else:
        return polynomial(c, left) ** 2
    for k in range(6):
        a, b = polynomial(c, left), polynomial(c, right)
        middle = (left * b - right * a) / (b - a)
        if a * polynomial(c, middle) < 0.0:
            right = middle
        else:
            left = middle
    else:
        middle *= 1.0 + 0.1 * left
    return middle


def ARGS(random):
    import numpy as np

    return np.array([-2.0, 0.3, 0.2, 0.4]), 0.1, 0.4


ARGNUMS = (0, 1, 2)
