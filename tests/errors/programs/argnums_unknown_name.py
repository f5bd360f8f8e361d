"""There is no such parameter."""

ERROR = "NotDifferentiable"
MESSAGE = "`z`"
STAGE = "types"


def f(x, y):  # <-- error
    return x * y


CALL = lambda sd, f: sd.grad(f, argnums="z")(1.0, 2.0)
