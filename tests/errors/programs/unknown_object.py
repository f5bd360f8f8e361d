"""An object of some class is not a tree of numbers."""

from decimal import Decimal

ERROR = "TypeInferenceError"
MESSAGE = "Decimal"
STAGE = "types"


def f(x):  # <-- error
    return x * x


ARGS = (Decimal("1.5"),)
