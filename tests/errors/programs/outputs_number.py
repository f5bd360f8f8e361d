"""A number has no contents."""

import numpy as np

ERROR = "NotDifferentiable"
MESSAGE = "the argument `s`, which is no array"
STAGE = "types"


def f(x, s):  # <-- error
    x[0] = 2.0 * s


CALL = lambda sd, f: sd.vjp(f, np.ones(2), 2.0, outputs=("x", "s"))
