"""Calls into memory of the caller: `out=` for what is returned, `work=` for all else.

The text is another one, with the arrays as parameters (`transform.lend`); it is compiled when such
a call is made. A third text makes the arrays that are not given.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from srcdiff.errors import AliasingError, ShapeError, SrcdiffError, TypeInferenceError
from srcdiff.finish import Scheme
from srcdiff.ir.nodes import is_array
from srcdiff.ir.text import Text, render
from srcdiff.transform.lend import lend
from srcdiff.trees import Tree, describe, flatten

Compile = Callable[[str, str, dict[str, object]], Any]
"""Makes a function of a text, its name, and its globals."""


@dataclass(frozen=True, eq=False)
class LentRecipe:
    """The texts, how many arrays are returned, and what is expected of each array that is given.

    `finish` is what the user gets: an expression of the numbers `r` and the arrays `b`.
    """

    text: str
    name: str
    globals: dict[str, object]
    buffers_text: str
    buffers_name: str
    buffers_globals: dict[str, object]
    returned: int
    dtypes: tuple[str, ...]
    ranks: tuple[int, ...]
    finish: str
    plain_finish: str
    names: dict[str, Any]


def lent_recipe(scheme: Scheme) -> LentRecipe:
    """Return the recipe for calls into given memory."""
    lent = lend(scheme.final)
    text, buffers = render(lent.function), render(lent.buffers)
    scheme = replace(scheme, lent=True)
    finish, names = scheme.expression(plain=False)
    given = lent.function.params[len(scheme.final.params) :]
    assert all(map(is_array, given))
    return LentRecipe(
        text.source,
        text.name,
        used(text),
        buffers.source,
        buffers.name,
        used(buffers),
        lent.returned,
        tuple(param.type.dtype.name for param in given),
        tuple(len(param.shape) for param in given),
        finish,
        scheme.expression(plain=True)[0],
        names,
    )


def used(text: Text) -> dict[str, object]:
    """Return the globals that a text names."""
    named = text.globals.items()
    return {name: value for name, value in named if re.search(rf"\b{name}\b", text.source)}


class _Place:
    """Stands for a returned array where the tree of the result is looked at; a leaf."""

    def __init__(self, number: int) -> None:
        self.number = number


@dataclass(eq=False)
class Lending:
    """Runs the texts."""

    recipe: LentRecipe
    compile: Compile
    compiled: bool

    @cached_property
    def function(self) -> Any:
        recipe = self.recipe
        return self.compile(recipe.text, recipe.name, recipe.globals)

    @cached_property
    def make(self) -> Any:
        recipe = self.recipe
        return self.compile(recipe.buffers_text, recipe.buffers_name, recipe.buffers_globals)

    @cached_property
    def finish(self) -> Callable[[Any, Any], Any]:
        recipe = self.recipe
        text = recipe.finish if self.compiled else recipe.plain_finish
        made: Callable[[Any, Any], Any] = eval(f"lambda r, b: {text}", dict(recipe.names))
        return made

    @cached_property
    def expected(self) -> tuple[Tree, tuple[int | None, ...]]:
        """The tree of the result, and the number of the array for each leaf that is one."""
        numbers = _Zeros()
        places = [_Place(k) for k in range(self.recipe.returned)]
        leaves: list[Any] = []
        tree = flatten(self.finish(numbers, places), leaves)
        return tree, tuple(x.number if isinstance(x, _Place) else None for x in leaves)

    def buffers(self, values: Sequence[Any]) -> tuple[Any, ...]:
        """Return new arrays: those to be returned, then those to work with."""
        made = self.make(*values)
        if made is None:
            return ()
        return made if isinstance(made, tuple) else (made,)

    def workspace(self, values: Sequence[Any]) -> tuple[Any, ...]:
        """Return new arrays to work with."""
        return self.buffers(values)[self.recipe.returned :]

    def __call__(self, values: Sequence[Any], out: Any, work: Any) -> Any:
        """Call with arrays `values`; None for `out` or `work` stands for new arrays."""
        returned = self.recipe.returned
        missing = out is None or (work is None and len(self.recipe.dtypes) > returned)
        made = self.buffers(values) if missing else ()
        given = made[:returned] if out is None else self.outs(out)
        space = made[returned:] if work is None else self.works(work)
        self.check([*given, *space], values)
        return self.finish(self.function(*values, *given, *space), given)

    # ---- checks ----

    def outs(self, out: Any) -> tuple[Any, ...]:
        """Return the arrays in `out`, in the order of the text."""
        leaves: list[Any] = []
        tree = flatten(out, leaves)
        wanted, places = self.expected
        if tree != wanted:
            raise TypeInferenceError(
                f"`out` has the tree {describe(tree)}, the result {describe(wanted)}.",
                hint="Pass an array for each array of the result, and None for each number.",
            )
        found: dict[int, Any] = {}
        for leaf, number in zip(leaves, places, strict=True):
            if number is not None:
                found[number] = leaf
            elif leaf is not None:
                raise TypeInferenceError(
                    "`out` holds something in the place of a number.", hint="Pass None there."
                )
        return tuple(found[k] for k in range(self.recipe.returned))

    def works(self, work: Any) -> tuple[Any, ...]:
        count = len(self.recipe.dtypes) - self.recipe.returned
        if not isinstance(work, tuple) or len(work) != count:
            raise TypeInferenceError(
                "`work` is not what `workspace` gives for such arguments.",
                hint="Make it with `df.workspace(*args)`.",
            )
        return work

    def check(self, arrays: Sequence[Any], values: Sequence[Any]) -> None:
        """Refuse arrays of another dtype or rank, read-only ones, and those that share memory."""
        recipe = self.recipe
        for array, dtype, rank in zip(arrays, recipe.dtypes, recipe.ranks, strict=True):
            if not isinstance(array, np.ndarray) or array.dtype.name != dtype:
                got = getattr(array, "dtype", type(array).__name__)
                raise _wrong(f"is {got}, where an array of {dtype} is due")
            if array.ndim != rank:
                message = f"An array given has {array.ndim} axes, where {rank} are due."
                raise ShapeError(message, hint="Pass one of the shape of the result.")
            flags = array.flags
            if not (flags.writeable and flags.c_contiguous):
                raise _wrong("is read-only, or not contiguous in C order")
        inputs = [value for value in values if isinstance(value, np.ndarray)]
        for k, array in enumerate(arrays):
            for other in (*inputs, *arrays[:k]):
                if np.may_share_memory(array, other) and np.shares_memory(array, other):
                    raise AliasingError(
                        "An array given for results or work shares memory with an argument, or "
                        "with another one.",
                        hint="Pass an array of its own.",
                    )


class _Zeros:
    """Stands for the numbers of a result, however many there are."""

    def __getitem__(self, number: int) -> float:
        return 0.0

    def __float__(self) -> float:
        return 0.0

    def __int__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return False


def _wrong(what: str) -> SrcdiffError:
    return TypeInferenceError(
        f"An array given for results or work {what}.",
        hint="Pass a writeable array, C-contiguous, of the dtype and shape of the result.",
    )
