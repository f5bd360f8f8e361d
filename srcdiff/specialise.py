"""One derivative for one set of argument types: the passes run once, the text is kept.

A `Recipe` is what comes out: the text, which leaves of the arguments it is called with, and the
Python expression that makes what the user gets out of what it returns.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np

from srcdiff.analysis.aliasing import Aliases, aliases
from srcdiff.arguments import (
    Differentiated,
    Elements,
    Form,
    Kind,
    Known,
    Number,
    Parameters,
    differentiated,
    is_float,
    parameters_of,
)
from srcdiff.errors import NotDifferentiable, Span, SrcdiffError, TypeInferenceError
from srcdiff.frontend.arithmetic import literal
from srcdiff.frontend.context import Captured, Entity, Static
from srcdiff.frontend.lower import Lowered, lower
from srcdiff.frontend.objects import array_type, check_dtype, parameter
from srcdiff.ir.nodes import Broadcast, Const, Function, Increment, Store, Value, View, is_array
from srcdiff.ir.text import Text
from srcdiff.ir.types import Array, Scalar
from srcdiff.ir.walk import statements
from srcdiff.pipeline import Stages, reverse
from srcdiff.subject import Argnums, Subject
from srcdiff.surroundings import Surroundings
from srcdiff.transform.adjoint import Request
from srcdiff.trees import LEAF, Branch, Tree, expression


@dataclass(frozen=True)
class Product:
    """Which derivative, and what is returned: a template of `value`, `aux` and `gradient`."""

    name: str
    seeded: bool = False
    with_value: bool = True
    differentiates: bool = True


GRAD = Product("grad", with_value=False)
VALUE_AND_GRAD = Product("value_and_grad")
PULLBACK = Product("pullback", seeded=True)
COTANGENTS = Product("cotangents", seeded=True, with_value=False)
PRIMAL = Product("primal", differentiates=False)


@dataclass(frozen=True)
class Written:
    """An array argument that the function writes into: its place in the call, name and line."""

    position: int
    name: str
    span: Span | None


@dataclass(frozen=True, eq=False)
class Output:
    """The tree of what the function returns, and the kind of each leaf."""

    tree: Tree
    kinds: tuple[Kind, ...]


@dataclass(frozen=True, eq=False)
class Recipe:
    """All that is needed to run a derivative for one set of argument types.

    `leaves` are the numbers of the leaves that the text is called with, after one seed for each
    float in `output` if seeded, and before the arrays in `fixed` and the live ones. `finish` is
    what the user gets, an expression of the result `r`, with the objects in `names`.
    """

    text: str
    name: str
    parameters: tuple[str, ...]
    globals: dict[str, object]
    leaves: tuple[int, ...]
    fixed: tuple[Any, ...]
    output: Output
    finish: str
    plain_finish: str
    names: dict[str, Any]
    written: tuple[Written, ...]
    span: Span


@dataclass(frozen=True, eq=False)
class Made:
    """A recipe, what it took from around the function, and what the passes did."""

    recipe: Recipe
    surroundings: Surroundings
    lowered: Lowered
    stages: Stages = field(default_factory=Stages)


def make(
    subject: Subject, form: Form, product: Product, argnums: Argnums | None, *, has_aux: bool
) -> Made:
    """Lower, differentiate and print a function for the types of `form`."""
    names = subject.parameters(len(form.positional))
    wanted: list[Differentiated] = []

    def fail(message: str, hint: str) -> NoReturn:
        raise NotDifferentiable(message, subject.span(), hint)

    if product.differentiates:
        asked = subject.wanted(argnums, len(names))
        wanted = differentiated(form, names, asked, fail)
    reserved = frozenset({"out_bar"}) if product.seeded else frozenset[str]()
    params = parameters_of(form, names, reserved)
    fixed: list[Captured] = []
    bound = _bound(params, subject, fixed)
    lowered = lower(
        subject.function(len(names), tuple(form.keywords)),
        (*bound[0], *params.args),
        {**bound[1], **params.kwargs},
        [*params.values, *(each.value for each in fixed)],
        params.prologue,
    )
    output = _output(lowered.result, subject)
    _check_output(output, product, subject, has_aux=has_aux)
    stages = Stages()
    chosen = [params.positions[k] for one in wanted for k in one.leaves() if _active(form, k)]
    request = Request(
        (),
        product.with_value or has_aux,
        product.seeded,
        f"{lowered.function.name}_{product.name if wanted else 'primal'}",
        _aux_results(output) if has_aux else 0,
    )
    wrt = tuple(position for position in chosen if position is not None)
    text = reverse(lowered.function, wrt, request, stages)
    surroundings = Surroundings(lowered.reads, lowered.captured)
    final = list(stages.functions.values())[-1]
    scheme = _Scheme(product, form, wanted, output, final, has_aux=has_aux)
    scheme.as_tuple = isinstance(argnums, tuple) or product is COTANGENTS
    recipe = _recipe(text, final, params, fixed, lowered, scheme)
    return Made(recipe, surroundings, lowered, stages)


def _recipe(
    text: Text,
    final: Function,
    params: Parameters,
    fixed: list[Captured],
    lowered: Lowered,
    scheme: "_Scheme",
) -> Recipe:
    finish, names = scheme.expression(plain=False)
    words = set(re.findall(r"\w+", text.source))
    return Recipe(
        text.source,
        text.name,
        tuple(param.name for param in final.params),
        {name: value for name, value in text.globals.items() if name in words},
        tuple(k for k, position in enumerate(params.positions) if position is not None),
        tuple(each.array for each in fixed),
        scheme.output,
        finish,
        scheme.expression(plain=True)[0],
        names,
        _written(lowered),
        lowered.span,
    )


def _active(form: Form, leaf: int) -> bool:
    return is_float(form.kinds[leaf])


# ---- what is bound: the arguments inside a partial, the owner of a method ----


def _bound(
    params: Parameters, subject: Subject, fixed: list[Captured]
) -> tuple[tuple[Entity, ...], dict[str, Entity]]:
    """Return the entities of bound arguments; their arrays become parameters."""
    taken = {value.name for value in params.values}

    def entity(value: Any, name: str) -> Entity:
        match value:
            case bool() | int() | float() if type(value) in (bool, int, float):
                return literal(value)
            case np.bool_() | np.integer() | np.floating():
                return Const(value.item(), Scalar(value.dtype))
            case tuple() if type(value) is tuple:
                return tuple(entity(item, f"{name}_{k}") for k, item in enumerate(value))
            case np.ndarray():
                return array(value, name)
        return Static(value)

    def array(value: Any, name: str) -> Entity:
        check_dtype(value.dtype, _refuse_bound)
        while name in taken:
            name += "_"
        taken.add(name)
        made = parameter(params.prologue, name, array_type(value), value.shape)
        fixed.append(Captured(name, value, made))
        return made

    code = getattr(subject.target.function, "__code__", None)
    names = code.co_varnames if code is not None else ()
    args = tuple(
        entity(value, names[k] if k < len(names) else f"bound_{k}")
        for k, value in enumerate(subject.target.args)
    )
    return args, {name: entity(value, name) for name, value in subject.target.kwargs.items()}


def _refuse_bound(message: str, hint: str) -> NoReturn:
    raise TypeInferenceError(f"A bound argument cannot be used. {message}", hint=hint)


# ---- what the function returns ----


def _output(entity: Entity, subject: Subject) -> Output:
    kinds: list[Kind] = []
    tree = _output_tree(entity, kinds, subject)
    return Output(tree, tuple(kinds))


def _output_tree(entity: Entity, kinds: list[Kind], subject: Subject) -> Tree:
    match entity:
        case tuple():
            children = tuple(_output_tree(item, kinds, subject) for item in entity)
            return Branch(tuple, tuple(map(str, range(len(entity)))), children)
        case Value() | Const():
            kinds.append(_kind(entity))
        case Static(value=value) if value is None or isinstance(value, str | bool):
            kinds.append(Known(type(value), value))
        case _:
            raise NotDifferentiable(
                f"`{subject.name}` returns something that is neither a number nor an array.",
                subject.result_span(),
                "Return numbers, arrays, and tuples of them.",
            )
    return LEAF


def _kind(operand: Value | Const) -> Kind:
    match operand.type:
        case Array() as type:
            ones = tuple(isinstance(e, Const) and e.value == 1 for e in _shape(operand))
            return Elements(type, ones)
        case Scalar() as type:
            return Number(type)


def _shape(operand: Value | Const) -> tuple[Any, ...]:
    return operand.shape if isinstance(operand, Value) else ()


def _aux_results(output: Output) -> int:
    """Return how many numbers and arrays the second of two parts has."""
    return sum(not isinstance(kind, Known) for kind in output.kinds[1:])


def _check_output(output: Output, product: Product, subject: Subject, *, has_aux: bool) -> None:
    """Refuse an output that has no derivative of this kind."""
    name = subject.name
    if output.tree == LEAF and output.kinds[0] == Known(type(None), None):
        raise NotDifferentiable(
            f"`{name}` returns nothing, and no argument is named in `outputs=`.",
            subject.span(),
            "Return the result; `outputs=` is not built yet.",
        )
    if not product.differentiates:
        return
    if product.seeded:
        if not any(map(is_float, output.kinds)):
            raise _not_float(output, subject)
        return
    tree = output.tree
    if has_aux:
        if not (isinstance(tree, Branch) and len(tree.children) == 2):
            raise NotDifferentiable(
                f"With `has_aux`, `{name}` must return a pair `(output, aux)`.",
                subject.result_span(),
                "Return two values, or leave out `has_aux`.",
            )
        tree = tree.children[0]
    if isinstance(tree, Branch):
        raise NotDifferentiable(
            f"`{name}` returns a tuple, without `has_aux`; a gradient is that of one number.",
            subject.result_span(),
            "With `has_aux=True` the first of two values is differentiated; `vjp` and `jacobian` "
            "differentiate all of them.",
        )
    _check_number(output, subject)


def _check_number(output: Output, subject: Subject) -> None:
    kind = output.kinds[0]
    if isinstance(kind, Elements):
        raise NotDifferentiable(
            f"`{subject.name}` returns an array ({kind.type}); a gradient is that of one number, "
            "`jacobian` and `vjp` are for arrays.",
            subject.result_span(),
            "Return a sum of it, or use one of these.",
        )
    if not is_float(kind):
        raise _not_float(output, subject)


def _not_float(output: Output, subject: Subject) -> SrcdiffError:
    kind = next((kind for kind in output.kinds if not is_float(kind)), output.kinds[0])
    what = kind.kind.__name__ if isinstance(kind, Known) else str(kind.type)
    return NotDifferentiable(
        f"`{subject.name}` returns `{what}`, which has no derivative.",
        subject.result_span(),
        "Return a floating-point number.",
    )


# ---- what the user gets ----


@dataclass(eq=False)
class _Scheme:
    """How the results of the text become what the user gets."""

    product: Product
    form: Form
    wanted: list[Differentiated]
    output: Output
    final: Function
    has_aux: bool
    as_tuple: bool = False

    def expression(self, *, plain: bool) -> tuple[str, dict[str, Any]]:
        """Return the expression of the result `r`, and what it names."""
        names: dict[str, Any] = {}
        results = self._results(names, plain=plain)
        returned = self.product.with_value or self.has_aux
        values = self._values(results, names)
        value = expression(self.output.tree, values, names) if returned else ""
        gradient = self._gradient(results, names)
        match self.product.name:
            case "primal":
                return value, names
            case "grad" if self.has_aux:
                aux = expression(*self._aux(plain=plain, names=names), names)
                return f"({gradient}, {aux})", names
            case "grad" | "cotangents":
                return gradient, names
        return f"({value}, {gradient})", names

    def _aux(self, *, plain: bool, names: dict[str, Any]) -> tuple[Tree, Iterator[str]]:
        tree = self.output.tree
        assert isinstance(tree, Branch)
        values = self._values(self._results(names, plain=plain), names)
        next(values)
        return tree.children[1], values

    def _results(self, names: dict[str, Any], *, plain: bool) -> Iterator[str]:
        """Iterate over the expressions of the results: owned by the user, and of NumPy's types."""
        shared = shared_results(self.final)
        count = len(self.final.results)
        for k, result in enumerate(self.final.results):
            text = "r" if count == 1 else f"r[{k}]"
            if is_array(result):
                yield f"{text}.copy()" if k in shared else text
            else:
                yield _converted(text, result, names, plain=plain)

    def _values(self, results: Iterator[str], names: dict[str, Any]) -> Iterator[str]:
        for kind in self.output.kinds:
            if isinstance(kind, Known):
                names[f"_known_{len(names)}"] = kind.value
                yield list(names)[-1]
            else:
                yield next(results)

    def _gradient(self, results: Iterator[str], names: dict[str, Any]) -> str:
        parts = [
            expression(one.tree, self._bars(one, results, names), names) for one in self.wanted
        ]
        if self.as_tuple:
            return f"({''.join(f'{part}, ' for part in parts).rstrip()})"
        return parts[0] if parts else ""

    def _bars(
        self, one: Differentiated, results: Iterator[str], names: dict[str, Any]
    ) -> Iterator[str]:
        for leaf in one.leaves():
            kind = self.form.kinds[leaf]
            if not is_float(kind):
                yield "None"
                continue
            text = next(results)
            strong = isinstance(kind, Number) and not kind.type.weak
            if strong and kind.type.dtype == np.float64:  # type: ignore[union-attr]
                names["_float64"] = np.float64
                text = f"_float64({text})"
            yield text


