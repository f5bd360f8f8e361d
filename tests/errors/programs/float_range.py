"""A loop counts integers."""

ERROR = "TypeInferenceError"
MESSAGE = "range"
STAGE = "types"


def f(x):
    total = 0.0
    for i in range(x):  # <-- error
        total += x * i
    return total
