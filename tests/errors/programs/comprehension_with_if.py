"""The length of a list is known before it is filled."""

ERROR = "UnsupportedSyntax"
MESSAGE = "a list comprehension with `if` is"


def f(x):
    parts = [x * i for i in range(9) if i % 2]  # <-- error
    return parts[0]
