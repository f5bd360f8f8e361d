"""Derivatives that the user's function takes itself: `sd.grad(g)(x)`, or `dg(x)`.

The function becomes one of its own (`frontend.lifting`), and a statement says what is derived.
"""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import FunctionType
from typing import Any

import numpy as np

from srcdiff.errors import NotDifferentiable
from srcdiff.frontend.context import (
    Context,
    Entity,
    LocalFunction,
    Partial,
    Static,
    Transformed,
    leaves,
    leaves_like,
    rebuild,
    row,
)
from srcdiff.frontend.lifting import Lifted, lift
from srcdiff.frontend.records import opened_all, renewed
from srcdiff.ir.build import extents
from srcdiff.ir.derivatives import beside, like
from srcdiff.ir.nodes import (
    Const,
    Derive,
    Operand,
    Value,
    is_array,
)
from srcdiff.ir.types import BOOL, PYTHON_INT, Array, Scalar
from srcdiff.products import PUSHFORWARD, Product

Call = Callable[..., Entity]
NOTHING = Static(None)
BESIDE = ("reverse", "hvp", "gnvp")
"""The modes whose derivatives have the shapes of arguments."""


def transformed(
    c: Context,
    node: ast.AST,
    product: Product,
    args: tuple[Entity, ...],
    kwargs: Mapping[str, Entity],
) -> Transformed:
    """Return what a call of a transform, `sd.grad(g, argnums=1)`, gives inside of a function."""
    names = ("f", "order", "argnum") if product.mode == "taylor" else ("f", "argnums")
    given = dict(zip(names, args, strict=False)) | dict(kwargs)
    function = given.pop("f", None)
    if product.mode == "taylor":
        product = replace(product, order=_known(given.pop("order", Static(None))))
    argnums = _known(given.pop(names[-1], Const(0, PYTHON_INT)))
    has_aux = _known(given.pop("has_aux", Const(False, BOOL)))
    parts = argnums if isinstance(argnums, tuple) else (argnums,)
    fits = all(isinstance(part, int | str) for part in parts) and isinstance(has_aux, bool)
    fits = fits and isinstance(product.order, int) and product.order > 0
    if function is None or given or len(args) > len(names) or not fits:
        c.fail(
            node,
            "Inside of a function a transform takes a function, `argnums` and `has_aux`.",
            "Give `argnums` as literals, and options where the outer derivative is made.",
        )
    return Transformed(product, function, argnums, has_aux)


def jvp(
    c: Context,
    node: ast.AST,
    args: tuple[Entity, ...],
    kwargs: Mapping[str, Entity],
    call: Call,
) -> Entity:
    """Lower `sd.jvp(g, primals, tangents, argnums=None)` inside of a function."""
    given = dict(zip(("f", "primals", "tangents", "argnums"), args, strict=False)) | dict(kwargs)
    primals, tangents = (row(given.get(key, NOTHING)) for key in ("primals", "tangents"))
    if "f" not in given or primals is None or tangents is None:
        c.fail(
            node, "`jvp` takes a function, a tuple of primals and one of tangents.", "Pass them."
        )
    primals = tuple(opened_all(c, node, each) for each in primals)
    argnums = _known(given["argnums"]) if "argnums" in given else None
    if argnums is None:
        argnums = tuple(k for k, x in enumerate(primals) if any(map(_is_float, leaves(x))))
    argnums = argnums if isinstance(argnums, tuple) else (argnums,)
    what = Transformed(PUSHFORWARD, given["f"], argnums)
    return call_transformed(c, node, what, (tangents, *primals), {}, call)


def _known(entity: Entity) -> Any:
    """Return the Python object that an entity is, None if that is not known."""
    match entity:
        case Const(value=value) | Static(value=value):
            return value
        case tuple():
            return tuple(map(_known, entity))
    return None


def call_transformed(
    c: Context,
    node: ast.AST,
    what: Transformed,
    args: tuple[Entity, ...],
    kwargs: Mapping[str, Entity],
    call: Call,
) -> Entity:
    """Lower the call of a derivative."""
    product = what.product
    if product.seeded and not args:
        c.fail(node, f"No {product.seeds} are given.", "Pass them first.")
    seeds, inputs = (args[0], args[1:]) if product.seeded else (None, args)
    inputs = tuple(opened_all(c, node, each) for each in inputs)
    kwargs = {name: opened_all(c, node, each) for name, each in kwargs.items()}
    wanted = _wanted(c, node, what, inputs, kwargs)
    lifted = lift(c, node, what.function, inputs, dict(kwargs), wanted, call)
    _check(c, node, what, lifted)
    arguments = [inputs[w] if isinstance(w, int) else kwargs[w] for w in wanted]
    given = _seeds(c, node, what, seeds, lifted, arguments)
    return _derive(c, node, what, lifted, given, arguments)


