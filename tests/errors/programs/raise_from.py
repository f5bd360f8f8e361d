"""An exception has no cause here."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`raise ... from ...` is"


def f(x):
    if x < 0.0:
        raise ValueError("negative") from None  # <-- error
    return x * x
