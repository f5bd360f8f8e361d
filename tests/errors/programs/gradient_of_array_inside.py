"""A gradient inside of a function is that of one number, too."""

import numpy as np

import srcdiff as sd

ERROR = "NotDifferentiable"
MESSAGE = "a gradient is that of one number"
STAGE = "types"


def f(x):
    return np.sum(sd.grad(lambda v: v * v)(x))  # <-- error


ARGS = (np.ones(3),)
