"""Which of the two is changed is known at run time only."""

ERROR = "TypeInferenceError"
MESSAGE = "may be the same as one that `first`, `second` leads to"
STAGE = "types"


def f(x):
    first, second = {"a": x}, {"a": 2.0 * x}
    chosen = first if x > 1.0 else second
    chosen["a"] = 3.0  # <-- error
    return first["a"] * chosen["a"]
