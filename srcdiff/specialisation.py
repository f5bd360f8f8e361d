"""A derivative for one set of argument types, made to run."""

import hashlib
import linecache
import re
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from srcdiff.arguments import Elements, Kind, Known, Number, is_float, title
from srcdiff.backend.numba import compile_function
from srcdiff.backend.python import plain
from srcdiff.errors import (
    AliasingError,
    BoundsError,
    NotDifferentiable,
    ShapeError,
    Span,
    SrcdiffError,
    TypeInferenceError,
)
from srcdiff.lending import Lending, LentRecipe
from srcdiff.options import Options
from srcdiff.outputs import Output
from srcdiff.runtime import PLAIN_NAMES
from srcdiff.specialise import Recipe
from srcdiff.surroundings import Surroundings
from srcdiff.trees import describe, flatten, flatten_like

MOST_WORK = 100_000
"""How long NumPy may look for an element that two arrays share, before it counts as found."""


class Specialisation:
    """Runs a recipe: compiled on first use, or as plain Python."""

    def __init__(
        self,
        recipe: Recipe,
        surroundings: Surroundings,
        options: Options,
        lend: Callable[[], LentRecipe] | None = None,
    ) -> None:
        self.recipe = recipe
        self.surroundings = surroundings
        self.options = options
        self.lend = lend
        self.file = f"<srcdiff {recipe.name} {_digest(recipe.text)}>"
        self.compiled = options.compiles
        self.function = self._made(recipe.text, recipe.name, recipe.globals)
        text = recipe.finish if self.compiled else recipe.plain_finish
        self.finish: Callable[[Any], Any] = eval(f"lambda r: {text}", dict(recipe.names))

    @cached_property
    def lending(self) -> Lending:
        """What calls with `out=` or `work=` run."""
        recipe = self.recipe.lent
        if recipe is None:
            assert self.lend is not None
            recipe = self.lend()
        return Lending(recipe, self._made, self.compiled)

    def _made(self, text: str, name: str, names: dict[str, object]) -> Any:
        """Return the function of a text."""
        file = f"<srcdiff {name} {_digest(text)}>"
        if not self.compiled:
            return plain(text, name, {**names, **PLAIN_NAMES}, file)
        options = self.options
        flags = options.fastmath
        return compile_function(
            text,
            name,
            names,
            file,
            fastmath=set(flags) if isinstance(flags, frozenset) else flags,
            boundscheck=options.boundscheck,
            cache=options.cache,
        )

    @property
    def is_direct(self) -> bool:
        """Say whether the text can be called with the leaves, and with nothing else."""
        recipe = self.recipe
        return self.compiled and not (recipe.fixed or recipe.written or self.surroundings.live)

    def __call__(
        self, leaves: Sequence[Any], seeds: Sequence[Any] = (), lent: tuple[Any, Any] | None = None
    ) -> Any:
        """Call with the leaves of the arguments; `lent` is the memory that is given, if any."""
        recipe = self.recipe
        values = self.values(leaves, seeds)
        if recipe.written:
            self._check_aliasing(values, len(seeds))
        try:
            if lent is not None:
                return self.lending(values, *lent)
            return self.finish(self.function(*values))
        except (ShapeError, BoundsError) as error:
            if error.span is not None:
                raise
            raise self._located(error) from None

    def values(self, leaves: Sequence[Any], seeds: Sequence[Any]) -> list[Any]:
        """Return what the text is called with."""
        recipe = self.recipe
        return [
            *seeds,
            *(leaves[k] for k in recipe.leaves),
            *recipe.fixed,
            *self.surroundings.arrays(),
        ]

    def seeds(self, given: Any, leaves: Sequence[Any], shapes: Sequence[Any] | None) -> list[Any]:
        """Return what the text is called with before the arguments, which have these leaves."""
        spec, along = self.recipe.seeds, self.recipe.along
        if spec is None:
            return []
        if not along:
            return seeds_of(given, spec, shapes)
        return seeds_of(given, spec, [np.shape(leaves[k]) for k in along], TANGENT)

    def _check_aliasing(self, values: Sequence[Any], first: int) -> None:
        for written in self.recipe.written:
            mine = values[first + written.position]
            for k, other in enumerate(values[first:]):
                if k != written.position and isinstance(other, np.ndarray) and _share(mine, other):
                    raise AliasingError(
                        f"`{written.name}` is written here and shares memory with "
                        f"`{self.recipe.parameters[first + k]}`.",
                        written.span,
                        f"Pass a copy: `{written.name}.copy()`.",
                    )

    def _located(self, error: SrcdiffError) -> SrcdiffError:
        """Return an error of generated code, whose message starts with the line, with a span."""
        found = re.match(r"([^\n]+?):(\d+): ", error.message)
        hint = error.hint or "Check the shapes of the arguments."
        if found is None or found[1] not in self.recipe.files:
            return type(error)(error.message, self.recipe.span, hint)
        file, path = self.recipe.files[found[1]]
        line = int(found[2])
        text = linecache.getline(path, line).rstrip("\n")
        span = Span(file, line, len(text) - len(text.lstrip()), len(text), text)
        return type(error)(error.message[found.end() :], span, hint)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _share(left: Any, right: Any) -> bool:
    try:
        return bool(np.shares_memory(left, right, MOST_WORK))  # type: ignore[arg-type]
    except np.exceptions.TooHardError:
        return True


