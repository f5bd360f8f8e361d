"""A name that nothing defines."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`scael`"
STAGE = "types"


scale = 2.0


def f(x):
    return scael * x  # <-- error
