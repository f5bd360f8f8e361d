"""The function that is differentiated: source, names of parameters, what is bound to it.

NumPy functions have no source to differentiate, but a rule; they get a source that calls them.
"""

import ast
import functools
import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from srcdiff.backend.python import load
from srcdiff.errors import NotDifferentiable, Span, SrcdiffError, TypeInferenceError
from srcdiff.frontend.source import find_source
from srcdiff.frontend.target import Target, unwrap
from srcdiff.products import Argnums, Transform
from srcdiff.rules.custom import custom_rule


@dataclass(frozen=True, eq=False)
class Subject:
    """A function to differentiate, as the user calls it."""

    f: Any
    target: Target

    @property
    def name(self) -> str:
        return name_of(self.target.function)

    @property
    def is_derivative(self) -> bool:
        return self.written is not self.target.function

    @property
    def written(self) -> Any:
        """The function that the user has written, inside of all derivatives."""
        function: Any = self.target.function
        while isinstance(transform := getattr(function, "transform", None), Transform):
            function = unwrap(transform.function).function
        return function

    @property
    def is_bound(self) -> bool:
        """Say whether arguments are bound to it."""
        return bool(self.target.args or self.target.kwargs)

    def function(self, count: int, keywords: Sequence[str]) -> FunctionType:
        """Return the function with source that a call with these arguments runs."""
        function = self.target.function
        if custom_rule(self.f) is not None:
            function = self.f
        elif isinstance(function, FunctionType) and not _is_numpy(function):
            return function
        count += len(self.target.args)
        return _with_source(function, count, (*self.target.kwargs, *keywords))

    def parameters(self, count: int) -> list[str]:
        """Return the names of `count` positional arguments."""
        bound = len(self.target.args)
        names = positional_names(self.target.function)[bound:]
        function = self.target.function
        code = getattr(function, "__code__", None)
        rest = "arg"
        if code is not None and code.co_flags & inspect.CO_VARARGS:
            rest = code.co_varnames[code.co_argcount + code.co_kwonlyargcount]
        return [*names[:count], *(f"{rest}_{k}" for k in range(count - len(names)))]

    def all_names(self) -> tuple[str, ...]:
        """Return the names of all parameters that can be known."""
        code = getattr(self.target.function, "__code__", None)
        if code is None:
            return positional_names(self.target.function)
        return tuple(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])

    def span(self) -> Span | None:
        """Return where the function is defined, if it has a source."""
        function = self.written
        if not isinstance(function, FunctionType) or _is_numpy(function):
            return None
        try:
            source = find_source(function)
        except SrcdiffError:
            return None
        return source.span(source.node)

    def result_span(self) -> Span | None:
        """Return where the function returns, or where it is defined."""
        function = self.written
        if not isinstance(function, FunctionType) or self.span() is None:
            return None
        source = find_source(function)
        if isinstance(source.node, ast.Lambda):
            return source.span(source.node.body)
        returns = [node for node in _own_nodes(source.node.body) if isinstance(node, ast.Return)]
        given = [node for node in returns if node.value is not None]
        return source.span(given[-1] if given else source.node)

    def locate(self, error: SrcdiffError) -> SrcdiffError:
        """Return `error` with a place, if it has none."""
        if error.span is not None:
            return error
        return type(error)(error.message, self.span(), error.hint)

    def wanted(self, argnums: Argnums | None, count: int) -> list[str]:
        """Return the names of the arguments that `argnums` asks for."""
        names = []
        for one in argnums if isinstance(argnums, tuple) else (argnums,):
            name = one if isinstance(one, str) else self._name_at(one, count)
            if name in names:
                raise self._refusal(f"`argnums` names the argument `{name}` twice.")
            names.append(name)
        return names

    def _name_at(self, position: object, count: int) -> str:
        if type(position) is not int:
            raise self._refusal(f"`argnums` holds {position!r}.")
        bound = len(self.target.args)
        known = max(count, len(positional_names(self.target.function)) - bound)
        if not 0 <= position < known:
            raise self._refusal(f"`argnums` is {position}, but there are {known} arguments.")
        return self.parameters(known)[position]

    def check_argnums(self, argnums: object) -> None:
        """Refuse what can be no `argnums` of this function, whatever it is called with."""
        parts = argnums if isinstance(argnums, tuple) else (argnums,)
        if not parts:
            raise self._refusal("`argnums` is empty.")
        for one in parts:
            if isinstance(one, bool) or not isinstance(one, int | str):
                raise self._refusal(f"`argnums` holds {one!r}.")
        function = self.target.function
        code = getattr(function, "__code__", None)
        if not isinstance(function, FunctionType) or code is None or _is_numpy(function):
            return
        open_ended = code.co_flags & (inspect.CO_VARARGS | inspect.CO_VARKEYWORDS)
        keyword_only = code.co_varnames[
            code.co_argcount : code.co_argcount + code.co_kwonlyargcount
        ]
        names = (*positional_names(function)[len(self.target.args) :], *keyword_only)
        for one in parts:
            if isinstance(one, str) and one not in names and not open_ended:
                raise self._refusal(f"`argnums` names `{one}`, which is no parameter.")
        if not open_ended:
            self.wanted(argnums, 0)  # type: ignore[arg-type]

    def _refusal(self, message: str) -> NotDifferentiable:
        hint = "Give the position or the name of a parameter, or a tuple of them."
        return NotDifferentiable(message, self.span(), hint)


