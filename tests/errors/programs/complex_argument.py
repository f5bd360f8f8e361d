"""Complex numbers are not built."""

ERROR = "TypeInferenceError"
MESSAGE = "complex"
STAGE = "types"


def f(x):  # <-- error
    return x * x


ARGS = (1.0 + 2.0j,)
