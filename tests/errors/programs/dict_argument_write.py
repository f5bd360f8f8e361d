"""Arguments are never changed."""

ERROR = "TypeInferenceError"
MESSAGE = "This dict was passed as an argument"
STAGE = "types"


def f(p):
    p["w"] = 2.0 * p["w"]  # <-- error
    return p["w"] * p["b"]


ARGS = ({"w": 1.0, "b": 2.0},)
