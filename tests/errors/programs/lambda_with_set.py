"""A lambda is a function like others."""

ERROR = "UnsupportedSyntax"
MESSAGE = "a set is"


f = lambda x: x * max({1.0, 2.0})  # <-- error
