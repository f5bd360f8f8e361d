"""The keys of a dict are constant strings."""

ERROR = "TypeInferenceError"
MESSAGE = "The keys of this dict are not known"
STAGE = "types"


def f(x):
    parts = {str(i): x * i for i in range(3)}  # <-- error
    return parts["1"]
