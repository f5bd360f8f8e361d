"""Lists keep their length."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`parts.append(...)`, which makes a list longer"


def f(x):
    parts = []
    for i in range(3):
        parts.append(x * i)  # <-- error
    return sum(parts)
