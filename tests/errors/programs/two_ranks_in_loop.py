"""A name keeps its rank from one iteration to the next."""

import numpy as np

ERROR = "TypeInferenceError"
MESSAGE = "`y`"
STAGE = "types"


def f(x):
    y = x
    for i in range(2):  # <-- error
        y = np.sum(y)
    return y


ARGS = (np.ones(3),)
