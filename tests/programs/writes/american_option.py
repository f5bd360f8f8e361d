"""An American put by a binomial tree: values overwritten from the last layer to the root."""

import math

import numpy as np


def american_option(spot, strike, rate, volatility, steps):
    dt = 1.0 / steps
    up = math.exp(volatility * math.sqrt(dt))
    p = (math.exp(rate * dt) - 1.0 / up) / (up - 1.0 / up)
    value = np.zeros(steps + 1)
    for i in range(steps + 1):
        value[i] = max(strike - spot * up ** (2 * i - steps), 0.0)
    for layer in range(steps - 1, -1, -1):
        for i in range(layer + 1):
            held = math.exp(-rate * dt) * (p * value[i + 1] + (1.0 - p) * value[i])
            value[i] = max(held, strike - spot * up ** (2 * i - layer))
    return value[0]


ARGS = lambda random: (1.03, 1.1, 0.05, 0.3, 6)
ARGNUMS = (0, 1, 2, 3)
