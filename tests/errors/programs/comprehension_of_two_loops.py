"""A list comprehension has one `for`."""

ERROR = "UnsupportedSyntax"
MESSAGE = "several `for`"


def f(x):
    parts = [x * i * k for i in range(3) for k in range(3)]  # <-- error
    return parts[0]
