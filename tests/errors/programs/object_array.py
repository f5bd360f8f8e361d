"""Arrays of Python objects have no numbers."""

import numpy as np

ERROR = "TypeInferenceError"
MESSAGE = "object"
STAGE = "types"


def f(x):  # <-- error
    return np.sum(x * x)


ARGS = (np.array([1.0, 2.0], dtype=object),)