# ---- cotangents of outputs ----


COTANGENT, TANGENT = ("cotangent", "output"), ("tangent", "argument")


def seeds_of(
    given: Any, spec: Output, shapes: Sequence[Any] | None, words: tuple[str, str] = COTANGENT
) -> list[Any]:
    """Return the leaves of a cotangent, or of tangents, after checking them against `spec`.

    `shapes` are those of the leaves that they belong to, where they are known; `words` say what
    was given, and what it must fit to.
    """
    leaves: list[Any] = []
    what, whole = words
    if not flatten_like(given, spec.tree, leaves):
        found, expected = describe(flatten(given, [])), describe(spec.tree)
        raise TypeInferenceError(
            f"The {what} has the tree {found}, the {whole} {expected}.",
            hint=f"Pass a {what} of the same tree as the {whole}.",
        )
    seeds = []
    for k, (leaf, kind) in enumerate(zip(leaves, spec.kinds, strict=True)):
        if is_float(kind):
            seeds.append(_seed(leaf, kind, None if shapes is None else shapes[k], words))
        elif leaf is not None:
            raise NotDifferentiable(
                f"A part of the {whole} is `{title(kind)}` and has no {what}.",
                hint="Pass None in its place.",
            )
    return seeds


def _seed(leaf: Any, kind: Kind, shape: Any, words: tuple[str, str]) -> Any:
    what, whole = words
    match kind:
        case Number(type=type):
            plain_number = isinstance(leaf, int | float) and not isinstance(leaf, bool | np.generic)
            if plain_number or (isinstance(leaf, np.generic) and leaf.dtype == type.dtype):
                return float(leaf) if type.dtype == np.float64 else type.dtype.type(leaf)
            raise _wrong_seed(leaf, f"a number ({type})", words)
        case Elements(type=type):
            if not isinstance(leaf, np.ndarray) or leaf.dtype != type.dtype:
                raise _wrong_seed(leaf, f"an array of {type.dtype}", words)
            if leaf.ndim != type.ndim or (shape is not None and leaf.shape != shape):
                expected = shape if shape is not None else f"{type.ndim} axes"
                raise ShapeError(
                    f"The {what} has the shape {leaf.shape}, the {whole} has {expected}.",
                    hint=f"Pass a {what} of the shape of the {whole}.",
                )
            return leaf if type.layout == "A" else np.require(leaf, requirements=type.layout)
        case Known():
            raise AssertionError(kind)


def _wrong_seed(leaf: Any, expected: str, words: tuple[str, str]) -> SrcdiffError:
    what, whole = words
    got = f"an array of {leaf.dtype}" if isinstance(leaf, np.ndarray) else type(leaf).__name__
    return TypeInferenceError(
        f"The {what} is {got}, the {whole} is {expected}.",
        hint=f"Pass a {what} of the dtype of the {whole}.",
    )
