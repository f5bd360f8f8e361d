"""Rules of the user's own, for functions that are not in the tables."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from srcdiff.errors import RuleError
from srcdiff.rules.registry import elementwise_rule, is_zero

Function = Callable[..., Any]


@dataclass(frozen=True, eq=False)
class Custom:
    """What the user says of a function; all None: its derivative is zero.

    partials(y, *args)               the partial of an elementwise function by each argument
    tangent(arg_dots, y, *args)      the tangent of the result
    adjoint(y_bar, y, *args)         a tuple: the cotangent of each argument
    """

    function: Function
    partials: Function | None = None
    tangent: Function | None = None
    adjoint: Function | None = None

    @property
    def is_zero(self) -> bool:
        return not (self.partials or self.tangent or self.adjoint)

    def given(self) -> list[Function]:
        """Return the functions that it consists of."""
        return [f for f in (self.partials, self.tangent, self.adjoint) if f is not None]


_customs: dict[int, Custom] = {}


def register(custom: Custom) -> None:
    """Let `custom` be the rule of its function from now on; raises `RuleError` if it cannot be."""
    function = custom.function
    name = getattr(function, "__name__", repr(function))
    if elementwise_rule(function) is not None or is_zero(function):
        raise RuleError(f"`{name}` has a rule already.", hint="Wrap it in a function of your own.")
    if custom.partials is not None and (custom.tangent or custom.adjoint):
        raise RuleError(
            f"The rule of `{name}` has partials, and tangent or adjoint besides.",
            hint="Partials say both: leave out the others.",
        )
    for given, extra in ((custom.partials, 1), (custom.tangent, 2), (custom.adjoint, 2)):
        if given is not None:
            _check_count(name, function, given, extra)
    _customs[id(function)] = custom


def _check_count(name: str, function: Function, given: Function, extra: int) -> None:
    """Raise if a function of a rule takes another number of arguments than it will be given."""
    wanted, found = _count(function), _count(given)
    if wanted is not None and found is not None and found != wanted + extra:
        raise RuleError(
            f"`{name}` takes {wanted} arguments, so this function of its rule takes "
            f"{wanted + extra}, not {found}.",
            hint="partials(y, *args), tangent(arg_dots, y, *args), adjoint(y_bar, y, *args).",
        )


def _count(function: Function) -> int | None:
    """Return the number of arguments of a function, None if it is not known or not fixed."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    fixed = all(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)
    return len(parameters) if fixed else None


def custom_rule(function: object) -> Custom | None:
    """Return the user's rule of a function."""
    found = _customs.get(id(function))
    return found if found is not None and found.function is function else None
