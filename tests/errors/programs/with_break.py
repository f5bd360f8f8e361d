"""A loop around a block of constants is not left from inside."""

import srcdiff as sd

ERROR = "UnsupportedSyntax"
MESSAGE = "a jump out of a `with`"


def f(x):
    total = x
    for i in range(5):
        with sd.no_grad():
            for j in range(i):
                if j > 2:
                    break
            if total > 10.0:
                continue  # <-- error
        total = total * x
    return total
