"""Every elementwise rule through every combination of two modes, against differences."""

from typing import Any

import numpy as np
import pytest

import srcdiff as sd
from srcdiff.rules import Elementwise
from tests.rules.test_rules import INTEGERS, RULES, name, real_positions, samples

COUNT, AWAY = 3, 0.2


def applied(rule: Elementwise, args: list[Any]) -> tuple[Any, tuple[Any, ...]]:
    """Return a function that calls what the rule is for, and arguments in its domain.

    What is not of NumPy takes numbers only: it is called for each element.
    """
    function, position = rule.function, INTEGERS.get(rule.function, (None,))[0]
    reals = [args[k] for k in real_positions(rule)]
    # Away from 0, where many have a kink, and `fmod` and its like a kink beside each other.
    far = np.flatnonzero(np.all([abs(arg) > AWAY for arg in reals], axis=0))[:COUNT]
    numbers = [args[k] if k == position else args[k][far] for k in range(len(args))]
    if getattr(function, "__module__", "numpy") in ("numpy", None):
        return (lambda *at: function(*at)), tuple(numbers)

    def each(*at):
        out = np.empty(COUNT)
        for i in range(COUNT):
            out[i] = function(*[one if np.ndim(one) == 0 else one[i] for one in at])
        return out

    return each, tuple(numbers)


@pytest.mark.parametrize("rule", RULES, ids=name)
def test_rules_to_second_order(rule: Elementwise, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRCDIFF_VERIFY", "1")
    for args in samples(rule):
        f, at = applied(rule, args)
        sd.testing.check_grads(f, at, tuple(real_positions(rule)), jit=False)
        sd.testing.dot_product_test(f, at, tuple(real_positions(rule)), jit=False)
