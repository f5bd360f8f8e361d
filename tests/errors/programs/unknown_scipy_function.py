"""A SciPy function without a rule."""

from scipy import special

ERROR = "UnknownFunction"
MESSAGE = "mathieu_a"
STAGE = "types"


def f(x):
    return special.mathieu_a(2, x)  # <-- error
