"""What one iteration leaves for the next one is handed on in a number."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff as sd
from srcdiff.transform.relay import relay
from tests.transform.soundness import check_memory_programs, check_references

B = np.random.default_rng(0).normal(size=(3, 6))


def columns(b: Any, c: Any) -> Any:
    """Thomas's algorithm: each line waits for the one before."""
    total = 0.0
    for i in range(b.shape[0]):
        q = np.empty(b.shape[1])
        for k in range(b.shape[1]):
            known = b[i, k]
            if k > 0:
                known -= c * q[k - 1]
            q[k] = known / (2.0 + c * c)
        for k in range(b.shape[1]):
            total += q[k] * q[k]
    return total


def downwards(b: Any, c: Any) -> Any:
    total = 0.0
    for i in range(b.shape[0]):
        q = np.empty(b.shape[1])
        for k in range(b.shape[1] - 1, -1, -1):
            known = b[i, k]
            if k < b.shape[1] - 1:
                known -= c * q[k + 1]
            q[k] = known * known
        for k in range(b.shape[1]):
            total += q[k] * b[i, k]
    return total


HANDED: tuple[Callable[..., Any], ...] = (columns, downwards)


def from_further_back(b: Any, c: Any) -> Any:
    """The element is two iterations old."""
    total = 0.0
    q = np.zeros(b.shape[1])
    for k in range(b.shape[1]):
        known = b[0, k]
        if k > 1:
            known -= c * q[k - 2]
        q[k] = known * known
        total += q[k]
    return total


def too_early(b: Any, c: Any) -> Any:
    """The first iteration reads what was there before."""
    total = 0.0
    q = np.ones(b.shape[1])
    for k in range(1, b.shape[1]):
        known = b[0, k]
        if k > 0:
            known -= c * q[k - 1]
        q[k] = known * known
        total += q[k]
    return total


def sometimes(b: Any, c: Any) -> Any:
    """Not each iteration writes."""
    total = 0.0
    q = np.ones(b.shape[1])
    for k in range(b.shape[1]):
        known = b[0, k]
        if k > 0:
            known -= c * q[k - 1]
        if known > 0.0:
            q[k] = known
        total += known
    return total


def between(b: Any, c: Any) -> Any:
    """Another statement may write the element before it is read."""
    total = 0.0
    q = np.ones(b.shape[1] + 1)
    for k in range(b.shape[1]):
        known = b[0, k]
        if k > 0:
            known -= c * q[k - 1]
        q[k] = known
        q[0] = 0.5
        total += q[k] * known
    return total


STAYING: tuple[Callable[..., Any], ...] = (from_further_back, too_early, sometimes, between)


def last(f: Callable[..., Any], number: str) -> str:
    stages = sd.value_and_grad(f, (0, 1), jit=False).stages(B, 0.4)
    found = next(text for name, text in stages.items() if name.endswith(number))
    return re.sub(" *#.*", "", found)


@pytest.fixture(autouse=True)
def verified(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRCDIFF_VERIFY", "1")


@pytest.mark.parametrize("f", [*HANDED, *STAYING], ids=lambda f: f.__name__)
@pytest.mark.parametrize("size", [1, 2, 6])
def test_gradients(f: Callable[..., Any], size: int) -> None:
    sd.testing.check_grads(f, (B[:, :size], 0.4), (0, 1), order=1, jit=False)


@pytest.mark.parametrize("f", HANDED, ids=lambda f: f.__name__)
def test_iterations_hand_on_numbers(f: Callable[..., Any]) -> None:
    before, after = last(f, "_jam"), last(f, "_relay")
    assert re.search(r"q\[k [-+] 1\] ", before) or "q[k - 1]" in before or "q[k + 1]" in before
    assert "last_q" in after, after
    assert "next_q_bar" in after, after


@pytest.mark.parametrize("f", STAYING, ids=lambda f: f.__name__)
def test_what_is_not_the_last_iterations_own_is_read(f: Callable[..., Any]) -> None:
    assert "last_q" not in last(f, "_relay")


def test_random_programs() -> None:
    check_memory_programs(relay, range(60))
    check_references(relay, range(60))
