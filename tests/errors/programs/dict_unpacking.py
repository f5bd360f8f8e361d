"""Only what is known to be a dict can be spread in one."""

ERROR = "TypeInferenceError"
MESSAGE = "Only a dict with known keys"
STAGE = "types"


def f(x):
    pair = (x, 2.0)
    second = {"b": x * x, **pair}  # <-- error
    return second["b"]
