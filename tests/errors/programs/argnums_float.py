"""A position is an integer."""

ERROR = "NotDifferentiable"
MESSAGE = "argnums"
STAGE = "types"


def f(x):  # <-- error
    return x * x


CALL = lambda sd, f: sd.grad(f, argnums=0.0)(1.0)
