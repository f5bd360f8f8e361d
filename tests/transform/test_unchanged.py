"""What a pass does not change stays the same object, so that what is known of it holds."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

import srcdiff as sd
from srcdiff.analysis.dataflow import dataflow
from srcdiff.ir.nodes import Block, Function
from srcdiff.ir.walk import statements
from srcdiff.pipeline import FINISH, _run
from srcdiff.stages import Stages
from srcdiff.transform.eliminate import eliminate
from srcdiff.transform.simplify import simplify

X = np.linspace(0.5, 1.2, 6)


def branches(x):
    total, last = 0.0, 1.0
    for i in range(1, x.shape[0]):
        if x[i] > 0.7:
            last = last * x[i]
        else:
            total += x[i] * x[i - 1]
    while last < 10.0:
        last = last * 3.0
    return total + last


def final(f: Callable[..., object]) -> Function:
    """Return what is printed as the gradient of `f`."""
    df = sd.grad(f, jit=False, cache=False)
    made = df._make(df._form((X,)))
    return list(made.stages.functions.values())[-1]


@pytest.mark.parametrize("change", [simplify, eliminate])
def test_what_is_simple_stays_as_it_is(change: Callable[[Function], Function]) -> None:
    function = final(branches)
    assert change(function).body is function.body


def test_the_pipeline_keeps_a_function_that_no_pass_changes() -> None:
    function = final(branches)
    flow = dataflow(function)
    same = _run(function, (lambda f: replace(f, body=f.body), eliminate), Stages())
    assert same is function
    assert dataflow(same) is flow


def test_another_text_is_another_function() -> None:
    function = final(branches)
    other = _run(function, (lambda f: replace(f, doc="Another one."),), Stages())
    assert other.doc == "Another one."


def test_statements_are_listed_with_those_in_them() -> None:
    function = final(branches)
    listed = statements(function.body)
    assert listed is statements(function.body)
    assert [s for s in listed if s in function.body.statements] == [*function.body.statements]
    assert len(listed) > len(function.body.statements)
    assert statements(Block()) == ()


def test_most_passes_leave_this_function_alone() -> None:
    stages = Stages()
    _run(final(branches), FINISH, stages)
    assert len(set(map(id, stages.functions.values()))) < len(FINISH) / 2
