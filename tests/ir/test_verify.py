"""The verifier passes what is well formed and finds each planted fault."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from srcdiff.errors import InternalError, Span
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
    Join,
    Load,
    Operand,
    Origin,
    Reshape,
    Slice,
    Statement,
    Store,
    Transpose,
    Value,
    View,
    While,
)
from srcdiff.ir.types import BOOL, FLOAT32, FLOAT64, INT64, Array, Scalar, Type
from srcdiff.ir.verify import verify

ALL = Slice(None, None, None)
TRUE = Const(True, BOOL)
ZERO, ONE, TWO = Const(0, INT64), Const(1, INT64), Const(2, INT64)
X = Const(1.5, FLOAT64)
HERE = Origin(span=Span("model.py", 7))


def array(ndim: int = 1, layout: Any = "C", scalar: Scalar = FLOAT64) -> Array:
    return Array(scalar.dtype, ndim, layout)


def integers(*names: str) -> list[Value]:
    return [Value(name, INT64) for name in names]


def add(name: str, left: Operand, right: Operand, type: Type = FLOAT64) -> Call:
    return Call(Value(name, type), np.add, (left, right), origin=HERE)


class Program:
    """Parameters: a (2-d), v (1-d), s (float), t (float32), k (int), c (bool); extents n, m."""

    def __init__(self) -> None:
        self.n, self.m = integers("n", "m")
        self.a = Value("a", array(2), (self.n, self.m))
        self.v = Value("v", array(1), (self.m,))
        self.s = Value("s", FLOAT64)
        self.t = Value("t", FLOAT32)
        self.k = Value("k", INT64)
        self.c = Value("c", BOOL)

    def function(self, *body: Statement, results: tuple[Operand, ...] = ()) -> Function:
        extents = (
            Call(self.n, np.shape, (self.a,), (("axis", 0),)),
            Call(self.m, np.shape, (self.a,), (("axis", 1),)),
        )
        params = (self.a, self.v, self.s, self.t, self.k, self.c)
        return Function("f", params, Block((*extents, *body)), results)


Body = Callable[[Program], tuple[Statement, ...]]


def counted(
    body: tuple[Statement, ...] = (),
    carried: tuple[Carried, ...] = (),
    index: Value | None = None,
    **rest: Any,
) -> For:
    index = index or Value("i", INT64)
    bounds: dict[str, Any] = {"start": ZERO, "stop": TWO, "step": ONE} | rest
    return For(index, carried=carried, body=Block(body), origin=HERE, **bounds)


def carried(p: Program, next: Operand | None = None, type: Type = FLOAT64) -> Carried:
    phi = Value("w", type)
    return Carried(phi, p.s, phi if next is None else next, Value("w_out", type))


def view(p: Program, ref: Value, how: Any, type: Type, *shape: Operand) -> View:
    return View(Value("b", type, shape), ref, how, HERE)


def sum_by_for(p: Program) -> tuple[Statement, ...]:
    index, phi = Value("i", INT64), Value("w", FLOAT64)
    element = Load(Value("e", FLOAT64), p.v, (index,))
    total = add("w", phi, element.out)
    out, trips = Value("w", FLOAT64), Value("trips", INT64)
    leave = Call(Value("big", BOOL), np.greater, (total.out, X))
    entry = Carried(phi, p.s, total.out, out)
    body = (element, total, leave)
    loop = counted(body, (entry,), index, stop=p.m, leave=leave.out, trips=trips)
    return loop, add("r", out, p.s), add("q", trips, p.k, INT64)


def halve_by_while(p: Program) -> tuple[Statement, ...]:
    phi, out = Value("w", FLOAT64), Value("w", FLOAT64)
    square = Call(Value("q", FLOAT64), np.multiply, (phi, phi))
    again = Call(Value("again", BOOL), np.greater, (square.out, X))
    half = Call(Value("h", FLOAT64), np.divide, (square.out, phi))
    entry = Carried(phi, p.s, half.out, out)
    loop = While((entry,), Block((square, again)), again.out, Block((half,)))
    return loop, add("r", out, p.s)


def branch(p: Program) -> tuple[Statement, ...]:
    then, orelse = add("y", p.s, X), add("y", X, X)
    joined = Value("y", FLOAT64)
    join = Join(joined, then.out, orelse.out)
    return If(p.c, Block((then,)), Block((orelse,)), (join,)), add("r", joined, p.s)


def joined_references(p: Program) -> tuple[Statement, ...]:
    extent = Value("l", INT64)
    out = Value("y", array(1, "A"), (extent,))
    column = view(p, p.a, Index((ALL, ZERO)), array(1, "A"), p.n)
    choice = If(p.c, Block((column,)), Block(), (Join(out, column.out, p.v),))
    return choice, Call(extent, np.shape, (out,), (("axis", 0),)), Store(out, (ZERO,), p.s)


def swapped(p: Program) -> tuple[Statement, ...]:
    """Two buffers, swapped in each iteration: the phi of one is the next of the other."""
    first = Alloc(Value("p", array(), (p.m,)), Const(0.0, FLOAT64))
    second = Alloc(Value("q", array(), (p.m,)))
    phis = [Value(name, array(), (p.m,)) for name in "pq"]
    outs = [Value(name, array(), (p.m,)) for name in "pq"]
    entries = (
        Carried(phis[0], first.out, phis[1], outs[0]),
        Carried(phis[1], second.out, phis[0], outs[1]),
    )
    write = Store(phis[0], (), phis[1])
    return first, second, counted((write,), entries), Increment(outs[1], (ZERO,), p.s)


VALID: dict[str, Body] = {
    "call": lambda p: (add("y", p.s, X),),
    "call on arrays": lambda p: (
        Call(Value("y", array(2), (p.n, p.m)), np.multiply, (p.a, p.v)),
        Call(Value("z", array(2, scalar=BOOL), (p.n, p.m)), np.less, (p.a, p.s)),
    ),
    "integer exponent": lambda p: (Call(Value("y", FLOAT64), np.power, (p.s, p.k)),),
    "alloc": lambda p: (Alloc(Value("b", array(2), (p.n, TWO)), X), Alloc(Value("e", array(0)))),
    "view of a row": lambda p: (view(p, p.a, Index((p.k, ALL)), array(), p.m),),
    "view of a column": lambda p: (view(p, p.a, Index((ALL, p.k)), array(1, "A"), p.n),),
    "view with a new axis": lambda p: (
        view(p, p.v, Index((NEW_AXIS, ALL)), array(2, "A"), ONE, p.m),
    ),
    "view whose extent is read later": lambda p: (
        sliced := view(p, p.v, Index((Slice(p.k, None, TWO),)), array(1, "A"), *integers("l")),
        Call(sliced.out.shape[0], np.shape, (sliced.out,), (("axis", 0),)),
        Alloc(Value("w", array(), sliced.out.shape)),
    ),
    "transpose": lambda p: (view(p, p.a, Transpose((1, 0)), array(2, "F"), p.m, p.n),),
    "reshape": lambda p: (
        size := Call(Value("size", INT64), np.multiply, (p.n, p.m)),
        view(p, p.a, Reshape(), array(), size.out),
    ),
    "broadcast": lambda p: (view(p, p.v, Broadcast(), array(2, "A"), p.n, p.m),),
    "load": lambda p: (Load(Value("y", FLOAT64), p.a, (p.k, ZERO)),),
    "store": lambda p: (Store(p.a, (p.k, ZERO), p.s), Store(p.a, (), p.v)),
    "increment": lambda p: (Increment(p.v, (p.k,), p.s), Increment(p.v, (), X)),
    "guard": lambda p: (Guard(p.c, ValueError, "no"),),
    "if": branch,
    "if, joining references": joined_references,
    "for": sum_by_for,
    "for, swapping references": swapped,
    "while": halve_by_while,
}


@pytest.mark.parametrize("body", VALID.values(), ids=list(VALID))
def test_well_formed_passes(body: Body) -> None:
    p = Program()
    verify(p.function(*body(p), results=(p.s, X)))


def twice(p: Program) -> tuple[Statement, ...]:
    statement = add("y", p.s, X)
    return statement, Call(statement.out, np.sin, (p.s,))


def used_before(p: Program) -> tuple[Statement, ...]:
    later = add("y", p.s, X)
    return add("z", later.out, X), later


def one_statement_twice(p: Program) -> tuple[Statement, ...]:
    statement = Store(p.v, (ZERO,), p.s)
    return statement, If(p.c, Block((statement,)), Block())


def escapes_branch(p: Program) -> tuple[Statement, ...]:
    inner = add("y", p.s, X)
    return If(p.c, Block((inner,)), Block()), add("z", inner.out, X)


def side_of_other_branch(p: Program) -> tuple[Statement, ...]:
    inner = add("y", p.s, X)
    return (If(p.c, Block((inner,)), Block(), (Join(Value("z", FLOAT64), X, inner.out),)),)


def escapes_loop(p: Program) -> tuple[Statement, ...]:
    loop = counted()
    return loop, add("z", loop.index, p.k, INT64)


def phi_after_loop(p: Program) -> tuple[Statement, ...]:
    entry = carried(p)
    return counted((), (entry,)), add("z", entry.phi, X)


def init_from_inside(p: Program) -> tuple[Statement, ...]:
    inner = add("y", p.s, X)
    entry = Carried(Value("w", FLOAT64), inner.out, inner.out, Value("w", FLOAT64))
    return (counted((inner,), (entry,)),)


def bound_from_inside(p: Program) -> tuple[Statement, ...]:
    inner = add("y", p.k, ONE, INT64)
    return (counted((inner,), stop=inner.out),)


def condition_from_body(p: Program) -> tuple[Statement, ...]:
    inner = Call(Value("y", BOOL), np.greater, (p.s, X))
    return (While((), Block(), inner.out, Block((inner,))),)


def out_in_body(p: Program) -> tuple[Statement, ...]:
    entry = carried(p)
    return (counted((add("z", entry.out, X),), (entry,)),)


def writes(p: Program, *statements: View) -> tuple[Statement, ...]:
    return (*statements, Store(statements[-1].out, (), X))


def written_broadcast(p: Program) -> tuple[Statement, ...]:
    wide = view(p, p.v, Broadcast(), array(2, "A"), p.n, p.m)
    return writes(p, wide, view(p, wide.out, Index((ZERO, ALL)), array(1, "A"), p.m))


def broadcast_by_next(p: Program) -> tuple[Statement, ...]:
    """The write stands before the broadcast, which comes around with the next iteration."""
    wide = view(p, p.v, Broadcast(), array(2, "A"), p.n, p.m)
    phi, out = (Value("b", array(2, "A"), (p.n, p.m)) for _ in range(2))
    write = Store(phi, (ZERO, ZERO), p.s)
    return (counted((write, wide), (Carried(phi, p.a, wide.out, out),)),)


def call(function: Any, type: Type, *args: Operand, shape: tuple[Operand, ...] = ()) -> Call:
    return Call(Value("y", type, shape), function, args, origin=HERE)


FAULTS: dict[str, tuple[Body, str]] = {
    "two definitions": (twice, "second definition"),
    "use before definition": (used_before, "no definition before its use"),
    "undefined": (lambda p: (add("y", Value("u", FLOAT64), X),), "no definition"),
    "statement in two places": (one_statement_twice, "two places"),
    "use after the branch": (escapes_branch, "y is out of scope"),
    "side of the other branch": (side_of_other_branch, "y is out of scope"),
    "index after the loop": (escapes_loop, "i is out of scope"),
    "phi after the loop": (phi_after_loop, "w is out of scope"),
    "out in the body": (out_in_body, "no definition before its use"),
    "init from inside": (init_from_inside, "no definition before its use"),
    "bound from inside": (bound_from_inside, "no definition before its use"),
    "condition from the body": (condition_from_body, "no definition before its use"),
    "extent that does not dominate": (
        lambda p: (Alloc(Value("b", array(), tuple(integers("late")))),),
        "late has no definition",
    ),
    "extent that is never read": (
        lambda p: (view(p, p.v, Index((ALL,)), array(), *integers("lost")),),
        "lost#[0-9]+, an extent of b, is not defined",
    ),
    "extent that is something else": (
        lambda p: (
            sliced := view(p, p.v, Index((ALL,)), array(), *integers("l")),
            Call(sliced.out.shape[0], np.add, (p.k, ONE)),
        ),
        "l is not read from b, axis 0",
    ),
    "too few extents": (lambda p: (Alloc(Value("b", array(2), (p.n,))),), "1 extents and 2 axes"),
    "extent not an integer": (lambda p: (Alloc(Value("b", array(), (p.s,))),), "not an integer"),
    "scalar with an extent": (
        lambda p: (call(np.sin, FLOAT64, p.s, shape=(p.n,)),),
        "1 extents and 0 axes",
    ),
    "extent of a missing axis": (
        lambda p: (Call(Value("y", INT64), np.shape, (p.v,), (("axis", 1),)),),
        "axis 1, which does not exist",
    ),
    "join of two dtypes": (
        lambda p: (If(p.c, Block(), Block(), (Join(Value("y", FLOAT64), p.s, p.t),)),),
        "y#[0-9]+ is float64, t#[0-9]+ is float32",
    ),
    "join of scalar and array": (
        lambda p: (If(p.c, Block(), Block(), (Join(Value("y", FLOAT64), p.s, p.v),)),),
        "y is float64, v#",
    ),
    "join that claims a layout": (
        lambda p: (
            turned := view(p, p.a, Transpose((1, 0)), array(2, "F"), p.m, p.n),
            If(
                p.c,
                Block(),
                Block(),
                (Join(Value("y", array(2), (TWO, TWO)), p.a, turned.out),),
            ),
        ),
        "claims a layout",
    ),
    "carried of two dtypes": (lambda p: (counted((), (carried(p, p.t),)),), "float32"),
    "carried phi of another dtype": (
        lambda p: (counted((), (carried(p, type=FLOAT32),)),),
        "float32",
    ),
    "too few indices": (lambda p: (Load(Value("y", FLOAT64), p.a, (p.k,)),), "has 2 axes, and 1"),
    "load without indices": (lambda p: (Load(Value("y", FLOAT64), p.v, ()),), "has 1 axes, and 0"),
    "load of another dtype": (lambda p: (Load(Value("y", FLOAT32), p.v, (p.k,)),), "float32"),
    "float index": (lambda p: (Load(Value("y", FLOAT64), p.v, (p.s,)),), "an index, is not an"),
    "store with too many indices": (lambda p: (Store(p.v, (p.k, p.k), p.s),), "has 1 axes, and 2"),
    "store into a scalar": (lambda p: (Store(p.s, (), X),), "s is not an array"),
    "store that casts": (lambda p: (Store(p.v, (p.k,), p.t),), "float64.*float32"),
    "increment that casts": (lambda p: (Increment(p.v, (), p.k),), "int64"),
    "store of an array into an element": (lambda p: (Store(p.v, (p.k,), p.v),), "more than 0"),
    "store that does not broadcast": (lambda p: (Store(p.v, (), p.a),), "more than 1 axes"),
    "store of other literal extents": (
        lambda p: (
            two := Alloc(Value("b", array(), (TWO,)), X),
            three := Alloc(Value("d", array(), (Const(3, INT64),)), X),
            Store(two.out, (), three.out),
        ),
        "has extent 3 where 2 is due",
    ),
    "fill of another dtype": (lambda p: (Alloc(Value("b", array(), (p.n,)), ONE),), "int64"),
    "fill with an array": (lambda p: (Alloc(Value("b", array(), (p.n,)), p.v),), "not a scalar"),
    "condition not a bool": (lambda p: (If(p.k, Block(), Block()),), "not a bool"),
    "guard on an array": (
        lambda p: (
            test := call(np.less, array(scalar=BOOL), p.v, p.s, shape=(p.m,)),
            Guard(test.out, ValueError, "no"),
        ),
        "not a bool",
    ),
    "leave not a bool": (lambda p: (counted(leave=p.s),), "not a bool"),
    "float bound": (lambda p: (counted(stop=p.s),), "not an integer"),
    "step of zero": (lambda p: (counted(step=ZERO),), "steps by 0"),
    "float trips": (lambda p: (counted(trips=Value("trips", FLOAT64)),), "number of trips"),
    "operands of two dtypes": (lambda p: (add("y", p.s, p.t),), "float64.*float32"),
    "operands of integer and float": (lambda p: (add("y", p.s, p.k),), "float64.*int64"),
    "result of another dtype": (lambda p: (add("y", p.s, X, FLOAT32),), "float32 instead of"),
    "comparison that gives a float": (lambda p: (call(np.less, FLOAT64, p.s, X),), "of bool"),
    "result of another rank": (lambda p: (call(np.sin, FLOAT64, p.v),), "0 axes instead of 1"),
    "too few operands": (lambda p: (call(np.add, FLOAT64, p.s),), "1 operands to add"),
    "function of integers on floats": (
        lambda p: (call(np.bitwise_and, FLOAT64, p.s, X),),
        "does not take float64",
    ),
    "literal of another kind": (lambda p: (add("y", p.s, Const(1, FLOAT64)),), "literal 1 is not"),
    "bool as an integer": (lambda p: (add("y", p.k, Const(True, INT64), INT64),), "literal True"),
    "literal out of range": (
        lambda p: (
            call(np.negative, Scalar(np.dtype(np.int8)), Const(300, Scalar(np.dtype("i1")))),
        ),
        "not a number of int8",
    ),
    "literal that float32 has not": (
        lambda p: (add("y", p.t, Const(0.1, FLOAT32), FLOAT32),),
        "not a number of float32",
    ),
    "view of another dtype": (
        lambda p: (view(p, p.v, Index((ALL,)), array(scalar=FLOAT32), p.m),),
        "float32",
    ),
    "index that leaves an axis out": (
        lambda p: (view(p, p.a, Index((ALL,)), array(), p.n),),
        "has 2 axes, not 1",
    ),
    "view of another rank": (
        lambda p: (view(p, p.a, Index((p.k, ALL)), array(2), p.n, p.m),),
        "should have 1 axes",
    ),
    "new axis of an extent": (
        lambda p: (view(p, p.v, Index((NEW_AXIS, ALL)), array(2), p.n, p.m),),
        "not of extent 1",
    ),
    "slice by floats": (
        lambda p: (view(p, p.v, Index((Slice(p.s, None, None),)), array(), p.m),),
        "part of a slice, is not an integer",
    ),
    "slice with step zero": (
        lambda p: (view(p, p.v, Index((Slice(None, None, ZERO),)), array(1, "A"), p.m),),
        "steps by 0",
    ),
    "column said to be contiguous": (
        lambda p: (view(p, p.a, Index((ALL, p.k)), array(), p.n),),
        "claims a layout",
    ),
    "stepped slice said to be contiguous": (
        lambda p: (view(p, p.v, Index((Slice(None, None, TWO),)), array(), p.m),),
        "claims a layout",
    ),
    "block said to be contiguous": (
        lambda p: (view(p, p.a, Index((ALL, Slice(ONE, None, None))), array(2), p.n, p.m),),
        "claims a layout",
    ),
    "transpose by no permutation": (
        lambda p: (view(p, p.a, Transpose((0, 0)), array(2, "A"), p.n, p.n),),
        "not a permutation",
    ),
    "transpose said to be C": (
        lambda p: (view(p, p.a, Transpose((1, 0)), array(2), p.m, p.n),),
        "claims a layout",
    ),
    "reshape of what is not C": (
        lambda p: (
            column := view(p, p.a, Index((ALL, p.k)), array(1, "A"), p.n),
            view(p, column.out, Reshape(), array(2), p.n, ONE),
        ),
        "reshapes b, which is not C",
    ),
    "broadcast said to be C": (
        lambda p: (view(p, p.v, Broadcast(), array(2), p.n, p.m),),
        "claims a layout",
    ),
    "broadcast to fewer axes": (
        lambda p: (view(p, p.a, Broadcast(), array(1, "A"), p.m),),
        "more than 1 axes",
    ),
    "view of a broadcast is written": (written_broadcast, "b, which may be a broadcast"),
    "broadcast that comes around is written": (broadcast_by_next, "b, which may be a broadcast"),
}


@pytest.mark.parametrize(("body", "message"), FAULTS.values(), ids=list(FAULTS))
def test_fault_is_found(body: Body, message: str) -> None:
    p = Program()
    with pytest.raises(InternalError, match=message) as caught:
        verify(p.function(*body(p)))
    assert "in the IR of f" in caught.value.message


def test_error_names_function_statement_and_line() -> None:
    p = Program()
    with pytest.raises(InternalError) as caught:
        verify(p.function(add("y", p.s, p.k)))
    assert str(caught.value).startswith("model.py:7: in the IR of f, at `Call y = add(...)`: s#")


def test_result_that_is_not_defined_is_found() -> None:
    p = Program()
    with pytest.raises(InternalError, match="y has no definition"):
        verify(p.function(results=(Value("y", FLOAT64),)))


def test_result_from_inside_a_loop_is_found() -> None:
    p = Program()
    inner = add("y", p.s, X)
    with pytest.raises(InternalError, match="y is out of scope"):
        verify(p.function(counted((inner,)), results=(inner.out,)))


def test_parameter_given_twice_is_found() -> None:
    x = Value("x", FLOAT64)
    with pytest.raises(InternalError, match="second definition"):
        verify(Function("f", (x, x), Block(), ()))


def test_extent_of_a_parameter_that_is_never_read_is_found() -> None:
    x = Value("x", array(), tuple(integers("n")))
    with pytest.raises(InternalError, match="an extent of x, is not defined"):
        verify(Function("f", (x,), Block(), ()))
