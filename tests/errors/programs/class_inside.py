"""Classes are defined at the top of a module."""

ERROR = "UnsupportedSyntax"
MESSAGE = "a class inside a function is"


def f(x):
    class Point:  # <-- error
        x = 1.0

    return x * Point.x
