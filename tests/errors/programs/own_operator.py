"""An operator that the class defines in a way that cannot be followed."""

from typing import NamedTuple

ERROR = "TypeInferenceError"
MESSAGE = "An operand of this operator is neither"
STAGE = "types"


class Point(NamedTuple):
    x: float
    y: float


def f(p):
    return (p + 1.0)[0]  # <-- error


ARGS = (Point(1.0, 2.0),)
