"""The options that every transform takes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numba.core import config

from srcdiff.errors import SrcdiffError, TypeInferenceError, UnknownFunction
from srcdiff.subject import Subject

# What is not built yet, and the value that asks for nothing.
NOT_BUILT: dict[str, object] = {"parallel": False}
BUILT = ("jit", "cache", "fastmath", "boundscheck", "outputs", "checkpoint")
Outputs = str | tuple[str, ...] | None


@dataclass(frozen=True)
class Options:
    """How generated code runs, and what it computes: `fastmath` and `boundscheck` are Numba's.

    `outputs` names the arguments whose final contents are the output, if there are any: one, or
    a tuple of them. `checkpoint` is how many states a long loop keeps for the adjoint sweep; None:
    all of them.
    """

    jit: bool = True
    cache: bool = True
    fastmath: bool | frozenset[str] = False
    boundscheck: bool = False
    outputs: Outputs = None
    checkpoint: int | None = None

    def describe(self) -> str:
        """Return a text that is the same in every process."""
        flags = self.fastmath
        fastmath = sorted(flags) if isinstance(flags, frozenset) else flags
        return repr((self.jit, fastmath, self.boundscheck, self.outputs, self.checkpoint))

    @property
    def compiles(self) -> bool:
        """Say whether code is compiled: `NUMBA_DISABLE_JIT` is read when it matters."""
        return self.jit and not config.DISABLE_JIT


def options_of(given: Mapping[str, Any], subject: Subject) -> Options:
    """Return the options, or raise for those that are unknown, wrong or not built."""
    for name, value in given.items():
        if name in NOT_BUILT:
            nothing = NOT_BUILT[name]
            if value is not nothing and value != nothing:
                message = f"The option `{name}` is not built yet."
                raise UnknownFunction(message, subject.span(), "Leave it out.")
        elif name not in BUILT:
            known = ", ".join((*BUILT, *NOT_BUILT))
            message = f"There is no option `{name}`."
            raise TypeInferenceError(message, subject.span(), f"The options are {known}.")
    for name in ("jit", "cache", "boundscheck"):
        if not isinstance(given.get(name, True), bool):
            raise _wrong(name, "True or False", subject)
    fastmath = _fastmath(given.get("fastmath", False), subject) or subject.target.fastmath
    return Options(
        given.get("jit", True),
        given.get("cache", True),
        fastmath,
        given.get("boundscheck", False),
        _outputs(given.get("outputs"), subject),
        _states(given.get("checkpoint"), subject),
    )


def _states(value: Any, subject: Subject) -> int | None:
    """Return the number of states that long loops keep."""
    if value is None or (type(value) is int and value > 0):
        return value
    raise _wrong("checkpoint", "the number of states that a long loop keeps, or None", subject)


def _outputs(value: Any, subject: Subject) -> Outputs:
    """Return the names of arguments in `outputs`, after looking whether there can be such."""
    if isinstance(value, list):
        value = tuple(value)
    names = (value,) if isinstance(value, str) else value
    if names is None:
        return None
    known = subject.all_names()[len(subject.target.args) :]
    if not isinstance(names, tuple) or not all(isinstance(each, str) for each in names):
        raise _wrong("outputs", "the name of an argument, or a tuple of names", subject)
    for k, name in enumerate(names):
        if name not in known or name in names[:k]:
            what = "twice" if name in names[:k] else "which is no parameter"
            message = f"The option `outputs` names `{name}`, {what}."
            raise TypeInferenceError(message, subject.span(), "Name each argument once.")
    if not names:
        raise _wrong("outputs", "the name of an argument, or a tuple of names", subject)
    return value  # type: ignore[no-any-return]


def _fastmath(value: Any, subject: Subject) -> bool | frozenset[str]:
    match value:
        case bool():
            return value
        case set() | frozenset() | list() | tuple() if all(isinstance(x, str) for x in value):
            return frozenset(value)
        case dict() if all(isinstance(x, str) for x in value):
            return frozenset(flag for flag, on in value.items() if on)
    raise _wrong("fastmath", "True, False, or a set of LLVM's flags", subject)


def _wrong(name: str, what: str, subject: Subject) -> SrcdiffError:
    return TypeInferenceError(
        f"The option `{name}` is {what}.", subject.span(), "Give it one of these."
    )
