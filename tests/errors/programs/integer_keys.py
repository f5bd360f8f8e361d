"""The keys of a dict argument are strings."""

ERROR = "TypeInferenceError"
MESSAGE = "key"
STAGE = "types"


def f(x):  # <-- error
    return x[1]


ARGS = ({1: 1.0},)
