"""A product of matrices takes matrices."""

import numpy as np

ERROR = "TypeInferenceError"
MESSAGE = "takes arrays, not numbers"
STAGE = "types"


def f(A):
    return np.sum(A @ 2.0)  # <-- error


ARGS = (np.eye(2),)
