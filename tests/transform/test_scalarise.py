"""Small arrays become their elements where that is sure to mean the same, and else stay."""

import inspect
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff.ir.build import integer
from srcdiff.ir.nodes import Alloc, Call, Function, Operand, Value, is_array
from srcdiff.ir.verify import verify
from srcdiff.ir.walk import statements, substitute_block
from srcdiff.transform.elements.advance import advance
from srcdiff.transform.elements.pin import pin
from srcdiff.transform.eliminate import eliminate
from srcdiff.transform.own import own
from srcdiff.transform.rebind import rebind
from srcdiff.transform.scalarise import scalarise
from srcdiff.transform.simplify import simplify
from tests.ir import random_programs
from tests.ir.interpreter import run
from tests.transform.memory_programs import SIZE
from tests.transform.soundness import check_memory_programs, text
from tests.transform.test_fuse import lowered

X = np.random.default_rng(0).normal(size=(4, 3))


def prepared(function: Callable[..., Any], *args: Any) -> Function:
    return rebind(eliminate(simplify(lowered(function, args))))


def arrays_left(function: Callable[..., Any], *args: Any) -> list[str]:
    """Return the names of the arrays that are still made, after the results were compared."""
    before = prepared(function, *args)
    after = scalarise(before)
    verify(after)
    with np.errstate(all="ignore"):
        wanted, found = (run(f, *map(np.copy, args)) for f in (before, after))
    for left, right in zip(wanted, found, strict=True):
        np.testing.assert_array_equal(right, left)
        assert np.asarray(right).dtype == np.asarray(left).dtype
    return [
        s.out.name
        for s in statements(after.body)
        if isinstance(s, Alloc | Call) and is_array(s.out)
    ]


# ---- what is taken apart ----


def written_and_read(x):
    total = 0.0
    for i in range(x.shape[0]):
        r = np.empty(3)
        r[0] = x[i, 1]
        r[1] = 2.0 * x[i, 0]
        r[2] = r[0] * r[1]
        r[2] += r[0]
        total += r[2] - r[1]
    return total


def from_the_end(x):
    total = 0.0
    for i in range(x.shape[0]):
        r = np.zeros(3)
        r[-1] = x[i, 0]
        r[-3] += r[2]
        total += r[0] * r[-1]
    return total


def rows_and_slices(x):
    total = 0.0
    for i in range(x.shape[0]):
        m = np.zeros((2, 2))
        m[0] = x[i, :2]
        m[1, :] = m[0] * 2.0
        m[:, 1] += 1.0
        part = m[1][::-1]
        part[0] = 7.0 * x[i, 2]
        total += m[1, 1] + m.T[0, 1] + np.sum(m) + np.sum(m, axis=0)[1]
    return total


def broadcast(x):
    total = 0.0
    for i in range(x.shape[0]):
        r = np.empty(3)
        r[:] = x[i, 0]
        column = r.reshape(3, 1)
        outer = column * r
        total += outer[2, 1] + outer[0, 0]
    return total


def copied(x):
    total = 0.0
    for i in range(x.shape[0]):
        r = np.zeros(3)
        r[0] = x[i, 0]
        s = r.copy()
        r[0] = 5.0
        s[1] = 3.0
        total += s[0] + r[0] + r[1] + s[1]
    return total


def in_a_branch(x):
    total = 0.0
    for i in range(x.shape[0]):
        r = np.zeros(2)
        if x[i, 0] > 0.0:
            r[0] = x[i, 1]
        else:
            r[1] = x[i, 2]
        s = r * 2.0 if x[i, 1] > 0.0 else r + x[i, :2]
        total += s[0] * s[1] + r[0]
    return total


def through_loops(x):
    r = np.zeros(3)
    for i in range(x.shape[0]):
        r = 0.5 * r + x[i]
        s = np.ones(2)
        k = 0
        while k < i:
            s[0] += s[1] * r[1]
            s[1] *= 0.5
            k += 1
            if s[0] > 9.0:
                break
        r[1] = s[0]
    return r[0] + r[1] * r[2]


def unrolled(x):
    total = 0.0
    for i in range(x.shape[0]):
        r = np.empty(3)
        for a in range(3):
            r[a] = x[i, a] * x[i, (a + 1) % 3]
        for a in range(2, -1, -1):
            if a > 0:
                r[a] -= r[a - 1]
        total += r[0] * r[1] * r[2]
    return total


