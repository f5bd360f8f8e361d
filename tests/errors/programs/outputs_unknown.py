"""A name that is no parameter."""

import numpy as np

ERROR = "TypeInferenceError"
MESSAGE = "names `y`, which is no parameter"
STAGE = "types"


def f(x):  # <-- error
    x[0] = 2.0 * x[1]


CALL = lambda sd, f: sd.vjp(f, np.ones(2), outputs="y")
