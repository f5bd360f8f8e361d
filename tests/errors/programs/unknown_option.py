"""There is no such option."""

ERROR = "TypeInferenceError"
MESSAGE = "`paralel`"
STAGE = "types"


def f(x):  # <-- error
    return x * x


CALL = lambda sd, f: sd.grad(f, paralel=True)(1.0)
