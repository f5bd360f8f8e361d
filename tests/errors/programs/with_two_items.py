"""`no_grad` stands alone in its `with`."""

import numpy as np

ERROR = "UnsupportedSyntax"
MESSAGE = "`with` is"


def f(x):
    with np.errstate(all="ignore"), sd.no_grad():  # <-- error
        scale = abs(x)
    return x / scale
