"""Two arguments are one array, and one of them is written."""

import numpy as np

ERROR = "AliasingError"
MESSAGE = "`b`"
STAGE = "types"


def f(a, b):
    for i in range(a.shape[0]):
        b[i] = a[i] * b[i]  # <-- error
    return np.sum(b)


values = np.ones(3)


ARGS = (values, values)
