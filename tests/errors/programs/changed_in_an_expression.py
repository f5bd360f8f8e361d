"""The first argument waits while the second changes it."""

from dataclasses import dataclass

ERROR = "TypeInferenceError"
MESSAGE = "This Counter belongs to a function that called this one"
STAGE = "types"


@dataclass
class Counter:
    total: float

    def add(self, x):
        self.total = self.total + x  # <-- error
        return self


def f(x):
    counter = Counter(0.0)
    pair = (counter, counter.add(x))
    return pair[0].total
