"""A built-in has neither source nor a rule."""

ERROR = "UnknownFunction"
MESSAGE = "`sorted`"
STAGE = "types"


f = sorted


ARGS = ([2.0, 1.0],)
