"""A list outside of the function keeps its length, too."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`history.append(...)`"


history = []


def f(x):
    y = x * x
    history.append(y)  # <-- error
    return y