def products(x):
    total = 0.0
    for i in range(x.shape[0]):
        m = np.zeros((2, 3))
        m[0] = x[i]
        m[1] = 2.0
        square = m @ m.T
        total += np.dot(m[0], m[1]) + square[0, 1] + (square @ m)[1, 2] + (m @ m[0])[1]
    return total


def never_read(x):
    total = 0.0
    for i in range(x.shape[0]):
        r = np.empty(3)
        r[0] = x[i, 0]
        total += r[0]
    return total


def of_other_dtypes(x):
    total = 0.0
    for i in range(x.shape[0]):
        k = np.zeros(2, dtype=np.int64)
        k[0] = i
        k[1] = k[0] + 3
        flag = np.zeros(2, dtype=np.bool_)
        flag[1] = x[i, 0] > 0.0
        single = np.zeros(2, dtype=np.float32)
        single[0] = np.float32(x[i, 1])
        single = single * single + np.float32(0.1)
        if flag[1]:
            total += k[1] / 3
        total += single[0] * 2.0
    return total


def pinned(x):
    total = 0.0
    for i in range(x.shape[0]):
        r = x[i, 0:3] * 2.0
        square = math.sqrt(r[0] * r[0] + r[1] * r[1] + r[2] * r[2])
        r = r / square
        total += r[0] - r[2]
    return total


@pytest.mark.parametrize(
    "function",
    [
        written_and_read,
        from_the_end,
        rows_and_slices,
        broadcast,
        copied,
        in_a_branch,
        through_loops,
        unrolled,
        products,
        never_read,
        of_other_dtypes,
        pinned,
    ],
    ids=lambda f: f.__name__,
)
def test_is_taken_apart(function: Callable[..., Any]) -> None:
    assert arrays_left(function, X) == []


# ---- what stays ----


def returned(x):
    for i in range(x.shape[0]):
        r = np.zeros(3)
        r[0] = x[i, 0]
        x = x + r
    return x


def at_a_counter(x):
    total = 0.0
    for i in range(x.shape[0]):
        r = np.zeros(4)
        r[i] = x[i, 0]
        total += r[0] + r[3]
    return total


def long_loop(x):
    total = 0.0
    for i in range(x.shape[0]):
        r = np.zeros(9)
        for k in range(9):
            r[k] = x[i, 0] * k
        total += r[3]
    return total


def many_elements(x):
    total = 0.0
    for i in range(x.shape[0]):
        r = np.zeros(40)
        r[3] = x[i, 0]
        total += r[3]
    return total


def outside_of_loops(x):
    r = np.zeros(3)
    r[0] = x[0, 0]
    for i in range(x.shape[0]):
        x[i, 0] = 2.0
    return r[0] + r[1]


def handed_to_a_call(x):
    total = 0.0
    for i in range(x.shape[0]):
        r = np.zeros(3)
        r[0] = x[i, 0]
        total += np.sum(x * r)
    return total


def of_unknown_extent(x):
    total = 0.0
    for i in range(x.shape[0]):
        r = x[i] * 2.0
        total += r[0] + np.sum(r)
    return total


def in_the_head(x):
    total = 0.0
    for i in range(x.shape[0]):
        r = np.zeros(2)
        while step(r) < 3.0:
            total += r[0] * x[i, 0]
    return total


def step(r):
    r[0] += 1.0
    return r[0]


@pytest.mark.parametrize(
    "function",
    [
        returned,
        at_a_counter,
        long_loop,
        many_elements,
        outside_of_loops,
        handed_to_a_call,
        of_unknown_extent,
        in_the_head,
    ],
    ids=lambda f: f.__name__,
)
def test_stays(function: Callable[..., Any]) -> None:
    assert arrays_left(function, X) != []
    before = prepared(function, X)
    assert scalarise(before) is before


def only_some(x):
    total = 0.0
    for i in range(x.shape[0]):
        r = np.zeros(3)
        whole = np.zeros(3)
        r[0] = x[i, 0]
        whole[i % 3] = r[0]
        total += whole[1] + r[0]
    return total


def test_an_array_that_stays_does_not_keep_the_others() -> None:
    assert arrays_left(only_some, X) == ["whole"]


def constant_block(x):
    total = 0.0
    for i in range(x.shape[0]):
        r = np.zeros(2)
        with srcdiff.no_grad():
            r[0] = x[i, 0]
        r[1] = x[i, 1]
        total += r[0] * r[1]
    return total


def test_what_is_constant_stays_constant() -> None:
    assert arrays_left(constant_block, X) == ["r"]


