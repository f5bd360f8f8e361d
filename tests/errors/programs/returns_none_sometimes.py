"""One path returns nothing."""

ERROR = "TypeInferenceError"
MESSAGE = "returns"
STAGE = "types"


def f(x):
    if x > 0.0:
        return x * x  # <-- error
    return None
