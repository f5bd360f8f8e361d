"""A constructor of the user's own."""

from dataclasses import dataclass

ERROR = "UnknownFunction"
MESSAGE = "has a `__init__` of its own"
STAGE = "types"


@dataclass
class Unit:
    x: float

    def __init__(self, x):
        self.x = x / 2.0


def f(x):
    return Unit(x).x  # <-- error
