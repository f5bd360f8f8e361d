"""The tangent of a derivative: the gradient of a tangent. See `transform.nested`."""

from collections.abc import Callable, Sequence

from srcdiff.ir.build import Builder, integer
from srcdiff.ir.derivatives import floats, reverse
from srcdiff.ir.nodes import (
    Derive,
    For,
    Function,
    Index,
    Operand,
    Value,
)
from srcdiff.ir.types import PYTHON_INT, Array
from srcdiff.transform.tangents.state import FULL, Tangent

Inner = Callable[[Function, tuple[Value, ...]], Function]
"""Returns the tangent of a function along some of its parameters."""


def tangent_of_derivative(t: Tangent, derive: Derive, inner: Inner) -> None:
    """The tangent of a gradient is a gradient: see `transform.nested`."""
    assert derive.mode == "reverse", derive.mode
    if derive.origin.constant:
        t.dots.update((out, t.zero(t.builder, out)) for out in derive.outs)
        return
    function, args = derive.function, derive.args
    ahead = [k for k, arg in enumerate(args) if t.dot(arg) is not None]
    directions = tuple(function.params[k] for k in ahead)
    along = inner(function, directions) if directions else function
    dots = [t.or_zero(t.builder, args[k]) for k in ahead]
    seeds = [None if seed is None else t.dot(seed) for seed in derive.seeds]
    if t.width is None:
        made = _derived(t, t.builder, derive, along, dots, seeds)
    else:
        made = _each_direction(t, derive, along, dots, seeds)
    t.dots.update((k, v) for k, v in zip(derive.outs, made, strict=True) if v is not None)


def _derived(
    t: Tangent,
    builder: Builder,
    derive: Derive,
    inner: Function,
    dots: Sequence[Operand],
    seeds: Sequence[Operand | None],
) -> list[Operand | None]:
    """Append a derivative along one direction; return the tangents of what `derive` gives."""
    count = len(derive.function.results)
    more = derive.seeds if dots else ()
    wrt = [len(dots) + k for k in derive.wrt]
    values, bars = reverse(builder, inner, wrt, (*seeds, *more), (*dots, *derive.args))
    tangents = dict(zip(floats(derive.function), values[count:], strict=False))
    return [*(tangents.get(k) for k in range(count)), *bars]


def _each_direction(
    t: Tangent,
    derive: Derive,
    inner: Function,
    dots: Sequence[Operand],
    seeds: Sequence[Operand | None],
) -> list[Operand | None]:
    """Append a loop over the directions."""
    assert t.width is not None
    index, body = Value("direction", PYTHON_INT), Builder(t.builder.origin)
    one = [_slice(t, body, dot, index) for dot in dots]
    given = [None if seed is None else _slice(t, body, seed, index) for seed in seeds]
    made = _derived(t, body, derive, inner, one, given)
    wide: list[Operand | None] = []
    for out, part in zip(derive.outs, made, strict=True):
        if part is None or not t.is_active(out):
            wide.append(None)
            continue
        whole = t.builder.alloc(t.shape(out), out.type.dtype, None, f"{out.name}_dot")
        body.store(_slice(t, body, whole, index, writing=True), (), part)  # type: ignore[arg-type]
        wide.append(whole)
    loop = For(index, integer(0), t.width, integer(1), (), body.block(), origin=body.origin)
    t.builder.append(loop)
    return wide


def _slice(
    t: Tangent, builder: Builder, dots: Operand, index: Value, *, writing: bool = False
) -> Operand:
    """Return one of several tangents."""
    assert isinstance(dots, Value)
    shape = dots.shape[:-1]
    if not shape and not writing:
        return builder.load(dots, (index,))
    how = Index((*[FULL] * len(shape), index))
    return builder.view(dots, how, Array(dots.type.dtype, len(shape), "A"), shape)
