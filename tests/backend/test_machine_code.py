"""The machine code of generated gradients: packed instructions, and no call of libm."""

import re

import numba
import numpy as np
import pytest

from srcdiff.arguments import form_of
from srcdiff.backend.numba import compile_function
from srcdiff.products import VALUE_AND_GRAD
from srcdiff.runtime import vecmath
from srcdiff.specialise import make
from srcdiff.subject import subject_of
from tests.benchmarks.registry import CASES

MULTIPLY_ADD = r"vfn?m(?:add|sub)\d+pd\s+.*%[yz]mm"
PACKED = r"v\w+pd\s+.*%[yz]mm"
LIBM = r"\$(?:exp|log|log1p|sin|cos|tanh|atan2?|pow)\b"
"""The address of a function: Numba's code calls through a register."""

FUNCTIONS = {
    ("arc_distance", "loops"): 40,
    ("arc_distance", "arrays"): 40,
    ("softmax", "loops"): 8,
    ("softmax", "arrays"): 8,
    ("go_fast", "loops"): 8,
    ("go_fast", "arrays"): 8,
    ("mlp", "loops"): 8,
    ("mlp", "arrays"): 8,
}
"""Forms whose elementary functions are all in vector code: the least number of packed FMAs."""

ARITHMETIC = {
    ("compute", "loops"): 20,
    ("compute", "arrays"): 20,
    ("correlation", "loops"): 20,
    ("correlation", "arrays"): 20,
    ("covariance", "loops"): 100,
    ("lu", "arrays"): 60,
    ("ludcmp", "loops"): 80,
}
"""Loops that begin at a number of the run time, or go down columns, have far fewer otherwise."""

needs_fma = pytest.mark.skipif(not vecmath.available(), reason="this machine has no FMA")


def assembly(name: str, form: str) -> str:
    """Return the machine code of value and gradient of a form of a case."""
    case = CASES[name]
    args = case.tiny_args()
    subject = subject_of(case.forms()[form])
    kinds, _ = form_of(args, {}, subject.parameters(len(args)))
    recipe = make(subject, kinds, VALUE_AND_GRAD, case.argnums, has_aux=False).recipe
    compiled = compile_function(
        recipe.text, recipe.name, recipe.globals, f"<packed {name} {form}>", cache=False
    )
    compiled.compile(tuple(map(numba.typeof, args)))
    (text,) = compiled.inspect_asm().values()
    return str(text)


@needs_fma
@pytest.mark.parametrize(("name", "form"), FUNCTIONS)
def test_elementary_functions_are_packed(name: str, form: str) -> None:
    text = assembly(name, form)
    assert len(re.findall(MULTIPLY_ADD, text)) >= FUNCTIONS[name, form]
    assert re.findall(LIBM, text) == []


@needs_fma
def test_calls_of_libm_are_seen() -> None:
    """So that the test above can fail."""
    compiled = numba.njit(lambda x: np.exp(x) * np.tanh(x))
    compiled.compile((numba.float64,))
    (text,) = compiled.inspect_asm().values()
    assert {"$exp", "$tanh"} <= set(re.findall(LIBM, text))


@needs_fma
@pytest.mark.parametrize(("name", "form"), ARITHMETIC)
def test_arithmetic_is_packed(name: str, form: str) -> None:
    assert len(re.findall(PACKED, assembly(name, form))) >= ARITHMETIC[name, form]
