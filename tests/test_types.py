"""The type of every local of the generated functions is what Numba infers for it."""

from typing import Any

import numpy as np
import pytest

from srcdiff.backend.python import load
from srcdiff.ir.text import render
from srcdiff.ir.types import FLOAT64, PYTHON_INT, Array
from tests.corpus import Program, corpus
from tests.numba_types import locals_of, numba_type, title

FLOAT32 = np.dtype(np.float32)


@pytest.fixture(params=corpus())
def program(request: pytest.FixtureRequest) -> Program:
    return corpus()[request.param]


def check(program: Program, args: tuple[Any, ...]) -> None:
    final = list(program.made(args).stages.functions.values())[-1]
    text = render(final)
    function = load(text.source, text.name, text.globals, f"<types of {program.name}>")
    found = locals_of(function, [param.type for param in final.params])
    expected = {name: title(numba_type(type)) for name, type in text.names.items()}
    assert set(expected) <= set(found)
    differing = {n: (types, found[n]) for n, types in expected.items() if found[n] != types}
    assert differing == {}


def test_types_of_locals(program: Program) -> None:
    check(program, program.args())


@pytest.mark.slow
def test_types_of_locals_for_strided_arrays(program: Program) -> None:
    check(program, program.strided_args())


@pytest.mark.slow
def test_types_of_locals_in_single_precision(program: Program) -> None:
    check(program, program.single_args())


def example(a: Any, x: Any, n: Any) -> Any:
    row = a[0]
    column = a[:, 0]
    total = 0.0
    for i in range(n):
        total += x * row[i]
    flag = total > 0.0
    either = row
    if flag:
        either = column
    return total, either, flag


def test_the_oracle_tells_types_apart() -> None:
    found = locals_of(example, [Array(FLOAT32, 2), FLOAT64, PYTHON_INT])
    assert found["row"] == "float32[::1]"
    assert found["column"] == "float32[:]"
    assert found["total"] == "float64"
    assert found["i"] == "int64"
    assert found["flag"] == "bool"
    assert found["either"] == "float32[:]"
