"""The corpus: small primals in `programs/<topic>/<name>.py`, written as numerical users write.

Each file has a function of its own name, `ARGS`, which makes arguments from a generator of random
numbers, and `ARGNUMS`. The mixture model, which other tests share, gets its arguments here.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import srcdiff
from srcdiff.arguments import form_of
from srcdiff.products import VALUE_AND_GRAD
from srcdiff.specialise import Made, make
from srcdiff.subject import subject_of
from tests.data.adbench import read_gmm
from tests.programs import gmm

HERE = Path(__file__).parent / "programs"
SEED = 20240229


@dataclass(frozen=True, eq=False)
class Program:
    """A primal of the corpus, the file that it is in, and how it is called."""

    name: str
    path: Path
    function: Callable[..., Any]
    make_args: Callable[[np.random.Generator], tuple[Any, ...]]
    argnums: int | tuple[int, ...]

    def args(self) -> tuple[Any, ...]:
        """Return new arguments, always the same."""
        return self.make_args(np.random.default_rng(SEED))

    def strided_args(self) -> tuple[Any, ...]:
        """Return the same arguments with arrays that are contiguous in no order."""
        return tuple(strided(arg) if isinstance(arg, np.ndarray) else arg for arg in self.args())

    def single_args(self) -> tuple[Any, ...]:
        """Return the same arguments in single precision."""
        return tuple(map(single, self.args()))

    def positions(self) -> tuple[int, ...]:
        return (self.argnums,) if isinstance(self.argnums, int) else self.argnums

    def value_and_grad(self, **options: Any) -> Any:
        return srcdiff.value_and_grad(self.function, argnums=self.argnums, **options)

    def made(self, args: tuple[Any, ...]) -> Made:
        """Return what the passes make of it for such arguments, without compiling."""
        subject = subject_of(self.function)
        form, _ = form_of(args, {}, subject.parameters(len(args)))
        return make(subject, form, VALUE_AND_GRAD, self.argnums, has_aux=False)


def strided(array: Any) -> Any:
    """Return an equal array that leaves gaps in memory and runs backwards."""
    spread = np.repeat(array[..., ::-1], 2, axis=-1)
    return spread[..., ::-2]


def single(arg: Any) -> Any:
    """Return a number or an array in single precision; integers stay."""
    match arg:
        case float():
            return np.float32(arg)
        case np.ndarray() if arg.dtype.kind == "f":
            return arg.astype(np.float32)
    return arg


@cache
def corpus() -> dict[str, Program]:
    """Return all programs by name, in the order of their paths."""
    found = {}
    for path in sorted(HERE.glob("*/*.py")):
        if not path.name.endswith(".adjoint.py"):
            module = importlib.import_module(f"tests.programs.{path.parent.name}.{path.stem}")
            function = getattr(module, path.stem)
            found[path.stem] = Program(path.stem, path, function, module.ARGS, module.ARGNUMS)
    mixture = Program("gmm", HERE / "gmm.py", gmm.gmm_objective, mixture_args, (0, 1, 2))
    return {**found, "gmm": mixture}


def mixture_args(random: np.random.Generator) -> tuple[Any, ...]:
    """Return arguments of the mixture model, for a few points of ADBench."""
    alphas, means, icf, x, gamma, m = read_gmm("gmm_d2_K5")
    return alphas, means, icf, x[:6], gamma, m
