"""What `__post_init__` does would be left out."""

from dataclasses import dataclass

ERROR = "UnknownFunction"
MESSAGE = "`Unit` is made or filled by code of its own"
STAGE = "types"


@dataclass
class Unit:
    x: float

    def __post_init__(self):
        self.x = self.x / 2.0


def f(x):
    return Unit(x).x  # <-- error
