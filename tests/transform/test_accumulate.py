"""Sums in scalars of what the user's loops add to one element."""

import srcdiff
from srcdiff.ir.build import integer
from srcdiff.ir.nodes import NOWHERE, Value
from srcdiff.transform.accumulate import accumulate
from tests.transform.examples import Example
from tests.transform.soundness import check_memory_programs, check_references, text


def row_sums(*, read: bool = False) -> str:
    """Return the text of `x[i] += w[i, j]`, with a read of x beside it if `read`."""
    example = Example(NOWHERE)

    def element(i: Value, j: Value) -> None:
        b = example.builder
        b.increment(example.x, (i,), b.load(example.w, (i, j)))
        if read:
            b.store(example.y, (j,), b.load(example.x, (j,)))

    example.loop(lambda i: example.loop(lambda j: element(i, j), "j"))
    return text(accumulate(example.function()))


def test_example() -> None:
    assert row_sums() == (
        "for i in range(x.shape[0]):\n"
        "    x_i = x[i]\n"
        "    for j in range(x.shape[0]):\n"
        "        x_i += w[i, j]\n"
        "    x[i] = x_i"
    )


def test_an_element_that_may_be_read_stays_where_it_is() -> None:
    assert "x[i] += w[i, j]" in row_sums(read=True)


def test_an_element_that_may_not_exist() -> None:
    example = Example(NOWHERE)

    def body(i: Value) -> None:
        b = example.builder
        b.increment(example.y, (integer(0),), b.load(example.x, (i,)))

    example.loop(body)
    found = text(accumulate(example.function()))
    assert found.startswith("if 0 < x.shape[0]:")
    assert "y[0] += " not in found


def lu(a):
    for i in range(a.shape[0]):
        for j in range(i):
            for k in range(j):
                a[i, j] -= a[i, k] * a[k, j]
            a[i, j] /= a[j, j]
    return a[-1, 0]


def test_counters_are_compared_by_the_bounds_of_their_loops() -> None:
    """k < j < i: neither `a[i, k]` nor `a[k, j]` is the element that is added to."""
    text = srcdiff.grad(lu, jit=False).source("float64[:, ::1]")
    assert "-= a[i, k] * a[k, j]" in text
    code = "\n".join(line.split("#")[0] for line in text.splitlines())
    assert "a[i, j] -=" not in code


def test_soundness() -> None:
    check_memory_programs(accumulate, range(300))
    check_references(accumulate, range(300))
