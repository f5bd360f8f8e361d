"""What generated code is compiled to in a way of our own does what Python and NumPy do."""

import gc
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numba.core import config
from numba.core.runtime import _nrt_python, rtsys

from srcdiff.backend.lowering.bounds import Bounds
from srcdiff.backend.numba import compile_function
from srcdiff.backend.python import load
from srcdiff.runtime import NAMES


def both(text: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return a text as Numba compiles it, and as Python runs it."""
    namespace = {"np": np}
    compiled = compile_function(text, "f", namespace, "<srcdiff f>", cache=False)
    return compiled, load(text, "f", namespace, "<srcdiff f>")


WHOLE = np.arange(60.0).reshape(3, 4, 5)
LAYOUTS = {
    "C": WHOLE,
    "F": np.asfortranarray(WHOLE),
    "strided": WHOLE[:, ::2, 1:4],
    "reversed": WHOLE[::-1, :, ::-1],
    "transposed": WHOLE.transpose(1, 2, 0),
    "float32": WHOLE.astype(np.float32),
    "complex": WHOLE + 1j,
    "bool": WHOLE > 20,
    "int32": WHOLE.astype(np.int32),
}
ELEMENT = """
def f(a, i, j, k, x):
    before = a[i, j, k]
    a[i, j, k] = x
    return before, a[i, j, k], a[0, 1, 2], a[-1, j, 0]
"""


@pytest.fixture(scope="module")
def element() -> tuple[Callable[..., Any], Callable[..., Any]]:
    return both(ELEMENT)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("kind", [int, np.int32, np.uint64])
def test_elements(layout: str, kind: Any, element: Any) -> None:
    compiled, python = element
    source = LAYOUTS[layout]
    new = source.dtype.type(1)
    for index in ((0, 0, 0), (2, 1, 2), (-1, -2, -3), (1, -1, 0)):
        if kind is np.uint64 and min(index) < 0:
            continue
        mine, theirs = source.copy(order="K"), source.copy(order="K")
        place = tuple(map(kind, index))
        assert compiled(mine, *place, new) == python(theirs, *index, new)
        np.testing.assert_array_equal(mine, theirs)


def test_elements_are_converted_as_they_are_stored() -> None:
    compiled, _ = both("def f(a, x):\n    a[1] = x\n    return a[1]\n")
    assert compiled(np.zeros(3), 2) == 2.0
    assert compiled(np.zeros(3, np.float32), 0.1) == np.float32(0.1)
    assert compiled(np.zeros(3, np.int64), True) == 1
    assert compiled(np.zeros(3, np.complex128), 1.5) == 1.5 + 0j


COUNT = """
def f(a, n):
    total = 0.0
    for i in range(n):
        total = 2.0 * total + a[i - {shift}]
    return total
"""


@pytest.mark.parametrize("shift", [0, 1, 3])
def test_an_index_below_zero_counts_from_the_end(shift: int) -> None:
    compiled, python = both(COUNT.format(shift=shift))
    a = np.arange(1.0, 6.0)
    assert compiled(a, 5) == python(a, 5)


REUSED = """
def f(a, n):
    i = 2
    total = a[i]
    for i in range(n):
        total = 2.0 * total + a[i]
    for i in range(n - 1, -1, -1):
        total = 2.0 * total + a[i]
    for i in range(-n, 0):
        total = 2.0 * total + a[i]
    i = -i - 2
    j = i * 1
    return 2.0 * total + a[i] + a[j] + a[j + 1]
"""


def test_a_name_is_as_low_as_the_lowest_of_its_values() -> None:
    compiled, python = both(REUSED)
    a = np.arange(1.0, 6.0)
    assert compiled(a, 5) == python(a, 5)


SHARED = """
def f(a, n):
    total = 0.0
    for k in range(n - 1, -1, -1):
        k = opaque(k)
        t = k + 1
        for j in range(t, n):
            total = 2.0 * total + a[0, j]
    t = n - 9
    for j in range(t, 0):
        total = 2.0 * total + a[0, j]
    return total
"""


def test_a_name_is_what_was_assigned_last() -> None:
    """And a number that LLVM does not see through is as low as it was."""
    namespace = {"np": np, "opaque": NAMES["opaque"]}
    compiled = compile_function(SHARED, "f", namespace, "<srcdiff f>", cache=False)
    python = load(SHARED, "f", namespace, "<srcdiff f>")
    a = np.arange(1.0, 9.0)[None]
    assert compiled(a, 8) == python(a, 8)
    assert compiled(a, 5) == python(a, 5)


def least(text: str, *names: str) -> list[int | None]:
    """Return what is known of names of a function, each where it is an index."""
    seen: dict[str, int | None] = {}
    found = Bounds.least

    def note(self: Bounds, variable: Any, user: Any = None) -> int | None:
        result = found(self, variable, user)
        seen[variable.name] = result
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Bounds, "least", note)
        namespace = {"np": np, "opaque": NAMES["opaque"]}
        function = compile_function(text, "f", namespace, "<srcdiff f>", cache=False)
        function(np.ones((4, 4)), 4)
    return [seen[name] for name in names]


@pytest.mark.parametrize(
    ("before", "start", "expected"),
    [
        ("k = opaque(k)", "k + 1", 1),
        ("k = k - 1", "k + 1", 0),
        ("k = k - n", "k + 1", None),
        ("t = k + 1", "t", 1),
        ("t = k - n", "t", None),
        ("if k > 2:\n            t = k + 1", "t", -3),
    ],
)
def test_what_is_known_of_counters(before: str, start: str, expected: int | None) -> None:
    text = f"""
def f(a, n):
    total = 0.0
    t = -3
    for k in range(n - 1, -1, -1):
        {before}
        for j in range({start}, n):
            total = total + a[0, j]
    return total
"""
    assert least(text, "j") == [expected]


SCOPES = """
def f(a, b, n):
    c = np.zeros(n)
    d = a.copy()
    for i in range(n):
        c[i] = a[i] + b[i]
        d[i] = d[i] + c[i]
        b[i] = d[i]
    d = c
    e = d[1:]
    for i in range(n - 1):
        e[i] = e[i] + c[i]
        d[i] = d[i] + e[i]
    if n > 3:
        c = a
    for i in range(n):
        c[i] = c[i] + b[i]
        b[i] = b[i] + d[i]
    return c, d, e
"""


def test_arrays_that_may_share_memory() -> None:
    """Arguments may, and so may names that one array has had."""
    compiled, python = both(SCOPES)
    for shift in range(3):
        results = []
        for function in (compiled, python):
            memory = np.arange(1.0, 43.0)
            given = memory[:40], memory[shift : shift + 40]
            results.append((memory, *function(*given, 40)))
        for mine, theirs in zip(*results, strict=True):
            np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize(
    ("made", "apart"),
    [
        ("np.empty(n)", True),
        ("np.zeros_like(a)", True),
        ("a.copy()", True),
        ("a", False),
        ("a[::-1]", False),
        ("b if n > 3 else np.zeros(n)", False),
    ],
)
def test_llvm_knows_which_arrays_are_apart(made: str, apart: bool) -> None:
    text = f"""
def f(a, b, n):
    c = {made}
    for i in range(n):
        c[i] = b[i]
    return c
"""
    compiled, _ = both(text)
    compiled(np.ones(9), np.ones(9), 9)
    (code,) = compiled.inspect_llvm().values()
    stores = [line for line in code.splitlines() if "store" in line and "!alias.scope" in line]
    assert stores
    assert all(("!noalias" in line) == apart for line in stores)


WHILE = """
def f(a, n):
    i = 1
    total = 0.0
    while i > -n:
        i = i - 1
        total = 2.0 * total + a[i]
    return total
"""


def test_a_counter_of_a_while_loop_may_fall_below_zero() -> None:
    compiled, python = both(WHILE)
    a = np.arange(1.0, 6.0)
    assert compiled(a, 4) == python(a, 4)


RANGE = """
def f(start, stop, step):
    total = 0
    last = -100
    for i in range({bounds}):
        total = 3 * total + i
        last = i
        if total > 10**15:
            break
    return total, last
"""


@pytest.mark.parametrize(
    "bounds",
    [
        "stop",
        "start, stop",
        "start, stop, 2",
        "start, stop, 7",
        "start, stop, -1",
        "start, stop, -3",
        "stop, start, -2",
        "start, stop, step",
        "stop - 1, -1, -1",
    ],
)
def test_ranges(bounds: str) -> None:
    compiled, python = both(RANGE.format(bounds=bounds))
    for start in (-5, 0, 3):
        for stop in (-6, -1, 0, 1, 3, 4, 17):
            assert compiled(start, stop, 4) == python(start, stop, 4)


def test_a_step_of_zero_is_an_error() -> None:
    compiled, _ = both(RANGE.format(bounds="start, stop, step"))
    with pytest.raises(ValueError, match="must not be zero"):
        compiled(0, 3, 0)


def test_bounds_of_other_integers() -> None:
    compiled, python = both(RANGE.format(bounds="start, stop"))
    assert compiled(np.int32(-2), np.int16(5), 1) == python(-2, 5, 1)
    assert compiled(np.uint64(2), np.uint64(5), 1) == python(2, 5, 1)


MAKE = """
def f(a, n):
    return (
        np.zeros(n), np.zeros((n, 2)), np.zeros((2, n), dtype=np.float32), np.zeros_like(a),
        np.empty(n).shape, np.empty((n, 3), dtype=np.bool_).shape, np.empty_like(a).shape,
        np.zeros(n, dtype=np.complex128), np.zeros_like(a, dtype=np.int64),
    )
"""


@pytest.mark.parametrize("layout", LAYOUTS)
def test_arrays_that_are_made(layout: str) -> None:
    compiled, python = both(MAKE)
    for mine, theirs in zip(compiled(LAYOUTS[layout], 4), python(LAYOUTS[layout], 4), strict=True):
        if isinstance(mine, tuple):
            assert mine == theirs
        else:
            assert (mine.dtype, mine.shape) == (theirs.dtype, theirs.shape)
            np.testing.assert_array_equal(mine, theirs)


def test_what_is_made_like_an_array_has_its_layout() -> None:
    compiled, _ = both("def f(a):\n    return np.zeros_like(a), np.empty_like(a)\n")
    for array in compiled(LAYOUTS["F"]):
        assert array.flags.f_contiguous
    for array in compiled(LAYOUTS["strided"]):
        assert array.flags.c_contiguous


def test_arrays_that_cannot_be_made() -> None:
    compiled, _ = both("def f(n):\n    return np.zeros((n, n))\n")
    with pytest.raises(ValueError, match="negative dimensions"):
        compiled(-1)
    with pytest.raises(ValueError, match="array is too big"):
        compiled(2**40)


REBOUND = """
def f(a, n):
    b = np.zeros_like(a)
    for i in range(n):
        c = np.empty(a.shape[0])
        for k in range(a.shape[0]):
            c[k] = a[k] + b[k] + i
        if i == 2:
            continue
        b = c
        if i > n - 2:
            raise ValueError("enough")
    return b, c
"""


@pytest.fixture
def balance() -> Iterator[Callable[[], tuple[int, int]]]:
    """Count what has been allocated and freed since."""
    _nrt_python.memsys_enable_stats()
    gc.collect()
    start = rtsys.get_allocation_stats()

    def so_far() -> tuple[int, int]:
        gc.collect()
        now = rtsys.get_allocation_stats()
        return now.alloc - start.alloc, now.free - start.free

    yield so_far
    _nrt_python.memsys_disable_stats()


def test_arrays_that_are_given_up_are_freed(balance: Callable[[], tuple[int, int]]) -> None:
    compiled, python = both(REBOUND.replace("n - 2", "n"))
    a = np.arange(4.0)
    for mine, theirs in zip(compiled(a, 6), python(a, 6), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    del mine
    allocated, freed = balance()
    assert allocated == freed > 6


def test_nothing_is_freed_twice_where_an_error_is_raised(
    balance: Callable[[], tuple[int, int]],
) -> None:
    compiled, _ = both(REBOUND)
    with pytest.raises(ValueError, match="enough"):
        compiled(np.arange(4.0), 6)
    allocated, freed = balance()
    assert allocated >= freed > 0


EXPRESSIONS = """
def f(a, b):
    c = a + 2.0 * b
    c += np.exp(a)
    return -c, np.maximum(a, b).sum(), a.copy()[::2]
"""


def test_expressions_of_whole_arrays() -> None:
    compiled, python = both(EXPRESSIONS)
    a, b = np.arange(5.0), np.ones(5)
    for mine, theirs in zip(compiled(a, b), python(a, b), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-15)


RESHAPED = """
def f(a, n, m):
    b = a.reshape((n, m))
    b[0, 1] = 7.0
    c = b.copy()
    c[1, 0] = 5.0
    return b, c, a[:2].reshape((-1,)), b.T.copy()
"""


@pytest.mark.parametrize(("n", "m"), [(3, 4), (-1, 4), (6, -1), (2, 6)])
def test_other_shapes_and_copies(n: int, m: int, balance: Callable[[], tuple[int, int]]) -> None:
    compiled, python = both(RESHAPED)
    mine, theirs = (f(np.arange(12.0).reshape(3, 4), n, m) for f in (compiled, python))
    for a, b in zip(mine, theirs, strict=True):
        np.testing.assert_array_equal(a, b)
    assert np.shares_memory(mine[0], mine[2])
    del mine, a
    allocated, freed = balance()
    assert allocated == freed


def test_shapes_that_do_not_fit() -> None:
    compiled, _ = both(RESHAPED)
    for n, m in ((5, 2), (-1, -1), (0, -1), (5, -1)):
        with pytest.raises(ValueError, match="must be unchanged"):
            compiled(np.arange(12.0).reshape(3, 4), n, m)


CHOSEN = """
def f(x, y, i, j):
    two = max(x, y), min(x, y), max(i, j), min(i, j), max(x, i), min(j, y)
    return *two, max(i, x, j), min(y, 1, x)
"""


def test_the_first_of_numbers_that_cannot_be_compared_is_the_largest() -> None:
    compiled, python = both(CHOSEN)
    numbers = [0.0, -0.0, 1.5, -2.0, np.inf, -np.inf, np.nan]
    for x in numbers:
        for y in numbers:
            for mine, theirs in zip(compiled(x, y, 2, -1), python(x, y, 2, -1), strict=True):
                np.testing.assert_array_equal(np.float64(mine), np.float64(theirs))
                assert np.signbit(mine) == np.signbit(theirs)


GROWN = """
def f(n):
    tape = np.empty(2)
    rows = np.empty((1, 3))
    for i in range(n):
        tape = grow(tape, i + 1)
        rows = grow(rows, i + 1)
        tape[i] = 0.5 * i
        for j in range(3):
            rows[i, j] = i + j
    return tape, rows
"""


def test_arrays_that_grow(balance: Callable[[], tuple[int, int]]) -> None:
    namespace = {"np": np, "grow": NAMES["grow"]}
    compiled = compile_function(GROWN, "f", namespace, "<srcdiff f>", cache=False)
    tape, rows = compiled(11)
    assert tape.shape == (16,)
    assert rows.shape == (16, 3)
    np.testing.assert_array_equal(tape[:11], 0.5 * np.arange(11))
    np.testing.assert_array_equal(rows[:11], np.arange(11)[:, None] + np.arange(3))
    del tape, rows
    allocated, freed = balance()
    assert allocated == freed == 9


SUMS = """
def f(x, n):
    total = x
    for i in range(n):
        total = radd(total, x)
    return total, radd(n, n), radd(x, n)
"""


@pytest.mark.parametrize("x", [0.5, np.float32(0.25), 0.5 - 2j])
def test_sums_that_may_be_reordered(x: Any) -> None:
    namespace = {"np": np, "radd": NAMES["radd"]}
    compiled = compile_function(SUMS, "f", namespace, "<srcdiff f>", cache=False)
    assert compiled(x, 7) == (8 * x, 14, x + 7)


LATER = """
def f(a, n):
    count = 0
    last = 0.0
    kept = a
    for i in range(n):
        if i > 0:
            last = kept[i - 1] + count
            count = count + kept.shape[0]
        row = a + i
        kept = row
        shape, twice = row.shape, row.shape[0] * 2
        if i % 2 == 1:
            shape = (twice,)
    first, second = last, count
    first, second = second, first
    return first, second, shape, kept
"""


def test_values_of_former_rounds() -> None:
    compiled, python = both(LATER)
    for mine, theirs in zip(compiled(np.arange(9.0), 5), python(np.arange(9.0), 5), strict=True):
        np.testing.assert_array_equal(mine, theirs)


DIVIDED = "def f(x, y):\n    return x / y, x < y, x <= y, x == y, x != y, x > y, x >= y\n"


def test_numbers_that_cannot_be_compared_or_divided_by() -> None:
    compiled, _ = both(DIVIDED)
    for x in (1.0, -1.0, 0.0, np.nan):
        for y in (0.0, -0.0, np.nan, 1.0):
            a, b = np.float64(x), np.float64(y)
            with np.errstate(all="ignore"):
                expected = a / b, a < b, a <= b, a == b, a != b, a > b, a >= b
            np.testing.assert_array_equal(compiled(x, y), expected)


GIVEN = """
def f(a, b, n):
    c = a
    d = b[1:]
    if n > 3:
        c = b
        a = d
    if n > 4:
        return b, b, a, c
    return a, a, d, c
"""


def test_arguments_stay_with_the_caller() -> None:
    compiled, python = both(GIVEN)
    a, b = np.arange(4.0), np.arange(5.0)
    before = sys.getrefcount(a), sys.getrefcount(b)
    for n in (3, 4, 5, 5, 4, 3):
        for mine, theirs in zip(compiled(a, b, n), python(a, b, n), strict=True):
            np.testing.assert_array_equal(mine, theirs)
            assert np.shares_memory(mine, theirs)
    del mine, theirs
    gc.collect()
    assert (sys.getrefcount(a), sys.getrefcount(b)) == before


@pytest.fixture
def debugging(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("NUMBA_DEBUGINFO", "1")
    config.reload_config()
    yield
    monkeypatch.undo()
    config.reload_config()


def test_code_for_debuggers(debugging: None) -> None:
    compiled, python = both(REUSED)
    a = np.arange(1.0, 6.0)
    assert compiled(a, 5) == python(a, 5)
    compiled, python = both(RESHAPED)
    mine, theirs = (f(np.arange(12.0).reshape(3, 4), 6, -1) for f in (compiled, python))
    for left, right in zip(mine, theirs, strict=True):
        np.testing.assert_array_equal(left, right)
