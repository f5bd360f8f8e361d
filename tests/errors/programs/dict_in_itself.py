"""Trees have no cycles."""

ERROR = "TypeInferenceError"
MESSAGE = "This object would contain itself"
STAGE = "types"


def f(x):
    d = {"a": x}
    d["b"] = [d]  # <-- error
    return d["b"][0]["a"]
