"""An inner coroutine."""

ERROR = "UnsupportedSyntax"
MESSAGE = "`async def` is"


def f(x):
    async def square(t):  # <-- error
        return t * t

    return square(x)
