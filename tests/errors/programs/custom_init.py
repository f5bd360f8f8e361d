"""A constructor of the user's own."""

from dataclasses import dataclass

ERROR = "UnknownFunction"
MESSAGE = "`Unit` is made or filled by code of its own"
STAGE = "types"


@dataclass
class Unit:
    x: float

    def __init__(self, x):
        self.x = x / 2.0


def f(x):
    return Unit(x).x  # <-- error
