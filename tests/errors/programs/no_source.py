"""A function from `exec` keeps no text."""

ERROR = "UnsupportedSyntax"
MESSAGE = "has no source"


namespace = {}
exec("def f(x):\n    return x * x", namespace)
f = namespace["f"]
