"""Calls: elementwise functions, NumPy functions lowered here, NumPy functions written in the
language itself (`srcdiff.library`), and the user's own functions, which are inlined."""

import ast
import builtins
import inspect
import operator
from collections.abc import Mapping
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from srcdiff.errors import SrcdiffError, UnknownFunction
from srcdiff.frontend import arrays, construct, effects, reductions, selections, shapes
from srcdiff.frontend.arithmetic import apply
from srcdiff.frontend.context import (
    Context,
    Entity,
    Iteration,
    LocalFunction,
    Method,
    Partial,
    Read,
    Record,
    Static,
    Transformed,
    children,
    plain,
    row,
)
from srcdiff.frontend.derivatives import call_transformed, jvp, transformed
from srcdiff.frontend.objects import from_object
from srcdiff.frontend.records import attribute, call_method, items_of, opened
from srcdiff.frontend.rules import call_whole, call_with_rule
from srcdiff.frontend.target import Target, unwrap
from srcdiff.ir.nodes import Const, Operand, Value, is_array
from srcdiff.ir.types import Scalar
from srcdiff.library import LIBRARY
from srcdiff.products import CHECKPOINT, COTANGENTS, JVP, Product, Transform
from srcdiff.rules import canonical, elementwise_rule, is_zero
from srcdiff.rules.custom import custom_rule
from srcdiff.words import checkpoint

HANDLERS: dict[Any, Any] = {
    **arrays.HANDLERS,
    **shapes.HANDLERS,
    **reductions.HANDLERS,
    **selections.HANDLERS,
    **construct.HANDLERS,
    **effects.HANDLERS,
}

TREES = frozenset(
    {
        shapes.length,
        arrays.constant_tree,
        *construct.HANDLERS.values(),
        *selections.UPDATES.values(),
    }
    | {reductions.HANDLERS[function] for function in (enumerate, zip, reversed)}
)
"""Handlers that take lists, dicts and objects as they are."""

EXTREMES = frozenset(reductions.HANDLERS[function] for function in (sum, max, min))
"""Handlers that take what is run through."""

METHODS: dict[str, Any] = {
    name: getattr(np, name)
    for name in [
        "sum",
        "mean",
        "prod",
        "max",
        "min",
        "dot",
        "transpose",
        "reshape",
        "ravel",
        "copy",
        "clip",
        "round",
        "argmax",
        "argmin",
        "any",
        "all",
        "std",
        "var",
        "cumsum",
        "squeeze",
        "trace",
        "diagonal",
        "repeat",
        "swapaxes",
        "take",
        "put",
        "nonzero",
    ]
} | {"flatten": arrays.flatten, "astype": arrays.astype, "fill": arrays.fill, "item": arrays.item}

OPERATORS = frozenset(
    {np.absolute, builtins.max, builtins.min}
    | {canonical(function) for name, function in vars(operator).items() if name[0] != "_"}
)


def call(
    c: Context,
    node: ast.AST,
    function: Entity,
    args: tuple[Entity, ...],
    kwargs: Mapping[str, Entity],
    name: str,
) -> Entity:
    """Lower the call of anything that can be called."""
    match function:
        case Method():
            return _call_method(c, node, function, args, kwargs, name)
        case Partial():
            merged = {**function.kwargs, **kwargs}
            return call(c, node, function.function, (*function.args, *args), merged, name)
        case LocalFunction():
            return c.inline(c, function, args, kwargs, node)
        case Transformed(product=Product(mode="call"), function=inner):
            return call_whole(c, node, inner, args, kwargs, call)
        case Transformed():
            return call_transformed(c, node, function, args, kwargs, call)
        case Record():
            found = attribute(c, node, function, "__call__")
            return call(c, node, found, args, kwargs, name)
        case Static(value=value):
            return _call_object(c, node, value, args, kwargs, name)
    c.fail(node, f"{_called(node)} is not a function.", "Call a function.")


def _called(node: ast.AST) -> str:
    return f"`{ast.unparse(node.func)}`" if isinstance(node, ast.Call) else "This"


