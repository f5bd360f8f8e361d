"""One of the two."""

import numpy as np

ERROR = "NotDifferentiable"
MESSAGE = "`f` returns something, and `outputs=` names its output besides"
STAGE = "types"


def f(x):
    x[0] = 2.0 * x[1]
    return x  # <-- error


CALL = lambda sd, f: sd.vjp(f, np.ones(2), outputs="x")
