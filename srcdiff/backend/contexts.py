"""What Numba knows of types and of code, asked less often.

While it finds the types of a function, Numba searches dozens of templates for each `a + b`, and
again whenever the type of something in a loop becomes known; and it looks for extensions that were
registered meanwhile, in thirty registries, before it gives up a search and wherever it has a
template of an intrinsic. A fifth of what it does in Python is that.
"""

from typing import Any

from numba.core import types

_LISTS = ("functions", "attributes", "globals", "getattrs", "setattrs", "casts", "constants")


class _Typing:
    """Answers of a context of types, kept for one function."""

    def __init__(self, context: Any) -> None:
        self._context = context
        self._answers: dict[Any, Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def resolve_function_type(self, func: Any, args: Any, kws: Any) -> Any:
        """Return the signature of a call."""
        if kws or not isinstance(func, types.Function | str):
            return self._context.resolve_function_type(func, args, kws)
        key = func, tuple(args)
        if key not in self._answers:
            answer = self._context.resolve_function_type(func, args, kws)
            if answer is None:
                return None
            self._answers[key] = answer
        return self._answers[key]

    def resolve_setitem(self, target: Any, index: Any, value: Any) -> Any:
        """Return the signature of `target[index] = value`."""
        key = target, index, value
        if key not in self._answers:
            self._answers[key] = self._context.resolve_setitem(target, index, value)
        return self._answers[key]

    def resolve_getattr(self, typ: Any, attr: str) -> Any:
        """Return the type of `typ.attr`."""
        key = typ, attr
        if key not in self._answers:
            answer = self._context.resolve_getattr(typ, attr)
            if answer is None:
                return None
            self._answers[key] = answer
        return self._answers[key]


def with_memory(context: Any) -> Any:
    """Return a context of types that gives the same answer to the same question."""
    return _Typing(context)


def look_seldom(context: Any) -> None:
    """Let a context of code look for extensions only where there are any."""
    seen = _count(context)

    def refresh() -> None:
        nonlocal seen
        if _count(context) != seen:
            type(context).refresh(context)
            seen = _count(context)

    context.refresh = refresh


def _count(context: Any) -> int:
    """Return how much is registered, for code and for types."""
    registries = *context._registries, *context.typing_context._registries
    return sum(len(getattr(registry, name, ())) for registry in registries for name in _LISTS)