def _call_object(
    c: Context,
    node: ast.AST,
    value: Any,
    args: tuple[Entity, ...],
    kwargs: Mapping[str, Entity],
    name: str,
) -> Entity:
    if value is checkpoint:
        return _whole(c, node, args, kwargs)
    custom = custom_rule(value)
    if custom is not None:
        return call_with_rule(c, node, custom, args, kwargs, call)
    found = _transform(c, node, value, args, kwargs, name)
    if found is not None:
        return found
    known: Any = canonical(value) if _is_hashable(value) else None
    handler = HANDLERS.get(known)
    if handler is not None:
        return _handle(c, node, handler, args, kwargs, name)
    if construct.is_record_class(value):
        return construct.construct(c, node, value, args, kwargs)
    if known in LIBRARY:
        return c.inline(c, Static(LIBRARY[known]), args, kwargs, node)
    if elementwise_rule(known) is not None or is_zero(known):
        return _elementwise(c, node, value, known, args, kwargs, name)
    target = _unwrapped(c, node, value) if callable(value) else None
    if (
        target is not None
        and isinstance(target.function, FunctionType)
        and (target.function is not value or not _is_numpy(value))
    ):
        bound = tuple(from_object(c, node, arg, "_arg") for arg in target.args)
        merged = {k: from_object(c, node, v, k) for k, v in target.kwargs.items()} | dict(kwargs)
        return c.inline(c, Static(target.function), (*bound, *args), merged, node)
    title = getattr(value, "__qualname__", None) or getattr(value, "__name__", repr(value))
    if not callable(value):
        c.fail(node, f"{_called(node)} is not a function.", "Call a function.")
    c.fail(
        node,
        f"`{_module(value)}{title}` has neither source nor a derivative rule here.",
        "Write it out in NumPy and plain loops.",
        UnknownFunction,
    )


def _whole(
    c: Context, node: ast.AST, args: tuple[Entity, ...], kwargs: Mapping[str, Entity]
) -> Entity:
    """Lower `sd.checkpoint(f)`."""
    given = (*args, *kwargs.values())
    if len(given) != 1:
        c.fail(node, "`checkpoint` takes one function.", "Write `sd.checkpoint(f)(x)`.")
    return Transformed(CHECKPOINT, given[0], ())


def _transform(
    c: Context,
    node: ast.AST,
    value: Any,
    args: tuple[Entity, ...],
    kwargs: Mapping[str, Entity],
    name: str,
) -> Entity | None:
    """Lower the call of a transform or of a derivative, None for all else."""
    product, transform = (getattr(value, key, None) for key in ("product", "transform"))
    if product is COTANGENTS:
        c.fail(
            node,
            "`vjp` cannot be called inside of a function that is differentiated.",
            "Use `pullback`, which takes the cotangent and the arguments at once.",
            UnknownFunction,
        )
    if product is JVP:
        return jvp(c, node, args, kwargs, call)
    if isinstance(product, Product):
        return transformed(c, node, product, args, kwargs)
    if not isinstance(transform, Transform):
        return None
    if transform.outputs is not None:
        c.fail(
            node,
            "A derivative with `outputs=` cannot be called inside of a function.",
            "Differentiate a function that returns what it writes.",
        )
    inner = from_object(c, node, transform.function, name)
    derivative = Transformed(transform.product, inner, transform.argnums, transform.has_aux)
    return call(c, node, derivative, args, kwargs, name)


def _is_hashable(value: Any) -> bool:
    """Say whether tables can be asked for an object: a frozen instance may hold arrays."""
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _unwrapped(c: Context, node: ast.AST, value: Any) -> Target:
    try:
        return unwrap(value)
    except SrcdiffError as error:
        raise type(error)(error.message, c.span(node), error.hint) from None


def _is_numpy(value: Any) -> bool:
    return (getattr(value, "__module__", None) or "").partition(".")[0] in (
        "numpy",
        "math",
        "scipy",
    )


def _module(value: Any) -> str:
    module = getattr(value, "__module__", None)
    if not module or module == "builtins":
        return ""
    top, _, rest = module.partition(".")
    return f"{'np' if top == 'numpy' else top}.{rest}{'.' if rest else ''}"


def _handle(
    c: Context,
    node: ast.AST,
    handler: Any,
    args: tuple[Entity, ...],
    kwargs: Mapping[str, Entity],
    name: str,
) -> Entity:
    if handler in EXTREMES:
        args = tuple(_listed(arg) for arg in args)
    if handler not in TREES:
        args = tuple(_as_numpy(c, node, arg) for arg in args)
        kwargs = {key: _as_numpy(c, node, arg) for key, arg in kwargs.items()}
    try:
        bound = inspect.signature(handler).bind(c, node, name, *args, **kwargs)
    except TypeError as error:
        c.fail(
            node,
            f"This call does not fit the function: {error}.",
            "Leave out arguments that are not supported.",
        )
    return handler(*bound.args, **bound.kwargs)  # type: ignore[no-any-return]


def _as_numpy(c: Context, node: ast.AST, entity: Entity) -> Entity:
    """Return an argument as functions of NumPy take it: lists and named tuples as tuples."""
    return plain(opened(c, node, entity) if _is_list(entity) else entity)


