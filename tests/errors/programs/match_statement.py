"""`match` is written as `if`."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`match` is"


def f(x, kind=1):
    match kind:  # <-- error
        case 1:
            return x * x
        case _:
            return x
