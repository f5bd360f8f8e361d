"""The correlation of two series in one pass, with sums of products."""

import math


def correlation(x, y):
    n = len(x)
    sx = sy = sxx = syy = sxy = 0.0
    for i in range(n):
        sx += x[i]
        sy += y[i]
        sxx += x[i] * x[i]
        syy += y[i] * y[i]
        sxy += x[i] * y[i]
    covariance = sxy - sx * sy / n
    return covariance / math.sqrt((sxx - sx * sx / n) * (syy - sy * sy / n))


ARGS = lambda random: (random.normal(size=7), random.normal(size=7))
ARGNUMS = (0, 1)
