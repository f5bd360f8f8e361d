"""A change would have to show in both."""

ERROR = "TypeInferenceError"
MESSAGE = "can be reached in 2 ways, through `first`, `second`"
STAGE = "types"


def f(x):
    first = {"a": x}
    second = first
    second["a"] = 2.0 * x  # <-- error
    return first["a"]