def _listed(entity: Entity) -> Entity:
    """Return the values or keys of a dict, and what else is run through, as a tuple."""
    items = items_of(entity) if isinstance(entity, Iteration) else None
    return entity if items is None else tuple(items)


def _is_list(entity: Entity) -> bool:
    return isinstance(entity, Static) and type(entity.value) is list


def _elementwise(
    c: Context,
    node: ast.AST,
    value: Any,
    known: Any,
    args: tuple[Entity, ...],
    kwargs: Mapping[str, Entity],
    name: str,
) -> Entity:
    """Lower a call of an elementwise function."""
    if kwargs:
        c.fail(node, f"The keyword `{next(iter(kwargs))}` is not supported here.", "Leave it out.")
    python = known in OPERATORS and not isinstance(value, np.ufunc)
    if python and any(children(arg) is not None for arg in args):
        c.fail(
            node,
            f"`{value.__name__}` of a tuple, a list or an object is not supported.",
            "Convert it with `np.array(...)` if it holds numbers.",
        )
    operands = [numeric(c, node, arg) for arg in args]
    if getattr(value, "__module__", None) == "math":
        if any(is_array(operand) for operand in operands):
            c.fail(
                node,
                f"math.{value.__name__} takes numbers, not arrays.",
                f"Use np.{known.__name__}."
                if hasattr(np, known.__name__)
                else "Use the function of scipy.special, or a loop over the elements.",
            )
        operands = [_python_number(c, operand) for operand in operands]
    result = apply(c, node, known, operands, name, operator=python)
    if getattr(value, "__module__", None) == "math" and isinstance(result, Value):
        return _weakened(c, result)
    return result


def _python_number(c: Context, operand: Operand) -> Operand:
    """Return a number in the precision of Python's: `math` knows no other."""
    dtype = np.dtype(np.float64 if operand.type.dtype.kind == "f" else np.int64)
    return c.builder.cast(operand, dtype)


def _weakened(c: Context, result: Value) -> Value:
    """Return the result of a function of `math` as a Python number."""
    assert isinstance(result.type, Scalar)
    if result.type.dtype != np.float64:
        return result
    last = c.builder.statements.pop()
    assert last.out is result  # type: ignore[union-attr]
    weak = Value(result.name, Scalar(np.dtype(np.float64), weak=True))
    c.builder.call_into(weak, last.function, last.args, last.static)  # type: ignore[union-attr, arg-type]
    return weak


def numeric(c: Context, node: ast.AST, entity: Entity) -> Operand:
    """Return an entity that must be a number or an array; tuples of numbers become arrays."""
    if isinstance(entity, Value | Const) and entity not in c.lists:
        return entity
    if row(entity) is not None or entity in c.lists:
        return arrays.array(c, node, "_t", plain(entity))
    c.fail(node, "An argument is neither a number nor an array.", "Pass numbers and arrays.")


def _call_method(
    c: Context,
    node: ast.AST,
    method: Method,
    args: tuple[Entity, ...],
    kwargs: Mapping[str, Entity],
    name: str,
) -> Entity:
    if isinstance(method.owner, Record):
        return call_method(c, node, method.owner, method.name, args, kwargs)
    function = METHODS.get(method.name)
    if function is None:
        c.fail(
            node,
            f"The method `.{method.name}(...)` of arrays is not supported.",
            "Write it as a function or a loop.",
            UnknownFunction,
        )
    if method.name in ("reshape", "transpose") and len(args) > 1:
        args = (args,)
    return call(c, node, Static(function), (method.owner, *args), kwargs, name)


def read_attribute(c: Context, node: ast.AST, owner: Entity, name: str) -> Entity:
    """Lower `owner.name`."""
    if isinstance(owner, Static) and type(owner.value) in (list, dict):
        owner = opened(c, node, owner)
    match owner:
        case Record():
            return attribute(c, node, owner, name)
        case Value() | Const() if owner in c.lists:
            c.fail(
                node,
                "Lists have no attributes that are supported.",
                "Make it an array with `np.array(...)`.",
            )
        case Value() | Const():
            found = arrays.attribute(c, node, owner, name)
            return Method(owner, name) if found is None else found
        case Static(value=value):
            try:
                found = getattr(value, name)
            except AttributeError:
                what = f"module {value.__name__}" if isinstance(value, ModuleType) else "object"
                c.fail(node, f"The {what} has no attribute `{name}`.", "Mend the name.")
            c.note_read(Read(value, name, found))
            return from_object(c, node, found, name)
    c.fail(node, f"`.{name}` is not supported here.", "Write it in other words.")
