"""The derivatives that can be asked for: how each is computed, called, and what it returns."""

from dataclasses import dataclass
from typing import Literal

Mode = Literal[
    "primal",
    "reverse",
    "forward",
    "jacobian",
    "jacfwd",
    "jacrev",
    "hessian",
    "hvp",
    "gnvp",
    "taylor",
    "call",
]
"""Which passes make it; `call`: the function itself, called as a whole."""


@dataclass(frozen=True)
class Product:
    """Which derivative, what it is called with in front of the arguments, and what it returns.

    `of_number` says that the function must return one number.
    """

    name: str
    mode: Mode = "reverse"
    seeds: Literal["", "cotangents", "tangents"] = ""
    with_value: bool = True
    of_number: bool = False
    order: int = 1

    @property
    def seeded(self) -> bool:
        return self.seeds != ""

    @property
    def differentiates(self) -> bool:
        return self.mode != "primal"


GRAD = Product("grad", with_value=False, of_number=True)
VALUE_AND_GRAD = Product("value_and_grad", of_number=True)
PULLBACK = Product("pullback", seeds="cotangents")
COTANGENTS = Product("cotangents", seeds="cotangents", with_value=False)
PUSHFORWARD = Product("pushforward", "forward", "tangents")
JVP = Product("jvp", "forward", "tangents")
JACOBIAN = Product("jacobian", "jacobian", with_value=False)
JACFWD = Product("jacfwd", "jacfwd", with_value=False)
JACREV = Product("jacrev", "jacrev", with_value=False)
HESSIAN = Product("hessian", "hessian", with_value=False, of_number=True)
HVP = Product("hvp", "hvp", "tangents", with_value=False, of_number=True)
GNVP = Product("gnvp", "gnvp", "tangents", with_value=False)
TAYLOR = Product("taylor", "taylor", "tangents", with_value=False)
PRIMAL = Product("primal", "primal")
CHECKPOINT = Product("checkpoint", "call")

Argnums = int | str | tuple[int | str, ...]


@dataclass(frozen=True, eq=False)
class Transform:
    """A product of a function by some of its arguments, as the front end meets it."""

    product: Product
    function: object
    argnums: Argnums
    has_aux: bool = False
    outputs: str | tuple[str, ...] | None = None
