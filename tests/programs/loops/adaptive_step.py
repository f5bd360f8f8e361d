"""An integrator that chooses its own steps: Heun's method with Euler's inside it for the error."""

import math


def slope(t, y, rate):
    return rate * y * (1.0 - y) + 0.2 * math.sin(3.0 * t)


def adaptive_step(y, rate, t1, tolerance):
    t = 0.0
    h = 0.1
    rejected = 0
    while t < t1:
        if t + h > t1:
            h = t1 - t
        k1 = slope(t, y, rate)
        k2 = slope(t + h, y + h * k1, rate)
        error = abs(0.5 * h * (k2 - k1))
        if error <= tolerance:
            t += h
            y += 0.5 * h * (k1 + k2)
        else:
            rejected += 1
        factor = 0.9 * math.sqrt(tolerance / max(error, 1e-6))
        h *= min(2.0, max(0.3, factor))
        if h < 1e-4:
            break
    return y + 0.01 * rejected


ARGS = lambda random: (0.2, 1.7, 1.5, 2e-3)
ARGNUMS = (0, 1)
