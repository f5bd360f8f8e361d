"""In a `no_grad` block, a name for an array makes a constant of it: a copy."""

import numpy as np

import srcdiff as sd

ERROR = "UnsupportedSyntax"
MESSAGE = "gets a name in this `no_grad` block"
STAGE = "types"


def f(x):
    y = x * 1.0
    with sd.no_grad():  # <-- error
        b = y
    b[0] = 5.0
    return np.sum(y)


ARGS = (np.ones(3),)
