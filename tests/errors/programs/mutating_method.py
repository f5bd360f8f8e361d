"""A method that changes its object: the caller has a name for it, too."""

from dataclasses import dataclass

ERROR = "TypeInferenceError"
MESSAGE = "This Counter can be reached in 2 ways, through `counter`, `self`"
STAGE = "types"


@dataclass
class Counter:
    total: float

    def add(self, x):
        self.total = self.total + x  # <-- error


def f(x):
    counter = Counter(0.0)
    counter.add(x)
    return counter.total