LINE = inspect.getsourcelines(written_and_read)[1] + 4


def test_names_and_order_of_the_user() -> None:
    assert text(scalarise(prepared(written_and_read, X))) == (
        "total = 0.0\n"
        "for i in range(x.shape[0]):\n"
        "    if x.shape[1] < 2:\n"
        f'        raise BoundsError("test_scalarise.py:{LINE}: index out of bounds, '
        'this axis has fewer than 2 elements")\n'
        "    r_0 = x[i, 1]\n"
        "    r_1 = 2.0 * x[i, 0]\n"
        "    r_2 = r_0 * r_1\n"
        "    r_2 += r_0\n"
        "    total += r_2 - r_1\n"
        "return total"
    )


# ---- guards ----


def last(v):
    return v[2]


def guarded(x, y):
    total = 0.0
    for i in range(x.shape[0]):
        v = x[i] - y[0:3]
        if v[0] > 0.0:
            total += last(v) * v[1]
        else:
            total -= last(v)
        total += y[5]
    return total


@pytest.mark.parametrize("shapes", [(3, 6), (3, 5), (3, 2), (2, 2), (2, 6), (4, 6), (0, 0)])
def test_the_same_error_is_raised(shapes: tuple[int, int]) -> None:
    columns, length = shapes
    args = np.ones((2, columns)), np.linspace(0.0, 2.0, length)
    before = prepared(guarded, *args)
    after = scalarise(before)
    verify(after)
    assert outcome(before, args) == outcome(after, args)
    assert arrays_left(guarded, np.ones((2, 3)), np.ones(6)) == []


def outcome(function: Function, args: tuple[Any, ...]) -> object:
    try:
        return run(function, *args)
    except (srcdiff.ShapeError, srcdiff.BoundsError) as error:
        return str(error)


def raising(x):
    total = 0.0
    for i in range(x.shape[0]):
        total += x[i, 0]
        total *= x[i, 1]
    for a in range(3):
        total += x[a, 2]
    return total


def test_guards_keep_their_order() -> None:
    after = advance(prepared(raising, X))
    verify(after)
    lines = [line for line in text(after).splitlines() if "raise" not in line]
    assert lines == [
        "total = 0.0",
        "for i in range(x.shape[0]):",
        "    if x.shape[1] < 1:",
        "    if x.shape[1] < 2:",
        "    total += x[i, 0]",
        "    total *= x[i, 1]",
        "if x.shape[1] < 3:",
        "for a in range(3):",
        "    total += x[a, 2]",
        "return total",
    ]


def test_a_slice_that_is_long_enough_has_its_length() -> None:
    after = pin(advance(prepared(pinned, X)))
    verify(after)
    made = [s.out for s in statements(after.body) if isinstance(s, Call) and is_array(s.out)]
    assert [extent.value for out in made for extent in out.shape] == [3, 3]  # type: ignore[union-attr]


# ---- at random ----


def literal(function: Function, size: int = SIZE) -> Function:
    """Return a function whose arrays have literal extents."""
    extents = [e for p in function.params for e in p.shape if isinstance(e, Value)]
    mapping: dict[Value, Operand] = {extent: integer(size) for extent in extents}
    body = substitute_block(function.body, mapping)
    results = tuple(mapping.get(r, r) if isinstance(r, Value) else r for r in function.results)
    return simplify(replace(function, body=body, results=results))


def test_programs_mean_the_same() -> None:
    changed: list[bool] = []

    def change(function: Function) -> Function:
        before = literal(function)
        after = scalarise(before)
        changed.append(after is not before)
        return after

    check_memory_programs(change, range(300))
    check_memory_programs(scalarise, range(50))
    assert sum(changed) > 100


def test_references_that_are_rebound_mean_the_same() -> None:
    changed, size = 0, random_programs.SIZE
    for seed in range(150):
        try:
            before = rebind(own(literal(random_programs.random_function(seed), size)))
        except srcdiff.UnsupportedSyntax:
            continue
        after = scalarise(before)
        changed += after is not before
        args = np.linspace(-1.0, 1.0, size), np.linspace(2.0, 0.5, size)
        with np.errstate(all="ignore"):
            wanted = run(before, *map(np.copy, args), 0.5, -1.5)
            found = run(after, *map(np.copy, args), 0.5, -1.5)
        for left, right in zip(wanted, found, strict=True):
            np.testing.assert_allclose(right, left, rtol=1e-12, err_msg=f"seed {seed}")
    assert changed > 10
