"""Which of the two is changed is known at run time only."""

ERROR = "TypeInferenceError"
MESSAGE = "can be reached in 3 ways, through"
STAGE = "types"


def f(x):
    first, second = {"a": x}, {"a": 2.0 * x}
    chosen = first if x > 1.0 else second
    chosen["a"] = 3.0  # <-- error
    return first["a"] * chosen["a"]
