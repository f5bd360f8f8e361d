"""A block of constants is not left by a jump."""

import srcdiff as sd

ERROR = "UnsupportedSyntax"
MESSAGE = "`return` inside of `with`"


def f(x):
    with sd.no_grad():
        scale = abs(x)
        if scale > 1.0:
            return x  # <-- error
    return x / scale
