"""Transforms called in the user's compiled code: `sd.grad(f)(x)` in a function with `@numba.njit`.

`f` is a compiled function, and `argnums` a literal. The derivative is made while Numba finds the
types of the caller, as if it stood outside.
"""

from collections.abc import Callable
from typing import Any

from numba.core import types
from numba.core.errors import TypingError
from numba.extending import overload

from srcdiff.api import (
    gnvp,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacobian,
    jacrev,
    pullback,
    pushforward,
    value_and_grad,
)


def _overloaded(transform: Callable[..., Any]) -> None:
    """Let Numba know a transform of a function by an argument."""

    def typed(f, argnums=0):  # type: ignore[no-untyped-def]
        if not isinstance(f, types.Dispatcher):
            return None
        wanted = argnums if isinstance(argnums, int) else getattr(argnums, "literal_value", None)
        if not isinstance(wanted, int | str):
            name = transform.__name__
            raise TypingError(f"`argnums` of `{name}` must be a literal: a position or a name.")
        derivative = transform(f.dispatcher, wanted)

        def made(f, argnums=0):  # type: ignore[no-untyped-def]
            return derivative

        return made

    overload(transform, prefer_literal=True)(typed)


for _transform in (
    grad,
    value_and_grad,
    pullback,
    pushforward,
    jacobian,
    jacfwd,
    jacrev,
    hessian,
    hvp,
    gnvp,
):
    _overloaded(_transform)
