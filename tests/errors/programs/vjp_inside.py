"""`vjp` returns a function, which a differentiated function cannot call."""

import numpy as np

import srcdiff as sd

ERROR = "UnknownFunction"
MESSAGE = "`vjp` cannot be called inside"
STAGE = "types"


def square(x):
    return x * x


def f(x):
    out, back = sd.vjp(square, x)  # <-- error
    return np.sum(back(out)[0])


ARGS = (np.ones(3),)
