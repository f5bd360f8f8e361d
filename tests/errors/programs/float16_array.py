"""Half precision has no arithmetic on the CPU."""

import numpy as np

ERROR = "TypeInferenceError"
MESSAGE = "float16"
STAGE = "types"


def f(x):  # <-- error
    return np.sum(x * x)


ARGS = (np.ones(3, np.float16),)
