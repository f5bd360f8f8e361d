"""Tuples are written element by element."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`*` outside of a call is"


def f(x):
    pair = (x, 2.0 * x)
    triple = (*pair, 3.0)  # <-- error
    return triple[1]
