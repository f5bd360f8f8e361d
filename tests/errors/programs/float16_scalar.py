"""Half precision has no arithmetic on the CPU."""

import numpy as np

ERROR = "TypeInferenceError"
MESSAGE = "float16"
STAGE = "types"


def f(x):  # <-- error
    return x * x


ARGS = (np.float16(1.0),)
