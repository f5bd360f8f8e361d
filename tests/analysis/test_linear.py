"""Inequalities that contradict each other, and such that do not."""

from itertools import product

import numpy as np
import pytest

from srcdiff.analysis.linear import Linear, contradictory, linear, variable

I, J, K = map(variable, "ijk")


def test_sums_have_no_terms_that_are_0() -> None:
    assert (I - I + 2).terms == ()
    assert linear({"i": 0, "j": 2}, 1) == J * 2 + 1


@pytest.mark.parametrize(
    ("inequalities", "equations", "answer"),
    [
        ([I - K - 1, K - J - 1, J - I], [], True),
        ([I - K - 1, K - J - 1], [], False),
        ([], [I * 2 - J * 2 - 1], True),
        ([], [I * 2 - J * 2 - 2], False),
        ([], [Linear((), 3)], True),
        ([], [Linear((), 0)], False),
        ([Linear((), -1)], [], True),
        ([I * 3 - 1, I * -3 + 2], [], True),
        ([I, J - I - 1, K - J - 1, -K + 1], [], True),
        ([I, J - I - 1, K - J - 1, -K + 2], [], False),
        ([I - 1], [I + J, J], True),
    ],
)
def test_contradictions(
    inequalities: list[Linear], equations: list[Linear], answer: bool
) -> None:
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