def subject_of(f: object) -> Subject:
    """Return the subject for what the user wants to differentiate."""
    return Subject(f, unwrap(f))


def name_of(function: Any) -> str:
    """Return the name of a function; that of a derivative says what it is."""
    name = str(getattr(function, "__name__", "function"))
    transform = getattr(function, "transform", None)
    if isinstance(transform, Transform):
        return f"{name_of(unwrap(transform.function).function)}_{transform.product.name}"
    return name


def positional_names(function: Any) -> tuple[str, ...]:
    """Return the names of the positional parameters, as far as they can be known."""
    code = getattr(function, "__code__", None)
    if code is not None:
        return tuple(code.co_varnames[: code.co_argcount])
    count = getattr(function, "nin", None)
    if count is not None:
        return tuple(f"x{k + 1}" if count > 1 else "x" for k in range(count))
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return ()
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return tuple(p.name for p in signature.parameters.values() if p.kind in positional)


def _is_numpy(function: Any) -> bool:
    return (getattr(function, "__module__", None) or "").partition(".")[0] == "numpy"


def _own_nodes(body: Sequence[ast.AST]) -> list[ast.AST]:
    """Return the nodes of a body, but for those of functions in it."""
    found: list[ast.AST] = []
    for node in body:
        found.append(node)
        if not isinstance(node, ast.FunctionDef | ast.Lambda):
            found += _own_nodes(list(ast.iter_child_nodes(node)))
    return found


@functools.lru_cache(maxsize=256)
def _with_source(function: Any, count: int, keywords: tuple[str, ...]) -> FunctionType:
    """Return a function that calls `function` with so many arguments."""
    names = list(positional_names(function)[:count])
    names += [f"x{k + 1}" for k in range(len(names), count)]
    if any(not keyword.isidentifier() for keyword in keywords):
        raise TypeInferenceError("A keyword argument is not a name.", hint="Mend the call.")
    heads = [*names, *(["*", *keywords] if keywords else [])]
    inner = [*names, *(f"{keyword}={keyword}" for keyword in keywords)]
    name = name_of(function)
    name = name if name.isidentifier() and name not in heads else "function"
    callee = f"_{name}"
    text = f"def {name}({', '.join(heads)}):\n    return {callee}({', '.join(inner)})\n"
    file = f"<srcdiff {name}({', '.join(heads)})>"
    module = getattr(function, "__module__", None) or "builtins"
    return load(text, name, {callee: function, "__name__": module}, file)
