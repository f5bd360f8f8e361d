"""Tests of srcdiff.ir.walk, on random functions."""

from dataclasses import replace

import numpy as np
import pytest

from srcdiff.ir.nodes import (
    Alloc,
    Const,
    Increment,
    Index,
    Reshape,
    Store,
    Value,
    View,
)
from srcdiff.ir.text import render
from srcdiff.ir.types import FLOAT64, INT64, Array
from srcdiff.ir.walk import (
    all_definitions,
    clone_function,
    operands,
    rewrite,
    statements,
    substitute,
    substitute_block,
)
from tests.ir.interpreter import run
from tests.ir.random_programs import number, random_function

VECTOR = Array(np.dtype(float), 1)


@pytest.mark.parametrize("seed", range(20))
def test_clone_is_the_same_text_and_shares_nothing(seed: int) -> None:
    function = random_function(seed)
    copy = clone_function(function)
    assert render(copy).source == render(function).source
    old = {*all_definitions(function.body), *function.params}
    new = {*all_definitions(copy.body), *copy.params}
    assert old.isdisjoint(new)
    assert set(statements(function.body)).isdisjoint(statements(copy.body))
    read = {v for s in statements(copy.body) for v in operands(s) if isinstance(v, Value)}
    assert read <= new


@pytest.mark.parametrize("seed", range(20))
def test_substitution_reaches_every_read(seed: int) -> None:
    """A number in place of a parameter computes what the parameter computes."""
    function = random_function(seed)
    x, literal = function.params[2], Const(0.375, FLOAT64)
    body = substitute_block(function.body, {x: literal})
    assert all(x not in operands(s) for s in statements(body))
    results = tuple(literal if r is x else r for r in function.results)
    vectors = [np.random.default_rng(seed).normal(size=4) for _ in range(2)]
    with np.errstate(all="ignore"):
        first = run(function, *map(np.copy, vectors), 0.375, 1.5)
        other = run(replace(function, body=body, results=results), *map(np.copy, vectors), 0.0, 1.5)
    for a, b in zip(first, other, strict=True):
        np.testing.assert_array_equal(np.asarray(a, float), np.asarray(b, float))


def test_substitution_of_an_extent_defines_anew() -> None:
    n, u = Value("n", INT64), Value("u", VECTOR)
    out = Value("y", VECTOR, (n,))
    mapping: dict[Value, Value | Const] = {n: number(3)}
    made = substitute(Alloc(out), mapping)
    assert made.out is mapping[out]
    assert made.out is not out
    assert operands(made) == made.out.shape
    store = substitute(Store(out, (), u), mapping)
    assert store.ref is made.out


def test_operands_of_views() -> None:
    n, u = Value("n", INT64), Value("u", VECTOR)
    shaped = Value("y", VECTOR, (n,))
    assert operands(View(shaped, u, Reshape())) == (u, n)
    assert operands(View(shaped, u, Index((n,)))) == (u, n)


def test_what_does_not_change_is_returned_itself() -> None:
    function = random_function(3)
    assert rewrite(function.body, lambda statement: [statement]) is function.body


def test_rewrite_reaches_nested_blocks() -> None:
    function = random_function(3)
    kept = rewrite(function.body, lambda s: [] if isinstance(s, Store | Increment) else [s])
    assert any(isinstance(s, Store | Increment) for s in statements(function.body))
    assert not any(isinstance(s, Store | Increment) for s in statements(kept))
