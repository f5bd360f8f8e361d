"""Objects are not changed."""

ERROR = "UnsupportedSyntax"
MESSAGE = "assigning to an attribute is"
STAGE = "types"


class State:
    value = 1.0


state = State()


def f(x):
    state.value = x * x  # <-- error
    return state.value
