"""A row that a loop binds to another name is written while that name is still in use."""

import numpy as np

ERROR = "UnsupportedSyntax"
MESSAGE = "`cur` is rebound to memory that is also used by another name"
STAGE = "types"


def f(x, S):
    S = S.copy()
    cur = x
    total = 0.0
    for q in range(2):  # <-- error
        S[0] = S[0] * S[0] + 1.0
        total += np.sum(cur * cur)
        cur = S[q]
    return total


ARGS = (np.ones(3), np.ones((2, 3)))
