"""The file does not say what the code does."""

ERROR = "UnsupportedSyntax"
MESSAGE = "not the code that runs"


def f(x):  # <-- error
    return x * x


# As if the line above had been edited after the import.
f.__code__ = f.__code__.replace(co_code=(lambda x: x + x).__code__.co_code)
