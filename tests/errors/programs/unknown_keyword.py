"""A keyword that is no parameter."""

ERROR = "TypeInferenceError"
MESSAGE = "`step`"
STAGE = "types"


def f(x):  # <-- error
    return x * x


CALL = lambda sd, f: sd.grad(f)(1.0, step=2.0)
