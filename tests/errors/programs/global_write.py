"""Writing a global variable."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`global` is"


calls = 0


def f(x):
    global calls  # <-- error
    calls += 1
    return x * x
