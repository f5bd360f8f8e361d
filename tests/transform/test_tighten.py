"""The layouts of references follow those of what they refer to."""

import numpy as np

from srcdiff.ir.build import Builder, integer
from srcdiff.ir.nodes import (
    Block,
    Call,
    Carried,
    For,
    Function,
    Index,
    Slice,
    Transpose,
    Value,
    View,
)
from srcdiff.ir.types import PYTHON_INT, Array, Layout
from srcdiff.ir.verify import verify
from srcdiff.ir.walk import all_definitions
from srcdiff.transform.tighten import tighten
from tests.transform.examples import FLOAT, ZERO
from tests.transform.soundness import check_memory_programs, check_references

N = integer(3)
FLAT = Slice(None, None, None)


def layouts(function: Function) -> dict[str, Layout]:
    verify(function)
    found = all_definitions(function.body)
    return {v.name: v.type.layout for v in found if isinstance(v.type, Array)}


def loop_over(given: Layout, *, swap: bool) -> Function:
    """A copy is carried by a loop, which binds the name to it again, or to what was given."""
    x = Value("x", Array(FLOAT, 1, given), (N,))
    copied = Value("copied", Array(FLOAT, 1), (N,))
    phi, out = (Value(name, Array(FLOAT, 1, "A"), (N,)) for name in ("phi", "out"))
    carried = (Carried(phi, copied, x if swap else phi, out),)
    bounds = (integer(0), integer(2), integer(1))
    loop = For(Value("k", PYTHON_INT), *bounds, carried, Block())
    row = View(Value("row", Array(FLOAT, 1, "A"), (N,)), out, Index((FLAT,)))
    total = Value("total", ZERO.type)
    sums = Call(total, np.sum, (row.out,), (("axis", (0,)),))
    body = Block((Call(copied, np.copy, (x,)), loop, row, sums))
    return Function("f", (x,), body, (total,))


def test_what_a_loop_carries() -> None:
    found = layouts(tighten(loop_over("A", swap=False)))
    assert found == {"copied": "C", "phi": "C", "out": "C", "row": "C"}


def test_what_a_loop_binds_to_a_wider_layout() -> None:
    function = loop_over("A", swap=True)
    assert tighten(function) is function
    found = layouts(tighten(loop_over("C", swap=True)))
    assert found == {"copied": "C", "phi": "C", "out": "C", "row": "C"}


def test_transposes() -> None:
    builder = Builder()
    array = builder.zeros((N, N), FLOAT, "array")
    turned = Value("turned", Array(FLOAT, 2, "A"), (N, N))
    builder.append(View(turned, array, Transpose((1, 0))))
    builder.append(View(Value("back", turned.type, (N, N)), turned, Transpose((1, 0))))
    function = Function("f", (), builder.block(), ())
    assert layouts(tighten(function)) == {"array": "C", "turned": "F", "back": "C"}


def test_what_programs_compute_stays() -> None:
    check_memory_programs(tighten, range(20))
    check_references(tighten, range(40))
