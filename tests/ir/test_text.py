"""Tests of srcdiff.ir.text: the exact text of small functions, and what random ones compute."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from srcdiff.errors import ShapeError
from srcdiff.ir.nodes import (
    NEW_AXIS,
    Alloc,
    Block,
    Broadcast,
    Call,
    Carried,
    Const,
    For,
    Function,
    Guard,
    If,
    Increment,
    Index,
    Item,
    Join,
    Load,
    Operand,
    Reshape,
    Slice,
    Statement,
    Store,
    Transpose,
    Value,
    View,
    While,
)
from srcdiff.ir.text import render
from srcdiff.ir.types import BOOL, FLOAT32, FLOAT64, INT64, Array, Type
from srcdiff.runtime.sums import radd
from srcdiff.words import cast
from tests.ir.random_programs import number

VECTOR = Array(np.dtype(np.float64), 1)
MATRIX = Array(np.dtype(np.float64), 2)
COLON = Slice(None, None, None)


def scalar(name: str, type: Type = FLOAT64) -> Value:
    return Value(name, type)


def integer(name: str) -> Value:
    return Value(name, INT64)


def vector(name: str, *shape: Operand) -> Value:
    return Value(name, VECTOR, shape)


def matrix(name: str, *shape: Operand) -> Value:
    return Value(name, MATRIX, shape)


def call(function: Callable[..., Any], out: Value, *args: Operand, **static: Any) -> Call:
    return Call(out, function, args, tuple(static.items()))


def text(
    params: tuple[Value, ...], body: list[Statement], *results: Operand, **options: Any
) -> list[str]:
    """Return the lines of the body of a rendered function."""
    function = Function("f", params, Block(tuple(body)), results, **options)
    lines = render(function).source.splitlines()
    assert lines[0] == f"def f({', '.join(p.name for p in params)}):"
    return [line[4:] for line in lines[2:]]


def expression(*body: Statement) -> str:
    """Return the text of the expression that the last statement defines."""
    params = list[Value]()
    defined = {s.out for s in body if isinstance(s, Call | Load | View | Alloc)}
    for statement in body:
        match statement:
            case Call(args=args):
                found = args
            case Load(ref=ref, indices=indices):
                found = (ref, *indices)
            case View(ref=ref):
                found = (ref,)
            case _:
                found = ()
        params += [p for p in found if isinstance(p, Value) and p not in defined | set(params)]
    last = body[-1]
    assert isinstance(last, Call | Load | View | Alloc)
    lines = text(tuple(params), list(body), last.out)
    assert len(lines) == 1, lines
    return lines[0].removeprefix("return ")


A, B, C, X = (scalar(name) for name in "abcx")
K, N = integer("k"), integer("n")
U, V, W = vector("u", N), vector("v", N), matrix("w", N, K)


def nested(outer: Any, inner: Any, *, side: str) -> str:
    """Return the text of `outer` with `inner` on one side of it."""
    t = scalar("_t")
    args = (t, C) if side == "left" else (C, t)
    return expression(call(inner, t, A, B), call(outer, scalar("_y"), *args))


@pytest.mark.parametrize(
    ("outer", "inner", "left", "right"),
    [
        (np.add, np.add, "a + b + c", "c + (a + b)"),
        (np.subtract, np.subtract, "a - b - c", "c - (a - b)"),
        (np.multiply, np.add, "(a + b) * c", "c * (a + b)"),
        (np.add, np.multiply, "a * b + c", "c + a * b"),
        (np.divide, np.divide, "a / b / c", "c / (a / b)"),
        (np.multiply, np.divide, "a / b * c", "c * (a / b)"),
        (np.power, np.power, "(a**b)**c", "c**a**b"),
        (np.power, np.multiply, "(a * b)**c", "c**(a * b)"),
        (np.multiply, np.power, "a**b * c", "c * a**b"),
        (np.remainder, np.floor_divide, "a // b % c", "c % (a // b)"),
        (np.less, np.add, "a + b < c", "c < a + b"),
        (np.equal, np.less, "(a < b) == c", "c == (a < b)"),
        (np.arctan2, np.add, "np.arctan2(a + b, c)", "np.arctan2(c, a + b)"),
        (max, np.add, "max(a + b, c)", "max(c, a + b)"),
    ],
)
def test_parentheses(outer: Any, inner: Any, left: str, right: str) -> None:
    assert nested(outer, inner, side="left") == left
    assert nested(outer, inner, side="right") == right


def test_signs() -> None:
    t, y = scalar("_t"), scalar("_y")
    assert expression(call(np.power, t, A, number(2)), call(np.negative, y, t)) == "-a**2"
    assert expression(call(np.negative, t, A), call(np.power, y, t, number(2.0))) == "(-a)**2"
    assert expression(call(np.negative, t, A), call(np.divide, y, t, B)) == "-a / b"
    assert expression(call(np.negative, t, A), call(np.negative, y, t)) == "-(-a)"
    assert expression(call(np.subtract, y, A, number(-1.0))) == "a - -1.0"
    assert expression(call(np.power, y, number(-2.0), A)) == "(-2.0)**a"
    assert expression(call(np.power, y, A, number(-1))) == "a**-1"


def test_booleans() -> None:
    p, q = scalar("p", BOOL), scalar("q", BOOL)
    t, y = scalar("_t", BOOL), scalar("_y", BOOL)
    assert (
        expression(call(np.logical_or, t, p, q), call(np.logical_and, y, t, p)) == "(p or q) and p"
    )
    assert expression(call(np.logical_not, t, p), call(np.logical_or, y, t, q)) == "not p or q"
    assert expression(call(np.less, t, A, B), call(np.logical_not, y, t)) == "not a < b"
    assert expression(call(np.invert, y, p)) == "not p"
    where = call(np.where, scalar("_z"), p, A, B)
    assert expression(where) == "a if p else b"
    assert expression(where, call(np.add, scalar("_y"), where.out, C)) == "(a if p else b) + c"


def test_calls() -> None:
    y = scalar("_y")
    assert expression(call(np.absolute, y, A)) == "abs(a)"
    assert expression(call(np.linalg.solve, vector("_y"), W, U)) == "np.linalg.solve(w, u)"
    assert expression(call(np.matmul, vector("_y"), W, U)) == "w @ u"
    assert expression(call(np.sum, y, W, axis=None, keepdims=False)) == "np.sum(w)"
    summed = call(np.sum, matrix("_y"), W, axis=0, keepdims=True)
    assert expression(summed) == "np.sum(w, axis=0, keepdims=True)"
    assert expression(call(np.copy, vector("_y"), U)) == "u.copy()"
    assert expression(call(np.shape, integer("_y"), W, axis=1)) == "w.shape[1]"
    assert expression(call(radd, y, A, B)) == "radd(a, b)"
    assert expression(call(cast, y, K, dtype=np.dtype(np.float64))) == "float(k)"
    assert expression(call(cast, y, A, dtype=np.dtype(np.int64))) == "int(a)"
    assert expression(call(cast, y, A, dtype=np.dtype(np.float32))) == "np.float32(a)"
    array32 = Value("_y", Array(np.dtype(np.float32), 1))
    assert expression(call(cast, array32, U, dtype=np.dtype(np.float32))) == "u.astype(np.float32)"


@pytest.mark.parametrize(
    ("value", "type", "expected"),
    [
        (0.1, FLOAT64, "0.1"),
        (float(np.float32(0.1)), FLOAT32, "np.float32(0.1)"),
        (float("inf"), FLOAT64, "np.inf"),
        (-0.0, FLOAT64, "-0.0"),
        (3, INT64, "3"),
        (True, BOOL, "True"),
    ],
)
def test_literals(value: Any, type: Type, expected: str) -> None:
    assert text((), [], Const(value, type)) == [f"return {expected}"]


def view(base: Value, *items: Item) -> str:
    return expression(View(vector("_y"), base, Index(items)))


def test_views() -> None:
    part = Slice(number(1), None, None)
    assert view(W, part, number(0)) == "w[1:, 0]"
    assert view(W, number(0), COLON) == "w[0]"
    assert view(U, COLON, NEW_AXIS) == "u[:, None]"
    assert view(U, Slice(None, None, number(-1))) == "u[::-1]"
    assert expression(View(matrix("_y"), W, Transpose((1, 0)))) == "w.T"
    cube = Value("c", Array(np.dtype(np.float64), 3))
    assert (
        expression(View(Value("_y", cube.type), cube, Transpose((1, 0, 2))))
        == "np.transpose(c, (1, 0, 2))"
    )
    body = [View(vector("_y", K), W, Reshape())]
    assert text((W, K), list(body), body[0].out) == ["return w.reshape(k)"]
    spread = View(matrix("_y", N, K), W, Broadcast())
    assert text((W, N, K), [spread], spread.out) == ["return np.broadcast_to(w, (n, k))"]
    row = View(vector("_row"), W, Index((number(0), COLON)))
    assert expression(row, Load(scalar("_y"), row.out, (number(2),))) == "w[0, 2]"


def alloc(type: Type, fill: Operand | None, *shape: Operand) -> str:
    out = Value("_y", type, shape)
    return text((N, K), [Alloc(out, fill)], out)[0]


def test_alloc() -> None:
    flags, turned = Array(BOOL.dtype, 1), Array(np.dtype(np.float64), 2, "F")
    assert alloc(VECTOR, None, N) == "y = np.empty(n)"
    assert alloc(MATRIX, number(0.0), N, K) == "y = np.zeros((n, k))"
    assert alloc(VECTOR, number(-0.0), N) == "y = np.full(n, -0.0)"
    assert alloc(flags, number(False), N) == "y = np.zeros(n, dtype=np.bool_)"
    assert alloc(turned, None, N, K) == "y = np.empty((k, n)).T"


def test_alloc_like() -> None:
    n, k = integer("_n"), integer("_k")
    reads = [call(np.shape, n, W, axis=0), call(np.shape, k, W, axis=1)]
    same, other = matrix("y", n, k), matrix("z", k, n)
    body = [*reads, Alloc(same, number(0.0)), Alloc(other)]
    assert text((W,), body, same, other) == [
        "y = np.zeros_like(w)",
        "z = np.empty((w.shape[1], w.shape[0]))",
        "return y, z",
    ]


def test_stores() -> None:
    part, t, s = vector("_part"), scalar("_t"), vector("_s")
    body = [
        Store(U, (K,), A),
        Store(U, (), A),
        Store(W, (), A),
        View(part, U, Index((Slice(number(1), None, None),))),
        Store(part, (), A),
        call(np.negative, t, A),
        Increment(U, (K,), t),
        Increment(U, (), V),
        Increment(W, (), A),
        call(np.add, s, U, V),
        Increment(U, (), s),
    ]
    assert text((U, V, W, K, A), body) == [
        "u[k] = a",
        "u[:] = a",
        "w[...] = a",
        "u[1:] = a",
        "u[k] -= a",
        "u[:] += v",
        "w[:, :] += a",
        "u[:] = u + (u + v)",
    ]


def test_overlapping_views_are_not_incremented_in_place() -> None:
    left, right = vector("_l"), vector("_r")
    body = [
        View(left, U, Index((Slice(number(1), None, None),))),
        View(right, U, Index((Slice(None, number(-1), None),))),
        Increment(left, (), right),
    ]
    assert text((U,), body) == ["u[1:] = u[1:] + u[:-1]"]


def test_load_stays_before_a_write() -> None:
    before, after = scalar("_t"), scalar("_t")
    body = [Load(before, U, (K,)), Store(U, (K,), A), Load(after, U, (K,))]
    out = scalar("_y")
    body.append(call(np.add, out, before, after))
    assert text((U, K, A), body, out) == ["t = u[k]", "u[k] = a", "return t + u[k]"]


def test_load_moves_over_a_write_to_other_memory() -> None:
    before, out = scalar("_t"), scalar("_y")
    body = [Load(before, U, (K,)), Store(V, (K,), A), call(np.add, out, before, A)]
    assert text((U, V, K, A), body, out) == ["v[k] = a", "return u[k] + a"]


def test_two_uses_take_a_line() -> None:
    t, y = scalar("_t"), scalar("_y")
    body = [call(np.sin, t, A), call(np.multiply, y, t, t)]
    assert text((A,), body, y) == ["t = np.sin(a)", "return t * t"]


def test_long_expressions_are_cut() -> None:
    terms: list[Statement] = []
    last: Operand = A
    for _ in range(9):
        out = scalar("_t")
        terms.append(call(np.add, out, last, B))
        last = out
    assert text((A, B), terms, last) == [
        "t = a + b + b + b + b + b + b",
        "return t + b + b + b",
    ]


def counted(index: Value, stop: Operand, carried: list[Carried], *body: Statement) -> For:
    return For(index, number(0), stop, number(1), tuple(carried), Block(body))


def test_sum_keeps_its_name() -> None:
    i, t = integer("i"), scalar("_t")
    phi, step, out = scalar("s"), scalar("s"), scalar("s")
    loop = counted(
        i,
        N,
        [Carried(phi, number(0.0), step, out)],
        Load(t, U, (i,)),
        call(np.add, step, phi, t),
    )
    assert text((U, N), [loop], out) == [
        "s = 0.0",
        "for i in range(n):",
        "    s += u[i]",
        "return s",
    ]


def test_arrays_are_not_added_in_place() -> None:
    phi, step, out = vector("v"), vector("v"), vector("v")
    carried = [Carried(phi, V, step, out)]
    loop = counted(integer("i"), N, carried, call(np.add, step, phi, U))
    assert text((U, V, N), [loop], out) == [
        "for i in range(n):",
        "    v = v + u",
        "return v",
    ]


def test_swap() -> None:
    a, b, c, d = (vector(name) for name in ("a", "b", "a", "b"))
    p, q = vector("a"), vector("b")
    loop = counted(integer("i"), N, [Carried(a, p, b, c), Carried(b, q, a, d)], Store(a, (), X))
    lines = text((p, q, X, N), [loop], c, d)
    assert lines == ["for i in range(n):", "    a[:] = x", "    a, b = b, a", "return a, b"]


def test_permutation_of_phis_is_one_assignment() -> None:
    phis = [scalar(name) for name in "abc"]
    outs = [scalar(name) for name in "abc"]
    inits = [number(1.0), number(2.0), number(3.0)]
    nexts = [phis[1], phis[2], phis[0]]
    loop = counted(integer("i"), N, list(map(Carried, phis, inits, nexts, outs)))
    assert text((N,), [loop], *outs) == [
        "a = 1.0",
        "b = 2.0",
        "c = 3.0",
        "for i in range(n):",
        "    a, b, c = b, c, a",
        "return a, b, c",
    ]


def test_chain_of_phis_needs_no_tuple() -> None:
    a, b, c, d, e = scalar("a"), scalar("b"), scalar("a"), scalar("b"), scalar("_t")
    carried = [Carried(a, number(0.0), e, c), Carried(b, number(1.0), a, d)]
    loop = counted(integer("i"), N, carried, call(np.add, e, a, b))
    assert text((N,), [loop], c, d) == [
        "a = 0.0",
        "b = 1.0",
        "for i in range(n):",
        "    t = a + b",
        "    b = a",
        "    a = t",
        "return a, b",
    ]


def test_old_value_that_is_read_later_gets_a_number() -> None:
    s_1, s_2, y = scalar("s"), scalar("s"), scalar("_y")
    body = [call(np.sin, s_1, A), call(np.cos, s_2, s_1), call(np.add, y, s_1, s_2)]
    assert text((A,), list(body), y) == ["s = np.sin(a)", "s_1 = np.cos(s)", "return s + s_1"]
    shared = [call(np.sin, s_1, A), call(np.cos, s_2, s_1)]
    assert text((A,), list(shared), s_2) == ["s = np.sin(a)", "s = np.cos(s)", "return s"]


def test_values_of_two_types_do_not_share_a_name() -> None:
    s_1, s_2 = integer("s"), scalar("s")
    body = [call(np.add, s_1, K, K), call(np.multiply, s_2, s_1, A)]
    assert text((A, K), list(body), s_2) == ["s = k + k", "s_1 = s * a", "return s_1"]


def test_branches() -> None:
    p, q = scalar("_p", BOOL), scalar("_q", BOOL)
    s_1, s_2, s_3, inner, out = (scalar("s") for _ in range(5))
    second = If(
        q, Block((call(np.cos, s_2, A),)), Block((call(np.tan, s_3, A),)), (Join(inner, s_2, s_3),)
    )
    first = If(
        p,
        Block((call(np.sin, s_1, A),)),
        Block((call(np.less, q, B, A), second)),
        (Join(out, s_1, inner),),
    )
    assert text((A, B), [call(np.less, p, A, B), first], out) == [
        "if a < b:",
        "    s = np.sin(a)",
        "elif b < a:",
        "    s = np.cos(a)",
        "else:",
        "    s = np.tan(a)",
        "return s",
    ]


def test_branch_that_keeps_a_value_has_no_else() -> None:
    p = scalar("p", BOOL)
    s_1, s_2, out = scalar("s"), scalar("s"), scalar("s")
    kept = If(p, Block((call(np.add, s_2, s_1, A),)), Block(), (Join(out, s_2, s_1),))
    assert text((A, p), [call(np.sin, s_1, A), kept], out) == [
        "s = np.sin(a)",
        "if p:",
        "    s += a",
        "return s",
    ]
    turned = If(p, Block(), Block((call(np.add, s_2, s_1, A),)), (Join(out, s_1, s_2),))
    assert text((A, p), [call(np.sin, s_1, A), turned], out)[1:3] == ["if not p:", "    s += a"]


def whole(head: list[Statement], condition: Operand, leave: Operand | None = None) -> list[str]:
    x, following, out = scalar("x"), scalar("x"), scalar("x")
    trips = integer("trips")
    halve = call(np.multiply, following, x, number(0.5))
    head = [call(s.function, s.out, x, A) if isinstance(s, Call) else s for s in head]
    loop = While(
        (Carried(x, number(8.0), following, out),),
        Block(tuple(head)),
        condition,
        Block((halve,)),
        leave,
        trips,
    )
    return text((A, scalar("p", BOOL)) if leave is None else (A, leave), [loop], out, trips)


def test_while() -> None:
    more = scalar("_m", BOOL)
    assert whole([call(np.greater, more, A, A)], more) == [
        "x = 8.0",
        "trips = 0",
        "while x > a:",
        "    trips += 1",
        "    x *= 0.5",
        "return x, trips",
    ]


def test_while_with_a_head() -> None:
    more, stop = scalar("more", BOOL), scalar("p", BOOL)
    assert whole([call(np.greater, more, A, A)], more, stop) == [
        "x = 8.0",
        "trips = 0",
        "while True:",
        "    more = x > a",
        "    if not more:",
        "        break",
        "    trips += 1",
        "    x *= 0.5",
        "    if p:",
        "        break",
        "return x, trips",
    ]


def test_leave_reads_the_old_value_of_a_phi() -> None:
    x, new, out = scalar("x"), scalar("x_new"), scalar("x")
    step, small = scalar("_step"), scalar("_small", BOOL)
    body = Block(
        (
            call(np.cos, new, x),
            call(np.subtract, step, new, x),
            call(np.less, small, step, A),
        )
    )
    loop = For(integer("i"), number(0), K, number(1), (Carried(x, B, new, out),), body, small)
    assert text((A, B, K), [loop], out) == [
        "x = b",
        "for i in range(k):",
        "    x_new = np.cos(x)",
        "    small = x_new - x < a",
        "    x = x_new",
        "    if small:",
        "        break",
        "return x",
    ]


def test_for_headers_and_empty_body() -> None:
    def header(*bounds: Operand) -> str:
        start, stop, step = bounds
        lines = text((K, N), [For(integer("i"), start, stop, step, (), Block())])
        assert lines[1] == "    pass"
        return lines[0]

    assert header(number(0), N, number(1)) == "for i in range(n):"
    assert header(K, N, number(1)) == "for i in range(k, n):"
    assert header(K, number(-1), number(-1)) == "for i in range(k, -1, -1):"


def test_guard() -> None:
    same, n, m = scalar("_c", BOOL), integer("_n"), integer("_m")
    body = [
        call(np.shape, n, U, axis=0),
        call(np.shape, m, V, axis=0),
        call(np.equal, same, n, m),
        Guard(same, ShapeError, "u and v differ"),
    ]
    function = Function("f", (U, V), Block(tuple(body)), ())
    result = render(function)
    assert result.source.splitlines()[2:] == [
        "    if u.shape[0] != v.shape[0]:",
        '        raise ShapeError("u and v differ")',
    ]
    assert result.globals == {"np": np, "ShapeError": ShapeError}


def test_a_nan_decides_no_negated_comparison() -> None:
    less = scalar("_c", BOOL)
    body = [call(np.less, less, A, B), Guard(less, ValueError, 'not "less"')]
    assert text((A, B), list(body))[0] == "if not a < b:"


def test_names_step_aside() -> None:
    np_param, local, keyword = scalar("np"), scalar("range"), scalar("lambda")
    body = [call(np.tanh, local, np_param), call(np.sin, keyword, local)]
    result = render(Function("f", (np_param,), Block(tuple(body)), (local, keyword)))
    assert result.source.splitlines()[2:] == [
        "    range_1 = np_1.tanh(np)",
        "    lambda_1 = np_1.sin(range_1)",
        "    return range_1, lambda_1",
    ]
    assert result.names == {"np": FLOAT64, "range_1": FLOAT64, "lambda_1": FLOAT64}
    assert result.globals == {"np_1": np}


def test_temporaries_never_take_the_name_of_a_variable() -> None:
    t, u, v = scalar("_s"), scalar("s"), scalar("s_1")
    body = [
        call(np.sin, t, A),
        call(np.multiply, u, t, t),
        call(np.cos, v, u),
    ]
    assert text((A,), list(body), u, v)[0] == "s_2 = np.sin(a)"
