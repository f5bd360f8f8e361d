"""What both names lead to is known before the loop only."""

ERROR = "TypeInferenceError"
MESSAGE = "This dict may be the same as one that `second` leads to"
STAGE = "types"


def f(x):
    first = {"a": x}
    second = first
    for _ in range(3):
        first["a"] = x * first["a"]  # <-- error
    return second["a"]
