"""What every pass must hold: a verified function, and the same results and arguments afterwards."""

import textwrap
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from srcdiff.ir.nodes import Function, Origin, Statement
from srcdiff.ir.text import render
from srcdiff.ir.verify import verify
from srcdiff.ir.walk import rewrite
from tests.ir import random_programs
from tests.ir.interpreter import run
from tests.transform.memory_programs import SIZE, memory_program, poisoned

Pass = Callable[[Function], Function]


def check_memory_programs(change: Pass, seeds: range) -> None:
    """Hold results before against results after, with undefined memory poisoned."""
    for seed in seeds:
        function = memory_program(seed)
        changed = change(function)
        verify(changed)
        before, after = (_arguments(seed, SIZE, (SIZE, SIZE)) for _ in "ba")
        wanted, found = run(function, *before), run(poisoned(changed), *after)
        _same((*wanted, *before), (*found, *after), seed)


def check_references(change: Pass, seeds: range) -> None:
    """Do the same with references that are carried and joined, all of it in the adjoint sweep."""
    for seed in seeds:
        function = in_adjoint_sweep(random_programs.random_function(seed))
        size = random_programs.SIZE
        before, after = (_arguments(seed, size, (size,)) for _ in "ba")
        with np.errstate(all="ignore"):
            wanted = run(function, *before[:2], 0.5, -1.5)
            found = run(change(function), *after[:2], 0.5, -1.5)
        _same((*wanted, *before), (*found, *after), seed)


def in_adjoint_sweep(function: Function) -> Function:
    """Return the function with every statement in the adjoint sweep."""

    def mark(statement: Statement) -> list[Statement]:
        return [replace(statement, origin=Origin(sweep="adjoint"))]

    return replace(function, body=rewrite(function.body, mark))


def text(function: Function) -> str:
    """Return the lines of the text between the docstring and the end."""
    source = render(replace(function, doc=""), comments=False).source
    _, _, body = source.partition('edit."""\n')
    return textwrap.dedent(body).strip()


def _arguments(seed: int, size: int, shape: tuple[int, ...]) -> tuple[object, ...]:
    random = np.random.default_rng(seed)
    arrays = random.normal(size=size), random.normal(size=shape)
    return (*arrays, np.float64(random.normal()), np.zeros(size))


def _same(wanted: tuple[object, ...], found: tuple[object, ...], seed: int) -> None:
    for left, right in zip(wanted, found, strict=True):
        np.testing.assert_allclose(
            np.asarray(right, float),
            np.asarray(left, float),
            rtol=1e-10,
            atol=1e-10,
            err_msg=f"seed {seed}",
        )
