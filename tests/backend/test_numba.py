"""Generated text under Numba: its float model, its errors, and dispatch on exact types."""

import os
import subprocess
import sys
from typing import Any

import numba
import numpy as np
import pytest
from numba.core import types

from srcdiff import runtime
from srcdiff.backend.cache import uses_stock_cache
from srcdiff.backend.numba import compile_function, dispatch
from srcdiff.backend.python import plain
from srcdiff.errors import CompilationError


def compiled(text: str, **options: Any) -> Any:
    return compile_function(text, "f", dict(runtime.NAMES) | {"np": np}, "<srcdiff f>", **options)


def test_division_follows_numpy() -> None:
    assert compiled("def f(a, b):\n    return a / b\n")(1.0, 0.0) == np.inf


def test_each_signature_is_compiled_when_it_is_needed() -> None:
    f = compiled("def f(x):\n    return x + x\n", cache=False)
    assert f.signatures == []
    assert (f(2.0), f(3)) == (4.0, 6)
    assert f.signatures == [(types.float64,), (types.int64,)]


@pytest.mark.skipif(uses_stock_cache(), reason="Numba's cache puts the text into a file")
def test_what_numba_refuses_names_the_generated_line() -> None:
    with pytest.raises(CompilationError, match="Unknown attribute 'foo'") as caught:
        compiled("def f(x):\n    y = x + 1\n    return y.foo\n")(1.0)
    span = caught.value.span
    assert span is not None
    assert (str(span), span.text.strip()) == ("<srcdiff f>:3", "return y.foo")


def test_the_error_of_a_guard_is_the_texts_own() -> None:
    f = compiled("def f(x):\n    if x < 0:\n        raise ValueError('negative')\n    return x\n")
    with pytest.raises(ValueError, match="negative"):
        f(-1.0)


def test_boundscheck() -> None:
    text = "def f(x, i):\n    return x[i]\n"
    with pytest.raises(IndexError):
        compiled(text, boundscheck=True)(np.ones(2), 5)


TOTAL = "def f(x):\n    s = 0.0\n    for v in x:\n        s = {}\n    return s\n"


def is_vectorised(function: Any, x: Any) -> bool:
    function(x)
    return "fadd reassoc <" in function.inspect_llvm(function.signatures[0])


def test_radd_vectorises_a_sum_and_touches_no_other_addition() -> None:
    x = np.linspace(0.0, 1.0, 1000)
    fast = compiled(TOTAL.format("radd(s, v)"), cache=False)
    assert is_vectorised(fast, x)
    assert not is_vectorised(compiled(TOTAL.format("s + v"), cache=False), x)
    assert fast(x) == pytest.approx(x.sum(), rel=1e-14)
    assert plain(TOTAL.format("radd(s, v)"), "f", runtime.PLAIN_NAMES, "<f>")(x) == sum(x)


def test_options_are_part_of_the_identity() -> None:
    text = "def f(x):\n    return x\n"
    options: list[dict[str, Any]] = [{}, {"fastmath": True}, {"fastmath": {"nnan"}}]
    options += [{"boundscheck": True}, {"digest": "other"}]
    assert len({compiled(text, **o).srcdiff_identity for o in options}) == len(options)


def test_dispatch_asks_once_for_each_exact_signature() -> None:
    asked = []

    def specialise(args: tuple[Any, ...]) -> Any:
        asked.append(args)
        return compiled(f"def f(x, y):\n    return x + y + {len(asked)}\n")

    call = dispatch(["x", "y"], specialise)
    assert [call(1.0, 2.0), call(1.0, 2.0), call(1, 2), call(1, 2), call(1.0, 3.0)] == [
        4,
        4,
        5,
        5,
        5,
    ]
    assert asked == [(types.float64,) * 2, (types.int64,) * 2]


def test_dispatch_passes_errors_on() -> None:
    def specialise(args: tuple[Any, ...]) -> Any:
        raise LookupError("no such derivative")

    with pytest.raises(LookupError, match="no such derivative"):
        dispatch(["x"], specialise)(1.0)


def caller_of_both(f: Any, g: Any) -> Any:
    return lambda x: f(x) + g(x)


def test_two_functions_of_one_name_do_not_meet_in_machine_code() -> None:
    texts = [f"def f(x):\n    return x + {k}\n" for k in range(3)]
    for _ in range(2):  # the second time they are loaded, with the symbols of the first
        functions = [compiled(text) for text in texts]
        assert [function(0.0) for function in functions] == [0.0, 1.0, 2.0]
        assert numba.njit(caller_of_both(*functions[1:]))(0.0) == 3.0


def test_python_works_where_numba_is_switched_off() -> None:
    code = (
        "from srcdiff import runtime\n"
        "from srcdiff.backend.python import plain\n"
        "f = plain('def f(x):\\n    return radd(x, 1 / 0.0)\\n', 'f', runtime.NAMES, '<f>')\n"
        "assert f(1.0) == float('inf')\n"
    )
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
