"""One path returns nothing."""

ERROR = "TypeInferenceError"
MESSAGE = "return"
STAGE = "types"


def f(x):
    if x > 0.0:
        return x * x
    return None  # <-- error