def _converted(text: str, result: Value | Const, names: dict[str, Any], *, plain: bool) -> str:
    """Return a number as Python's float, int or bool, or as NumPy's where that differs."""
    dtype = result.type.dtype
    builtin = {"float64": "float", "int64": "int", "bool": "bool"}.get(dtype.name)
    if builtin is None:
        names[f"_{dtype.name}"] = dtype.type
        return f"_{dtype.name}({text})"
    # Compiled code returns Python's own.
    return f"{builtin}({text})" if plain or isinstance(result, Const) else text


def shared_results(function: Function) -> set[int]:
    """Return the numbers of the results that may share memory with a parameter or another one."""
    classes = aliases(function)
    seen = {classes.root(param) for param in function.params if is_array(param)}
    broadcast = {
        each.out
        for each in statements(function.body)
        if isinstance(each, View) and isinstance(each.how, Broadcast)
    }
    shared = set()
    for k, result in enumerate(function.results):
        if isinstance(result, Value) and is_array(result):
            if classes.root(result) in seen or result in broadcast:
                shared.add(k)
            seen.add(classes.root(result))
    return shared


# ---- arguments that are written ----


def _written(lowered: Lowered) -> tuple[Written, ...]:
    function = lowered.function
    classes = aliases(function)
    return tuple(
        Written(position, param.name, _first_write(function, classes, param))
        for position, param in enumerate(function.params)
        if is_array(param) and classes.root(param) in classes.written
    )


def _first_write(function: Function, classes: Aliases, param: Value) -> Span | None:
    for each in statements(function.body):
        if isinstance(each, Store | Increment) and classes.root(each.ref) is classes.root(param):
            return each.origin.span
    return None


