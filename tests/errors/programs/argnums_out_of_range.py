"""There is no such argument."""

ERROR = "NotDifferentiable"
MESSAGE = "argnums"
STAGE = "types"


def f(x, y):  # <-- error
    return x * y


CALL = lambda sd, f: sd.grad(f, argnums=2)(1.0, 2.0)
