"""A function of another library."""

import time

ERROR = "UnknownFunction"
MESSAGE = "time.monotonic"
STAGE = "types"


def f(x):
    return x * time.monotonic()  # <-- error
