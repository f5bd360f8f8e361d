"""Lists keep their length."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`stack.pop(...)`, which changes the length"


def f(x):
    stack = [x, 2.0 * x]
    while len(stack) > 1:
        y = stack.pop()  # <-- error
    return y
