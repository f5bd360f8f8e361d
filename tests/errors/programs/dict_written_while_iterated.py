"""What follows in the loop would be new."""

ERROR = "TypeInferenceError"
MESSAGE = "This dict can be reached in 2 ways, through `d`, `the loop`"
STAGE = "types"


def f(x):
    d = {"a": x, "b": 2.0}
    for key, value in d.items():
        d["b"] = value * x  # <-- error
    return d["b"]
