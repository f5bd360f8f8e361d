"""The fields are known."""

from collections import namedtuple

ERROR = "TypeInferenceError"
MESSAGE = "`.z` of a `Point` is not supported"
STAGE = "types"

Point = namedtuple("Point", "x y")


def f(p):
    return p.x * p.z  # <-- error


ARGS = (Point(1.0, 2.0),)
