"""A method that changes its object on one path only: the caller has a name for it, too."""

from dataclasses import dataclass

ERROR = "TypeInferenceError"
MESSAGE = "This Counter belongs to a function that called this one"
STAGE = "types"


@dataclass
class Counter:
    total: float

    def add(self, x):
        if x > 0.0:
            self.total = self.total + x  # <-- error


def f(x):
    counter = Counter(0.0)
    counter.add(x)
    return counter.total