# ---- which arguments ----


def _wanted(
    c: Context,
    node: ast.AST,
    what: Transformed,
    inputs: Sequence[Entity],
    kwargs: Mapping[str, Entity],
) -> list[int | str]:
    """Return the arguments to differentiate by: positions, or names of keyword arguments."""
    names = parameter_names(what.function)
    found: list[int | str] = []
    for one in what.argnums if isinstance(what.argnums, tuple) else (what.argnums,):
        if isinstance(one, str) and one not in kwargs and one in names:
            one = names.index(one)
        if isinstance(one, int) and one >= len(inputs) and one < len(names):
            one = names[one]
        known = one in kwargs if isinstance(one, str) else 0 <= one < len(inputs)
        if not known:
            c.fail(
                node,
                f"The argument {one!r} to differentiate by is not given.",
                "Pass it, or name another one in `argnums`.",
                NotDifferentiable,
            )
        found.append(one)
    return found


def parameter_names(function: Entity) -> tuple[str, ...]:
    """Return the names of the positional parameters, as far as they can be known."""
    match function:
        case LocalFunction(node=node):
            return tuple(arg.arg for arg in (*node.args.posonlyargs, *node.args.args))
        case Static(value=FunctionType(__code__=code)):
            return tuple(code.co_varnames[: code.co_argcount])
        case Partial(function=inner, args=args):
            return parameter_names(inner)[len(args) :]
        case Transformed(function=inner, product=product):
            names = parameter_names(inner)
            return (product.seeds, *names) if product.seeded else names
    return ()


# ---- checks ----


def _check(c: Context, node: ast.AST, what: Transformed, lifted: Lifted) -> None:
    def fail(message: str, hint: str) -> None:
        c.fail(node, message, hint, NotDifferentiable)

    title = lifted.function.name
    if not lifted.wrt:
        fail("No argument to differentiate by holds a floating-point number.", "Pass floats.")
    result: Any = lifted.result
    if what.has_aux:
        if not (isinstance(result, tuple) and len(result) == 2):
            fail(f"With `has_aux`, `{title}` must return a pair.", "Leave out `has_aux`.")
        result = result[0]
    parts = [leaf for leaf in leaves(result) if isinstance(leaf, Value | Const)]
    if not any(part.type.dtype.kind == "f" for part in parts):
        fail(f"`{title}` returns no floating-point number.", "Return one.")
    if what.product.of_number and (not isinstance(result, Value | Const) or is_array(result)):
        fail(
            f"`{title}` does not return one number; a gradient is that of one number.",
            "Use `jacobian` or `pullback`.",
        )


# ---- the statement ----


def _seeds(
    c: Context,
    node: ast.AST,
    what: Transformed,
    given: Entity | None,
    lifted: Lifted,
    arguments: Sequence[Entity],
) -> tuple[Operand | None, ...]:
    """Return the seeds of the statement: one for each float result, or one for each of `wrt`."""
    results = [r for r in lifted.function.results if r.type.dtype.kind == "f"]
    if what.product.mode == "reverse" and not what.product.seeded:
        # Only the first result is differentiated: what follows is `aux`.
        return (Const(1.0, Scalar(results[0].type.dtype)), *(None for _ in results[1:]))
    if given is None:
        return ()
    model = lifted.result
    if what.product.seeds == "tangents":
        model = tuple(arguments) if isinstance(what.argnums, tuple) else arguments[0]
    found = leaves_like(opened_all(c, node, given), model)
    pairs = [] if found is None else list(zip(found, leaves(model), strict=True))
    if found is None or not all(_fits(seed, leaf) for seed, leaf in pairs):
        c.fail(
            node,
            f"The {what.product.seeds} do not have the tree and the ranks of what they belong to.",
            "Pass one of the same shape for each floating-point number or array, None elsewhere.",
        )
    return tuple(
        c.builder.cast(seed, leaf.type.dtype)  # type: ignore[arg-type, union-attr]
        for seed, leaf in pairs
        if _is_float(leaf)
    )


