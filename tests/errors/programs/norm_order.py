"""The spectral norm needs the singular values."""

import numpy as np

ERROR = "TypeInferenceError"
MESSAGE = "ord=2 over 2 axes"
STAGE = "types"


def f(x):
    return np.linalg.norm(x, 2)  # <-- error


ARGS = (np.eye(3),)
