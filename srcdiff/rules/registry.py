"""The table of derivative rules: what a rule is, how it gets in, how it is found.

Rules are stored under one canonical function; its other names (`math.sin`, `operator.mul`) are
aliases. The table is filled when `srcdiff.rules` is imported and not changed after that.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any, TypeVar

from srcdiff.errors import RuleError
from srcdiff.rules.expression import Argument, Expression, Function, Result, where, wrap

Interval = tuple[float, float]
Partial = Expression | None
T = TypeVar("T")
REALS: Interval = (-inf, inf)


@dataclass(frozen=True, eq=False, slots=True)
class Elementwise:
    """The rule of an elementwise function: its partial derivatives.

    `partials[k]` is the partial with respect to argument k, or None where there is no derivative.
    Where its root is a `where`, its product with an adjoint goes into the branches, so that a
    branch which is 0 gives exactly 0, whatever the adjoint.
    `choice`, if given, is the condition under which the result is the last argument but one; else
    it is the last. The partials then say the same: `where(choice, 1, 0)`, `where(choice, 0, 1)`.
    `domain` is one closed interval an argument. `kink` says what holds where no derivative exists.
    `singular` says that a partial can be infinite or nan at finite arguments in the domain, by a
    pole or by overflow; its product with an adjoint that is 0 must be 0.
    """

    function: Function
    arguments: tuple[str, ...]
    partials: tuple[Partial, ...]
    choice: Expression | None
    domain: tuple[Interval, ...]
    kink: str
    singular: bool


@dataclass(frozen=True, eq=False, slots=True)
class Choice:
    """What `choice` hands to `elementwise`."""

    condition: Callable[..., Expression]


_rules: dict[Function, Elementwise] = {}
_zeros: dict[Function, Function] = {}
_aliases: dict[Function, Function] = {}
_late_aliases: dict[tuple[str, str], Function] = {}


def choice(condition: Callable[..., Expression]) -> Choice:
    """State that the result is one of the last two arguments: the first of them if `condition`."""
    return Choice(condition)


def elementwise(
    function: Function,
    rule: Callable[..., object] | Choice,
    *,
    domain: Interval | tuple[Interval, ...] = REALS,
    kink: str = "",
    singular: bool = False,
) -> None:
    """Register the partials of `function`, stated as `lambda result, *arguments: partials`."""
    if isinstance(rule, Choice):
        names = _parameters(rule.condition)
        condition = wrap(rule.condition(*_arguments(names)))
        partials = _chosen(condition, names)
    else:
        names, condition = _parameters(rule)[1:], None
        partials = _partials(rule(Result(), *_arguments(names)))
    if len(partials) != len(names):
        raise RuleError(f"{function} has {len(names)} arguments and {len(partials)} partials.")
    intervals = _intervals(domain, len(names))
    entry = Elementwise(function, names, partials, condition, intervals, kink, singular)
    _insert(_rules, function, entry)


def _arguments(names: tuple[str, ...]) -> tuple[Argument, ...]:
    return tuple(map(Argument, range(len(names))))


def _partials(stated: object) -> tuple[Partial, ...]:
    each = stated if isinstance(stated, tuple) else (stated,)
    return tuple(None if partial is None else wrap(partial) for partial in each)


def _chosen(condition: Expression, names: tuple[str, ...]) -> tuple[Partial, ...]:
    chosen = (where(condition, 1, 0), where(condition, 0, 1))
    return (None,) * (len(names) - 2) + chosen


def _parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    code = function.__code__
    return tuple(code.co_varnames[: code.co_argcount])


def _intervals(domain: Any, count: int) -> tuple[Interval, ...]:
    each = domain if isinstance(domain[0], tuple) else (domain,) * count
    if len(each) != count:
        raise RuleError(f"{len(each)} intervals for {count} arguments.")
    return tuple((float(low), float(high)) for low, high in each)


def zero(*functions: Function) -> None:
    """Register functions whose derivative is zero wherever they have one."""
    for function in functions:
        _insert(_zeros, function, function)


def alias(canonical: Function, *functions: Function) -> None:
    """Register other names of `canonical`, of the same meaning for all arguments."""
    for function in functions:
        _insert(_aliases, function, canonical)


def late_alias(canonical: Function, module: str, *names: str) -> None:
    """Register names of `canonical` in a module that is dear to import."""
    for name in names:
        _insert(_late_aliases, (module, name), canonical)


def _insert(table: dict[Any, T], key: Any, value: T) -> None:
    if key in _rules or key in _zeros or key in _aliases or key in _late_aliases:
        raise RuleError(f"{key} is registered twice.")
    table[key] = value


def canonical(function: Function) -> Function:
    """Return the function under which the rules know `function`; itself if they do not."""
    return _find(_aliases, function) or _find_late(function) or function


def _find(table: dict[Function, T], function: Function) -> T | None:
    try:
        return table.get(function)
    except TypeError:  # a callable object need not be hashable
        return None


def _find_late(function: Function) -> Function | None:
    name = getattr(function, "__name__", None)
    for (module, known), target in _late_aliases.items():
        if known == name and getattr(sys.modules.get(module), known, None) is function:
            return target
    return None


def elementwise_rule(function: Function) -> Elementwise | None:
    """Return the rule of `function`, under any of its names."""
    return _find(_rules, canonical(function))


def is_zero(function: Function) -> bool:
    """Say whether the derivative of `function` is zero wherever it has one."""
    return _find(_zeros, canonical(function)) is not None


def all_rules() -> tuple[Elementwise, ...]:
    """Return every elementwise rule, in the order of registration."""
    return tuple(_rules.values())


def all_zeros() -> tuple[Function, ...]:
    """Return every function whose derivative is zero, in the order of registration."""
    return tuple(_zeros)
