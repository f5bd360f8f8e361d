"""Frozen instances are not changed."""

from dataclasses import dataclass

ERROR = "UnsupportedSyntax"
MESSAGE = "assigning to an attribute is"
STAGE = "types"


@dataclass(frozen=True)
class Point:
    x: float


def f(x):
    p = Point(x)
    p.x = 2.0 * x  # <-- error
    return p.x
