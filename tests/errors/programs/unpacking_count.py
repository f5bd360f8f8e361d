"""As many names as values."""

import numpy as np

ERROR = "TypeInferenceError"
MESSAGE = "2"
STAGE = "types"


def f(x):
    n, m = x.shape  # <-- error
    return x[0, 0, 0] * n * m


ARGS = (np.ones((2, 2, 2)),)
