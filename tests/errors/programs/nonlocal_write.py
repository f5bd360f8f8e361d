"""Writing a variable of an enclosing function."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`nonlocal` is"


def f(x):
    total = 0.0

    def add(value):
        nonlocal total  # <-- error
        total += value

    add(x * x)
    return total
