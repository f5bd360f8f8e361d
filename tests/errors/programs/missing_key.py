"""The keys are known."""

ERROR = "TypeInferenceError"
MESSAGE = "This dict has no key 'c'; it has 'a', 'b'"
STAGE = "types"


def f(p):
    return p["a"] * p["c"]  # <-- error


ARGS = ({"a": 1.0, "b": 2.0},)
