"""A function of np.linalg without a rule."""

import numpy as np

ERROR = "UnknownFunction"
MESSAGE = "np.linalg.eigvals"
STAGE = "types"


def f(x):
    return np.linalg.eigvals(x)[0]  # <-- error


ARGS = (np.eye(3),)
