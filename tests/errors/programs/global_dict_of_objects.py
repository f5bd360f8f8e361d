"""A global variable that is no number."""

ERROR = "TypeInferenceError"
MESSAGE = "`max` takes numbers"
STAGE = "types"


settings = {"scale": {2.0}}


def f(x):
    return x * max(settings["scale"])  # <-- error
