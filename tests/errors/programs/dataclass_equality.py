"""Objects are not compared."""

from dataclasses import dataclass

ERROR = "TypeInferenceError"
MESSAGE = "Dicts and objects are not compared here"
STAGE = "types"


@dataclass
class Point:
    x: float


def f(p, q):
    return p.x if p == q else q.x  # <-- error


ARGS = (Point(1.0), Point(2.0))
