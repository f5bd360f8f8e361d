"""A global variable that is no number."""

ERROR = "TypeInferenceError"
MESSAGE = "`settings`"
STAGE = "types"


settings = {"scale": {2.0}}


def f(x):
    return x * max(settings["scale"])  # <-- error
