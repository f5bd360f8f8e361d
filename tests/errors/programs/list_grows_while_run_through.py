"""Python would go on for ever."""

ERROR = "TypeInferenceError"
MESSAGE = "What this loop runs through changes its length"
STAGE = "types"


def f(x):
    parts = [x]
    for part in parts:  # <-- error
        parts += [part]
    return sum(parts)
