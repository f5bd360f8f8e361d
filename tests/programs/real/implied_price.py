"""The prices of options on a grid of strikes, by the formula of Black and Scholes."""

from math import erf, exp, log, sqrt

import numpy as np


def normal_cdf(x):
    return 0.5 * (1.0 + erf(x / sqrt(2.0)))


def implied_price(spot, volatility, rate, time, strikes, quotes):
    error = np.zeros_like(strikes)
    for i, strike in enumerate(strikes):
        deviation = volatility * sqrt(time)
        d1 = (log(spot / strike) + (rate + 0.5 * volatility**2) * time) / deviation
        d2 = d1 - deviation
        price = spot * normal_cdf(d1) - strike * exp(-rate * time) * normal_cdf(d2)
        error[i] = price - quotes[i]
    return np.dot(error, error)


ARGS = lambda random: (
    1.0,
    0.3,
    0.02,
    0.75,
    np.linspace(0.8, 1.2, 5),
    random.uniform(0.05, 0.2, size=5),
)
ARGNUMS = (0, 1, 2, 3, 4)
