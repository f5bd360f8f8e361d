"""Calls that do something besides what they return: `print`, and random numbers.

They run once, where they stand, in the primal sweep; the numbers that were drawn are kept. Arrays
of random numbers are drawn element by element, in the order in which NumPy draws them.
"""

import ast
import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from srcdiff.errors import UnsupportedSyntax
from srcdiff.frontend.context import Context, Entity, Static
from srcdiff.ir.build import Builder, constant, integer
from srcdiff.ir.nodes import Call, Const, For, Operand, Value, is_array
from srcdiff.ir.types import FLOAT64, PYTHON_FLOAT, PYTHON_INT, Scalar

Handler = Callable[..., Entity]


def print_(c: Context, node: ast.AST, name: str, *args: Entity) -> Entity:
    """Lower a `print`."""
    del name
    parts: list[str | None] = []
    operands: list[Operand] = []
    for arg in args:
        match arg:
            case Value() | Const():
                parts.append(None)
                operands.append(arg)
            case Static(value=str() | None | bool() as value):
                parts.append(str(value))
            case _:
                c.fail(node, "This cannot be printed.", "Print strings, numbers and arrays.")
    _append(c, print, operands, (("parts", tuple(parts)),))
    return Static(None)


def _append(
    c: Context,
    function: Callable[..., Any],
    args: Sequence[Operand],
    static: tuple[tuple[str, Any], ...] = (),
) -> None:
    c.builder.call_into(Value("_none", PYTHON_INT), function, tuple(args), static)


def _seed(function: Callable[..., Any]) -> Handler:
    def seed(c: Context, node: ast.AST, name: str, number: Entity) -> Entity:
        del name
        _append(c, function, [_number(c, node, number, PYTHON_INT)])
        return Static(None)

    return seed


def _draw(
    function: Callable[..., Any], names: str = "", *defaults: float, whole: bool = False
) -> Handler:
    """Return what lowers draws from a distribution with such parameters, the last with defaults."""
    params = names.split()
    known = dict(zip(params[len(params) - len(defaults) :], defaults, strict=True))
    kind = PYTHON_INT if whole else PYTHON_FLOAT

    def draw(c: Context, node: ast.AST, name: str, *args: Entity, **kwargs: Entity) -> Entity:
        given = {**dict(zip((*params, "size"), args, strict=False)), **kwargs}
        size = given.pop("size", Static(None))
        if len(args) > len(params) + 1 or not set(given) <= set(params):
            taken = ", ".join((*params, "size"))
            c.fail(node, f"`{_title(function)}` takes {taken}.", "Mend the call.")
        values: list[Operand] = []
        for param in params:
            if param not in given and param not in known:
                c.fail(node, f"`{_title(function)}` needs `{param}`.", "Pass it.")
            due = constant(known.get(param, 0.0), kind if whole else FLOAT64)
            values.append(_number(c, node, given.get(param, due), kind))
        return _drawn(c, node, name, function, values, _shape(c, node, size), kind)

    return draw


def _by_shape(function: Callable[..., Any]) -> Handler:
    """Return what lowers `rand(2, 3)`: the shape in place of a size."""

    def draw(c: Context, node: ast.AST, name: str, *shape: Entity) -> Entity:
        extents = _shape(c, node, tuple(shape)) if shape else None
        return _drawn(c, node, name, function, [], extents, PYTHON_FLOAT)

    return draw


def _title(function: Callable[..., Any]) -> str:
    return str(getattr(function, "__name__", "this"))


def _number(c: Context, node: ast.AST, entity: Entity, kind: Scalar) -> Operand:
    numeric = isinstance(entity, Value | Const) and not is_array(entity)
    if not isinstance(entity, Value | Const) or not numeric:
        c.fail(node, "A parameter of a distribution is not a number.", "Draw in a loop.")
    if kind.dtype.kind == "i" and entity.type.dtype.kind not in "iub":
        c.fail(node, "This takes an integer.", "Pass one.")
    return c.builder.cast(entity, kind.dtype)


def _shape(c: Context, node: ast.AST, size: Entity) -> tuple[Operand, ...] | None:
    if isinstance(size, Static) and size.value is None:
        return None
    extents = size if isinstance(size, tuple) else (size,)
    return tuple(_number(c, node, extent, PYTHON_INT) for extent in extents)


def _drawn(
    c: Context,
    node: ast.AST,
    name: str,
    function: Callable[..., Any],
    args: Sequence[Operand],
    shape: tuple[Operand, ...] | None,
    kind: Scalar,
) -> Entity:
    if c.constant:
        c.fail(
            node,
            "Random numbers are not drawn in the block of a `no_grad`.",
            "Draw them before it: they are constants anyway.",
            UnsupportedSyntax,
        )
    if shape is None:
        out = Value(name, kind)
        c.builder.call_into(out, function, tuple(args), ())
        return out
    array = c.builder.alloc(shape, kind.dtype, None, name)
    _fill(c.builder, array, function, tuple(args), kind, ())
    return array


def _fill(
    builder: Builder,
    array: Value,
    function: Callable[..., Any],
    args: tuple[Operand, ...],
    kind: Scalar,
    indices: tuple[Value, ...],
) -> None:
    """Append loops that draw each element."""
    if len(indices) == len(array.shape):
        drawn = Value("_drawn", Scalar(kind.dtype))
        builder.append(Call(drawn, function, args, (), builder.origin))
        builder.store(array, indices, drawn)
        return
    index, inner = Value("_k", PYTHON_INT), Builder(builder.origin)
    _fill(inner, array, function, args, kind, (*indices, index))
    bounds = (integer(0), array.shape[len(indices)], integer(1))
    builder.append(For(index, *bounds, (), inner.block(), origin=builder.origin))


HANDLERS: dict[Any, Handler] = {
    print: print_,
    np.random.seed: _seed(np.random.seed),
    np.random.random: _draw(np.random.random),
    np.random.random_sample: _draw(np.random.random),
    np.random.sample: _draw(np.random.random),
    np.random.ranf: _draw(np.random.random),
    np.random.rand: _by_shape(np.random.random),
    np.random.randn: _by_shape(np.random.standard_normal),
    np.random.uniform: _draw(np.random.uniform, "low high", 0.0, 1.0),
    np.random.normal: _draw(np.random.normal, "loc scale", 0.0, 1.0),
    np.random.standard_normal: _draw(np.random.standard_normal),
    np.random.exponential: _draw(np.random.exponential, "scale", 1.0),
    np.random.gamma: _draw(np.random.gamma, "shape scale", 1.0),
    np.random.beta: _draw(np.random.beta, "a b"),
    np.random.laplace: _draw(np.random.laplace, "loc scale", 0.0, 1.0),
    np.random.randint: _draw(np.random.randint, "low high", whole=True),
    random.seed: _seed(random.seed),
    random.random: _draw(random.random),
    random.uniform: _draw(random.uniform, "a b"),
    random.gauss: _draw(random.gauss, "mu sigma"),
    random.normalvariate: _draw(random.normalvariate, "mu sigma"),
    random.randint: _draw(random.randint, "a b", whole=True),
}
