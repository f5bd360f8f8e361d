"""What a function writes is its output only from outside."""

import numpy as np

import srcdiff as sd

ERROR = "TypeInferenceError"
MESSAGE = "`outputs=` cannot be called inside"
STAGE = "types"


def double(x):
    x *= 2.0


double_push = sd.pushforward(double, outputs="x")


def f(x):
    out, out_dot = double_push(x, x)  # <-- error
    return np.sum(out_dot)


ARGS = (np.ones(3),)
