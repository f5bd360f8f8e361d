"""A function that only writes names its outputs."""

import numpy as np

ERROR = "NotDifferentiable"
MESSAGE = "outputs="
STAGE = "types"


def f(x):  # <-- error
    for i in range(x.shape[0]):
        x[i] = x[i] * x[i]


ARGS = (np.ones(3),)
