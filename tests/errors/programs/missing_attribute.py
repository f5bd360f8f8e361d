"""An array has no such attribute."""

import numpy as np

ERROR = "UnknownFunction"
MESSAGE = "`.norm(...)`"
STAGE = "types"


def f(x):
    return x.norm() * 2.0  # <-- error


ARGS = (np.ones(3),)
