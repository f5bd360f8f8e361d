"""A coroutine is not called like a function."""

ERROR = "UnsupportedSyntax"
MESSAGE = "coroutine"


async def f(x):  # <-- error
    return x * x
