"""An argument is named twice."""

ERROR = "NotDifferentiable"
MESSAGE = "argnums"
STAGE = "types"


def f(x, y):  # <-- error
    return x * y


CALL = lambda sd, f: sd.grad(f, argnums=(0, "x"))(1.0, 2.0)
