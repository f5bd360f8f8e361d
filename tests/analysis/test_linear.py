"""Inequalities that contradict each other, and such that do not."""

from itertools import product

import numpy as np
import pytest

from srcdiff.analysis.linear import Linear, contradictory, linear, variable

A, B, C = map(variable, "ijk")


def test_sums_have_no_terms_that_are_0() -> None:
    assert (A - A + 2).terms == ()
    assert linear({"i": 0, "j": 2}, 1) == B * 2 + 1


@pytest.mark.parametrize(
    ("inequalities", "equations", "answer"),
    [
        ([A - C - 1, C - B - 1, B - A], [], True),
        ([A - C - 1, C - B - 1], [], False),
        ([], [A * 2 - B * 2 - 1], True),
        ([], [A * 2 - B * 2 - 2], False),
        ([], [Linear((), 3)], True),
        ([], [Linear((), 0)], False),
        ([Linear((), -1)], [], True),
        ([A * 3 - 1, A * -3 + 2], [], True),
        ([A, B - A - 1, C - B - 1, -C + 1], [], True),
        ([A, B - A - 1, C - B - 1, -C + 2], [], False),
        ([A - 1], [A + B, B], True),
    ],
)
def test_contradictions(inequalities: list[Linear], equations: list[Linear], answer: bool) -> None:
    assert contradictory(inequalities, equations) is answer


def value(form: Linear, at: dict[str, int]) -> int:
    return sum(factor * at[term] for term, factor in form.terms) + form.constant


def test_what_has_a_solution_is_never_contradictory() -> None:
    random = np.random.default_rng(0)
    found = 0
    for _ in range(400):
        forms = [
            linear(dict(zip("ijk", map(int, random.integers(-2, 3, 3)), strict=True)), int(c))
            for c in random.integers(-4, 3, 5)
        ]
        points = [dict(zip("ijk", each, strict=True)) for each in product(range(-4, 5), repeat=3)]
        solved = any(
            value(forms[0], at) == 0 and all(value(form, at) >= 0 for form in forms[1:])
            for at in points
        )
        refuted = contradictory(forms[1:], forms[:1])
        assert not (solved and refuted)
        found += refuted
    assert found > 20
