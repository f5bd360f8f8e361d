"""A function at a point: its output nearby, and its derivatives there, as vectors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from srcdiff.api import pullback, pushforward
from srcdiff.errors import NotDifferentiable
from srcdiff.products import Argnums
from srcdiff.subject import subject_of
from srcdiff.testing.space import Space, Vector, owned
from srcdiff.trees import flatten, paths

MODES = {"fwd": "Forward", "rev": "Reverse"}


@dataclass(frozen=True, eq=False)
class Case:
    """A function, where it is differentiated, and by which arguments.

    `modes` says what made it out of the user's function, `name`.
    """

    f: Any
    args: tuple[Any, ...]
    argnums: tuple[int, ...]
    options: Mapping[str, Any]
    name: str
    parameters: Sequence[str]
    modes: str = ""

    @cached_property
    def inputs(self) -> Space:
        values = tuple(self.args[k] for k in self.argnums)
        named = zip(self.argnums, values, strict=True)
        groups = [paths(flatten(value, []), self.parameters[k]) for k, value in named]
        return Space(values, [path for group in groups for path in group])

    @cached_property
    def outputs(self) -> Space:
        out = self._call(np.zeros(self.inputs.size))
        return Space(out, list(paths(flatten(out, []), "output")))

    @cached_property
    def itemsize(self) -> int:
        """The bytes of the least precise number."""
        return min(self.inputs.itemsize, self.outputs.itemsize)

    @cached_property
    def cotangent(self) -> Vector:
        """A cotangent of the output: 1 for a number, else random."""
        size = self.outputs.size
        if size == 1:
            return np.ones(1)
        return np.random.default_rng(1).uniform(0.5, 1.5, size)

    def direction(self, number: int = 0) -> Vector:
        """Return a direction of the arguments: 1 for a number, else random, the `number`-th."""
        size = self.inputs.size
        if size == 1:
            return np.ones(1)
        random = np.random.default_rng(number)
        direction: Vector = random.uniform(0.5, 1.5, size) * random.choice((-1.0, 1.0), size)
        return direction

    def at(self, step: Vector) -> Vector:
        """Return the output where the arguments are moved by `step`, nan where there is none."""
        try:
            return self.outputs.vector(self._call(step))
        except (ArithmeticError, ValueError):
            return np.full(self.outputs.size, np.nan)

    def _call(self, step: Vector) -> Any:
        args = list(map(owned, self.args))
        for k, moved in zip(self.argnums, self.inputs.moved(step), strict=True):
            args[k] = moved
        with np.errstate(all="ignore"):
            return self.f(*args)

    @cached_property
    def pushforward(self) -> Callable[..., Any]:
        made: Callable[..., Any] = pushforward(self.f, self.argnums, **self.options)
        return made

    @cached_property
    def pullback(self) -> Callable[..., Any]:
        made: Callable[..., Any] = pullback(self.f, self.argnums, **self.options)
        return made

    def push(self, tangent: Vector) -> Vector:
        """Return the tangent of the output."""
        _, dots = self.pushforward(self.inputs.seed(tangent), *self.args)
        return self.outputs.vector(dots)

    def pull(self, cotangent: Vector) -> Vector:
        """Return the cotangent of the arguments."""
        _, bars = self.pullback(self.outputs.seed(cotangent), *self.args)
        return self.inputs.vector(bars)

    def derivative(self, mode: str) -> "Case":
        """Return what a mode makes of the function, as a function of the same arguments."""
        if mode == "fwd":
            made, seed = self.pushforward, self.inputs.seed(self.direction())
        else:
            made, seed = self.pullback, self.outputs.seed(self.cotangent)
        argnums = tuple(k + 1 for k in self.argnums)
        parameters = ("seed", *self.parameters)
        args = (seed, *self.args)
        return Case(made, args, argnums, self.options, self.name, parameters, self.title(mode))

    def title(self, mode: str) -> str:
        """Return what errors call a mode: `Reverse over forward`."""
        return f"{MODES[mode]} over {self.modes.lower()}" if self.modes else MODES[mode]


def case_of(f: Any, args: Sequence[Any], argnums: Argnums | None, options: dict[str, Any]) -> Case:
    """Return the case of `f` at `args`; without `argnums`, of all arguments that hold floats."""
    subject = subject_of(f)
    args = tuple(args)
    parameters = subject.parameters(len(args))
    if argnums is None:
        argnums = tuple(k for k, arg in enumerate(args) if Space(arg, ()).floats)
    else:
        subject.check_argnums(argnums)
    wanted = argnums if isinstance(argnums, tuple) else (argnums,)
    positions = tuple(parameters.index(k) if isinstance(k, str) else k for k in wanted)
    if not positions:
        raise NotDifferentiable(
            f"No argument of `{subject.name}` holds a floating-point number.",
            subject.span(),
            "Pass floats.",
        )
    return Case(f, args, positions, options, subject.name, parameters)
