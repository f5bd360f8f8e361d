"""What is not built is not ignored."""

ERROR = "UnknownFunction"
MESSAGE = "`parallel`"
STAGE = "types"


def f(x):  # <-- error
    return x * x


CALL = lambda sd, f: sd.grad(f, parallel=True)(1.0)
