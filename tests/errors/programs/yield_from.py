"""`yield from` in an inner function."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`yield from` is"


def f(x):
    def chained(parts):
        for part in parts:
            yield from part  # <-- error

    return sum(chained(x))
