"""A number cannot be differentiated."""

ERROR = "UnknownFunction"
MESSAGE = "not a function"
STAGE = "types"


f = 3.0
