"""Two ways out of a loop, one of which forgets a name."""

ERROR = "UnsupportedSyntax"
MESSAGE = "by the `break` on line 14"


def f(x):
    while True:
        x = 2.0 * x
        if x > 100.0:
            y = x
            break
        if x < -100.0:
            break
    return y  # <-- error