def _fits(seed: Entity, leaf: Entity) -> bool:
    """Say whether a seed has the rank of the leaf that it belongs to."""
    if not (_is_float(leaf) and isinstance(leaf, Value | Const)):
        return isinstance(seed, Static) and seed.value is None
    if not isinstance(seed, Value | Const):
        return False
    return is_array(seed) == is_array(leaf) and len(extents(seed)) == len(extents(leaf))


def _is_float(leaf: Entity) -> bool:
    return isinstance(leaf, Value | Const) and leaf.type.dtype.kind == "f"


def _derive(
    c: Context,
    node: ast.AST,
    what: Transformed,
    lifted: Lifted,
    seeds: tuple[Operand | None, ...],
    arguments: Sequence[Entity],
) -> Entity:
    """Append the statement, and return what the user's call gives."""
    product, function = what.product, lifted.function
    values = [like(result) for result in function.results]
    wrt = list(lifted.wrt)
    made = _made(product, [v for v in values if v.type.dtype.kind == "f"], wrt)
    valued = product.mode in ("reverse", "forward")
    outs = (*(values if valued else ()), *made)
    c.builder.append(
        Derive(
            outs,
            function,
            product.mode,
            tuple(lifted.wrt.values()),
            seeds,
            lifted.args,
            c.builder.origin,
            product.order,
        )
    )
    _ask(c, [*(values if valued else ()), *(made if product.mode not in BESIDE else ())])
    return _arranged(c, node, what, lifted.result, values, iter(made), arguments)


def _made(product: Product, floats: Sequence[Value], wrt: Sequence[Value]) -> list[Value]:
    """Return new values for the derivatives of a statement."""
    match product.mode:
        case "taylor":
            return [_series(value) for value in floats]
        case "forward":
            return [_renamed(value, f"{value.name}_dot") for value in floats]
        case "jacfwd" | "jacrev" | "jacobian":
            return [_block(value, param) for value in floats for param in wrt]
        case "hessian":
            return [_block(first, second) for first in wrt for second in wrt]
    return [beside(param, f"{param.name}_bar") for param in wrt]


def _renamed(value: Value, name: str) -> Value:
    return like(Value(name, value.type, value.shape))


def _series(out: Value) -> Value:
    """Return a new value for stacked coefficients; the extents are asked of it."""
    shape = (out.shape[0] if out.shape else Value("_n", PYTHON_INT), *out.shape)
    return like(Value("_series", Array(out.type.dtype, len(shape)), shape))


def _block(out: Value, param: Value) -> Value:
    """Return a new value for a block of a Jacobian; the extents are asked of it."""
    rank = len(out.shape) + len(param.shape)
    if rank == 0:
        return Value("_jacobian", out.type)
    shape = (*out.shape, *param.shape)
    return like(Value("_jacobian", Array(out.type.dtype, rank), shape))


def _ask(c: Context, outs: Sequence[Value]) -> None:
    """Define the extents of new arrays: what they are is asked of them."""
    for out in outs:
        for axis, extent in enumerate(out.shape):
            if isinstance(extent, Value):
                c.builder.call_into(extent, np.shape, (out,), (("axis", axis),))


# ---- what the user gets ----


def _arranged(
    c: Context,
    node: ast.AST,
    what: Transformed,
    result: Entity,
    values: Sequence[Value],
    made: Iterator[Value],
    arguments: Sequence[Entity],
) -> Entity:
    given = iter(values)
    value = rebuild(
        result,
        (next(given) if isinstance(leaf, Value | Const) else leaf for leaf in leaves(result)),
    )

    def by_arguments(part: Callable[[], Entity]) -> Entity:
        trees = tuple(
            rebuild(a, (part() if _is_float(leaf) else NOTHING for leaf in leaves(a)))
            for a in arguments
        )
        return trees if isinstance(what.argnums, tuple) else trees[0]

    def of_output(part: Callable[[], Entity]) -> Entity:
        return rebuild(result, (part() if _is_float(leaf) else NOTHING for leaf in leaves(result)))

    match what.product.mode:
        case "forward" | "taylor":
            derivative = of_output(lambda: next(made))
        case "jacfwd" | "jacrev" | "jacobian":
            derivative = of_output(lambda: by_arguments(lambda: next(made)))
        case "hessian":
            derivative = by_arguments(lambda: by_arguments(lambda: next(made)))
        case _:
            derivative = by_arguments(lambda: next(made))
    derivative = renewed(c, node, derivative)
    if what.has_aux:
        assert isinstance(value, tuple)
        return (value, derivative) if what.product.with_value else (derivative, value[1])
    return (value, derivative) if what.product.with_value else derivative
