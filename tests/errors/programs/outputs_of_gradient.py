"""A gradient is that of a number."""

ERROR = "NotDifferentiable"
MESSAGE = "takes no `outputs`"
STAGE = "types"


def f(x):  # <-- error
    x[0] = 2.0 * x[1]


CALL = lambda sd, f: sd.grad(f, outputs="x")
