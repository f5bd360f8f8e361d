"""Which parameters hold is decided by the data; the records of both sides meet again."""

import numpy as np


def parameters(rate, value):
    if value > 0.0:
        return {"slope": rate, "shift": 0.0, "terms": (1.0, rate)}
    return {"slope": 0.1 * rate, "shift": rate * rate, "terms": (rate, 2.0)}


def regimes(x, rate):
    best = {"value": x[0], "weight": 1.0}
    total = 0.0
    for i in range(x.shape[0]):
        p = parameters(rate, x[i])
        y = p["slope"] * x[i] + p["shift"] + p["terms"][0] * np.sin(p["terms"][1] * x[i])
        if y > best["value"]:
            best = {"value": y, "weight": best["weight"] * 1.5}
        total += y * y * best["weight"]
    return total + best["value"] * best["weight"]


def ARGS(random):
    return random.normal(size=7), 0.8


ARGNUMS = (0, 1)
