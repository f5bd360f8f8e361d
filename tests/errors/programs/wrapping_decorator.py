"""A decorator that wraps hides the function."""

import functools

ERROR = "UnsupportedSyntax"
MESSAGE = "wrapper that a decorator"


def logged(function):
    @functools.wraps(function)  # <-- error
    def wrapper(*args):
        print(function.__name__, args)
        return function(*args)

    return wrapper


@logged
def f(x):
    return x * x
