"""The logarithm of a sum of exponentials, safe from overflow, in loops."""

import math


def log_sum_exp(x):
    top = x[0]
    for i in range(1, len(x)):
        top = max(top, x[i])
    total = 0.0
    for i in range(len(x)):
        total += math.exp(x[i] - top)
    return top + math.log(total)


ARGS = lambda random: (10.0 * random.normal(size=6),)
ARGNUMS = 0
