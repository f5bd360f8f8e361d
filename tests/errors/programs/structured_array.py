"""Fields of a structured array go in as arrays of their own."""

import numpy as np

ERROR = "TypeInferenceError"
MESSAGE = "structured"
STAGE = "types"


def f(x):  # <-- error
    return np.sum(x["a"])


ARGS = (np.zeros(3, dtype=[("a", "f8"), ("b", "f8")]),)
