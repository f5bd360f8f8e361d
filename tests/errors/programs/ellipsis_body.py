"""A body that is still to be written."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`...` outside of an index is"


def f(x): ...  # <-- error
