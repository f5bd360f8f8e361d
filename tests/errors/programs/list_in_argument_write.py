"""Nor is what they hold."""

ERROR = "TypeInferenceError"
MESSAGE = "This list was passed as an argument"
STAGE = "types"


def f(p):
    p["w"][0] = 2.0 * p["b"]  # <-- error
    return p["w"][0]


ARGS = ({"w": [1.0], "b": 2.0},)
