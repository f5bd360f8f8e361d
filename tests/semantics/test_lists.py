"""Lists whose length is known at run time only: arrays that are not taken for arrays."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff as sd
from tests.finite import check


def copied_by_array(x, n):
    parts = [x * i for i in range(n)]
    a = np.array(parts)
    a[1] = 7.0
    return parts[1] * a[2] * a[1]


def copied_by_asarray(x, n):
    parts = [x * i for i in range(n)]
    a = np.asarray(parts)
    a[1] *= 3.0
    return parts[1] * a[1]


def copied_by_slices(x, n):
    parts = [x * i for i in range(n)]
    rest = parts[1:]
    rest[0] = 5.0 * x
    return parts[1] * rest[0] * len(rest)


def carried(x, n):
    parts = [x * i for i in range(n)]
    for _ in range(2):
        parts = [2.0 * part for part in parts]
    if x > 0.0:
        parts = [part * x for part in parts]
    return sum(parts) * len(parts) + np.sum(np.array(parts))


def directly(x, n):
    a = np.array([x * i for i in range(n)])
    a[1] *= x
    return np.sum(a + a)


@pytest.mark.parametrize(
    "f", [copied_by_array, copied_by_asarray, copied_by_slices, carried, directly]
)
def test_python_s_meaning(f: Callable[..., Any]) -> None:
    check(f, 1.5, 4)


def added_after_array(x, n):
    parts = [x * i for i in range(n)]
    a = np.array(parts)
    return sum(parts + parts) * a[1]


def added_after_loop(x, n):
    parts = [x * i for i in range(n)]
    for _ in range(2):
        parts = [2.0 * part for part in parts]
    return len(parts + parts) * x


def repeated_after_branch(x, n):
    parts = [x * i for i in range(n)] if x > 0.0 else [x for i in range(n)]
    return sum(parts * 2)


def sliced_and_added(x, n):
    parts = [x * i for i in range(n)]
    return sum(parts[1:] + parts[:1])


def longer(x, n):
    parts = [x * i for i in range(n)]
    parts += parts
    return sum(parts)


def list_then_array(x, n):
    parts = [x * i for i in range(n)]
    for _ in range(2):
        parts = 2.0 * np.array(parts)
    return sum(parts)


REFUSED = [
    added_after_array,
    added_after_loop,
    repeated_after_branch,
    sliced_and_added,
    longer,
    list_then_array,
]


@pytest.mark.parametrize("f", REFUSED)
def test_operators_of_lists_are_refused(f: Callable[..., Any]) -> None:
    with pytest.raises(sd.TypeInferenceError):
        sd.grad(f, jit=False)(1.5, 4)


def test_such_a_list_is_no_result() -> None:
    with pytest.raises(sd.NotDifferentiable, match="length is known at run time only"):
        sd.vjp(lambda x: [e * e for e in x], np.ones(3), jit=False)
