"""Continued fractions and Collatz's steps: three ways on, one of them a conditional expression."""


def steps(x, n, limit):
    if n == 1 or limit == 0:
        return 1.0 / x
    if n % 2 == 0:
        down = steps(x * 1.01, n // 2, limit - 1)
        return x / (1.0 + down)
    up = steps(x + 0.05, 3 * n + 1, limit - 1)
    return x - up if up > 0.5 else x + 2.0 * up


def with_branches(x, n):
    return steps(x, n, 40)


ARGS = lambda random: (1.2, 11)
ARGNUMS = 0
