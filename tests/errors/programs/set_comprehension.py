"""Sets have no order."""

ERROR = "UnsupportedSyntax"
MESSAGE = "a set comprehension is"


def f(x):
    parts = {x * i for i in range(3)}  # <-- error
    return sum(parts)
