"""A name that only looks like `no_grad`."""

from contextlib import nullcontext as no_grad

ERROR = "TypeInferenceError"
MESSAGE = "is not `sd.no_grad`"
STAGE = "types"


def f(x):
    with no_grad():  # <-- error
        scale = abs(x)
    return x / scale
