"""Loops that call elementary functions: in strips where sums have an order, and as vector code."""

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numba import float64

import srcdiff as sd
from srcdiff.arguments import form_of
from srcdiff.backend.numba import compile_function
from srcdiff.products import VALUE_AND_GRAD
from srcdiff.runtime import vecmath
from srcdiff.specialise import make
from srcdiff.subject import subject_of
from srcdiff.transform.vectorise import vectorise
from tests.transform.soundness import check_memory_programs, check_references


def in_order(x: Any, a: Any) -> Any:
    total = 0.0
    for i in range(x.shape[0]):
        total += np.exp(np.sin(x[i] * a))
    return total


def in_any_order(x: Any, a: Any) -> Any:
    return np.sum(np.exp(a * x) * np.tanh(x))


def two_sums(x: Any, a: Any) -> Any:
    total, other = 0.0, 1.0
    for i in range(x.shape[0]):
        e = np.log(1.0 + x[i] * x[i])
        total += e
        other = other - a * e
        total += a
    return total * other


def later(x: Any, a: Any) -> Any:
    total = 0.0
    for i in range(1, x.shape[0]):
        total += np.cos(x[i] - a) * i
    return total


def from_the_end(x: Any, a: Any) -> Any:
    total = 0.0
    for i in range(-x.shape[0], 0):
        total += np.cos(x[i] * a)
    return total


def normal(x: Any, a: Any) -> Any:
    total = 0.0
    for i in range(x.shape[0]):
        total += math.erf(x[i] * a) - math.erfc(x[i])
    return total


def powers(x: Any, a: Any) -> Any:
    total = 0.0
    for i in range(x.shape[0]):
        y = 1.0 + x[i] * x[i]
        total += y**1.7 - y**-0.5 + a * y**2.0 + (y**3.0) ** 0.3
    return total


def beside_a_sum(x: Any, a: Any) -> Any:
    total = 0.0
    for i in range(x.shape[0]):
        y = min(max(x[i], -0.5), a)
        total += a * (y * y + x[i] * x[i] * y - a * x[i])
    return total


def little_beside_a_sum(x: Any, a: Any) -> Any:
    total = 0.0
    for i in range(x.shape[0]):
        total += a * x[i] * x[i]
    return total


PACKED = (in_order, in_any_order, two_sums, later, normal, powers)
FUNCTIONS = (*PACKED, from_the_end, beside_a_sum, little_beside_a_sum)


def text(f: Callable[..., Any]) -> str:
    return str(sd.value_and_grad(f, (0, 1)).source(np.ones(3), 0.5))


def test_a_sum_of_the_user_is_added_up_strip_by_strip() -> None:
    source = text(in_order)
    assert "for low in range(0, x.shape[0], 64):" in source
    assert re.search(r"for lane in range\(t\w*\):.*\n +total \+= part\[lane\]", source)
    assert "vector_exp(vector_sin(" in source
    assert re.search(r"^ +part\[lane\] = total_1$", source, flags=re.M)


def test_much_beside_a_sum_is_done_in_strips() -> None:
    """The adjoints need no order; what little there is beside a sum fits into its time."""
    source = text(beside_a_sum)
    assert re.search(r"for lane in range\(t\w*\):.*\n +total \+= part\[lane\]", source), source
    assert re.search(r"^ +x_bar\[at\] = ", source, flags=re.M), source
    assert "for low" not in text(little_beside_a_sum)


def test_a_sum_without_an_order_stays_one_loop() -> None:
    source = text(in_any_order)
    assert "vector_exp" in source
    assert "part" not in source


def test_powers() -> None:
    source = text(powers)
    assert "vector_pow(y, 1.7)" in source
    assert re.search(r"vector_pow\(y\w*, 0\.7\)", source)
    assert "y**2" in source
    assert "- 1.0" not in source


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("n", [0, 1, 63, 64, 65, 200])
def test_values_and_gradients(f: Callable[..., Any], n: int) -> None:
    x = np.random.default_rng(n).normal(size=n)
    value, (x_bar, a_bar) = sd.value_and_grad(f, (0, 1))(x, 0.7)
    plain, (plain_x, plain_a) = sd.value_and_grad(f, (0, 1), jit=False)(x, 0.7)
    assert value == pytest.approx(f(x, 0.7), rel=1e-13, abs=1e-13)
    assert value == pytest.approx(plain, rel=1e-13, abs=1e-13)
    np.testing.assert_allclose(x_bar, plain_x, rtol=1e-12, atol=1e-13)
    assert a_bar == pytest.approx(plain_a, rel=1e-12, abs=1e-12)
    if n:
        sd.testing.check_grads(f, (x, 0.7), (0, 1), order=1, jit=False)


def carried(x: Any) -> Any:
    total = 0.0
    for i in range(x.shape[0]):
        total = np.sin(total + x[i])
    return total


def branching(x: Any) -> Any:
    total = 0.0
    for i in range(x.shape[0]):
        if x[i] > 0.0:
            total += np.exp(x[i])
    return total


def short(x: Any) -> Any:
    total = 0.0
    for i in range(3):
        total += np.exp(x[i])
    return total


@pytest.mark.parametrize("f", [carried, branching, short], ids=lambda f: f.__name__)
def test_what_no_vector_code_is_made_for(f: Callable[..., Any]) -> None:
    assert "vector_" not in sd.value_and_grad(f).source(np.ones(3))


def test_what_programs_compute_stays() -> None:
    check_memory_programs(vectorise, range(20))
    check_references(vectorise, range(40))


@pytest.mark.skipif(not vecmath.available(), reason="this machine has no fused multiply-add")
@pytest.mark.parametrize("f", PACKED, ids=lambda f: f.__name__)
def test_the_machine_code_is_packed(f: Callable[..., Any]) -> None:
    """Fused multiply-adds of several numbers, where a call of libm would leave one."""
    assert len(re.findall(r"vfn?m(?:add|sub)\d+pd\s+.*%[yz]mm", assembly(f))) >= 8


@pytest.mark.skipif(not vecmath.available(), reason="this machine has no fused multiply-add")
def test_what_is_done_beside_a_sum_is_packed() -> None:
    assert len(re.findall(r"vmulpd\s+.*%[yz]mm", assembly(beside_a_sum))) >= 8


def assembly(f: Callable[..., Any]) -> str:
    """Return the machine code of a value with its gradient."""
    subject = subject_of(f)
    form, _ = form_of((np.ones(3), 0.5), {}, subject.parameters(2))
    found = make(subject, form, VALUE_AND_GRAD, (0, 1), has_aux=False).recipe
    compiled = compile_function(
        found.text, found.name, found.globals, f"<packed {f.__name__}>", cache=False
    )
    compiled.compile((float64[::1], float64))
    (found_code,) = compiled.inspect_asm().values()
    return str(found_code)
