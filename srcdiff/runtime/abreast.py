"""Short loops whose iterations are the elements of one vector, or of a few."""

from typing import Any

from numba import types
from numba.extending import lower_builtin, type_callable


def abreast(n: Any) -> Any:
    """Return `n`; compiled, a loop over `range(abreast(n))` is one vector of n.

    If n is no literal, it is vectors of four. No iteration of such a loop may touch an element that
    another one writes.
    """
    return n


@type_callable(abreast)
def _type(context: Any) -> Any:
    return lambda n: types.unliteral(n) if isinstance(n, types.Integer) else None


@lower_builtin(abreast, types.Integer)
def _lower(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    return args[0]
