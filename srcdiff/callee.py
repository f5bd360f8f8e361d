"""A specialisation as compiled code calls it: trees as arguments, and results put together."""

import ast
from collections.abc import Iterator, Sequence
from typing import Any

from numba.core import types

from srcdiff.backend.numba import compile_function
from srcdiff.errors import AliasingError, TypeInferenceError
from srcdiff.specialisation import Specialisation
from srcdiff.specialise import Recipe
from srcdiff.trees import Maker

DISPLAYS = (ast.List, ast.Dict)


def callee(found: Specialisation, args: Sequence[Any], seeds: int) -> Any:
    """Return a dispatcher for arguments of these Numba types, the first `seeds` a cotangent."""
    recipe = found.recipe
    if not found.compiled:
        raise TypeInferenceError(
            "A derivative with `jit=False` cannot be called from compiled code.",
            hint="Make it without this option.",
        )
    if recipe.fixed or found.surroundings.live:
        raise TypeInferenceError(
            f"`{recipe.name}` reads arrays of its surroundings, which compiled code cannot.",
            hint="Pass these arrays as arguments.",
        )
    if len(recipe.written) and _arrays(args[seeds:]) > 1:
        raise AliasingError(
            f"`{recipe.written[0].name}` is written, and compiled code does not check whether "
            "another argument shares its memory.",
            recipe.written[0].span,
            "Call this derivative from Python, or let the function write into a copy.",
        )
    _check_trees(recipe)
    names = [f"x{k}" for k in range(len(args))]
    inner = [text for name, kind in zip(names, args, strict=True) for text in _leaves(name, kind)]
    if found.recipe.finish == "r" and inner == names:
        return found.function
    text = (
        f"def call({', '.join(names)}):\n"
        f"    r = {recipe.name}({', '.join(inner)})\n"
        f"    return {recipe.finish}\n"
    )
    made = {name: _class_of(value) for name, value in recipe.names.items()}
    namespace = {recipe.name: found.function, **made}
    identity = found.function.srcdiff_identity
    file = f"{found.file[:-1]} call>"
    return compile_function(text, "call", namespace, file, digest=identity, cache=bool(identity))


def _check_trees(recipe: Recipe) -> None:
    """Refuse results that compiled code cannot make."""
    displays = [each for each in ast.walk(ast.parse(recipe.finish)) if isinstance(each, DISPLAYS)]
    makers = [each for each in recipe.names.values() if isinstance(each, Maker)]
    if displays or not all(issubclass(each.kind, tuple) for each in makers):
        raise TypeInferenceError(
            f"`{recipe.name}` gives lists, dicts or objects, which compiled code cannot make.",
            recipe.span,
            "Return tuples or named tuples where it is called from compiled code.",
        )


def _class_of(value: Any) -> Any:
    """Return what compiled code makes a named tuple with."""
    return value.kind if isinstance(value, Maker) else value


def _leaves(name: str, kind: Any) -> Iterator[str]:
    """Iterate over the run-time leaves of an argument as expressions."""
    if isinstance(kind, types.BaseTuple):
        for k, part in enumerate(kind.types):
            yield from _leaves(f"{name}[{k}]", part)
    elif not isinstance(kind, types.NoneType):
        yield name


def _arrays(args: Sequence[Any]) -> int:
    return sum(
        _arrays(kind.types) if isinstance(kind, types.BaseTuple) else isinstance(kind, types.Array)
        for kind in args
    )
