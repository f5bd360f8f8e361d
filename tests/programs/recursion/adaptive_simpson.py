"""An integral by Simpson's rule, halved as often as the values ask for."""

import math


def rule(f, a, b, most, tolerance):
    middle = 0.5 * (a + b)
    whole = (b - a) / 6.0 * (f(a) + 4.0 * f(middle) + f(b))
    left = (middle - a) / 6.0 * (f(a) + 4.0 * f(0.5 * (a + middle)) + f(middle))
    right = (b - middle) / 6.0 * (f(middle) + 4.0 * f(0.5 * (middle + b)) + f(b))
    if most == 0 or abs(left + right - whole) < tolerance:
        return left + right
    return rule(f, a, middle, most - 1, 0.5 * tolerance) + rule(
        f, middle, b, most - 1, 0.5 * tolerance
    )


def adaptive_simpson(k, a, b):
    def integrand(t):
        return math.exp(-k * t) * math.sin(t * t)

    return rule(integrand, a, b, 12, 1e-4)


ARGS = lambda random: (0.8, 0.1, 2.5)
ARGNUMS = (0, 1, 2)
