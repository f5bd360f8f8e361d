"""Lists keep their length in loops."""

ERROR = "TypeInferenceError"
MESSAGE = "`parts` is a list of 1 before this loop and a list of 2 after an iteration"
STAGE = "types"


def f(x, n):
    parts = [x]
    for i in range(n):  # <-- error
        parts += [x * i]
    return sum(parts)


ARGS = (2.0, 3)
