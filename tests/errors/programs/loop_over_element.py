"""A loop counts with a name."""

import numpy as np

ERROR = "UnsupportedSyntax"
MESSAGE = "a loop variable that is not a name is"


def f(x):
    index = np.zeros(1, np.int64)
    total = 0.0
    for index[0] in range(3):  # <-- error
        total += x * index[0]
    return total
