"""One derivative for one set of argument types: the passes run once, the text is kept.

A `Recipe` is what comes out: the text, which leaves of the arguments it is called with, and the
Python expression that makes what the user gets out of what it returns.
"""

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from srcdiff import collector
from srcdiff.analysis.aliasing import Aliases, aliases
from srcdiff.arguments import (
    Differentiated,
    Form,
    Parameters,
    differentiated,
    is_float,
    parameters_of,
)
from srcdiff.errors import NotDifferentiable, Span, TypeInferenceError
from srcdiff.finish import Scheme
from srcdiff.frontend.arithmetic import literal
from srcdiff.frontend.context import Captured, Entity, Static
from srcdiff.frontend.objects import array_type, check_dtype, parameter
from srcdiff.ir.nodes import Const, Function, Increment, Store, Value, is_array
from srcdiff.ir.text import Text
from srcdiff.ir.types import Scalar
from srcdiff.ir.walk import statements
from srcdiff.lending import LentRecipe, lent_recipe, used
from srcdiff.options import Outputs
from srcdiff.outputs import Output, aux_results, check_output, contents_of, output_of
from srcdiff.products import COTANGENTS, Argnums, Product
from srcdiff.subject import Subject
from srcdiff.surroundings import Surroundings

if TYPE_CHECKING:
    from srcdiff.frontend.lower import Lowered
    from srcdiff.stages import Stages

# The front end and the passes are imported where they are used: a text that comes from the cache
# needs neither, and they take most of the time that `import srcdiff` would.

SEEDS = frozenset({"out_bar", *(f"out_{k}_bar" for k in range(100))})
"""The names of cotangents as parameters."""


@dataclass(frozen=True)
class Written:
    """An array argument that the function writes into: its place in the call, name and line."""

    position: int
    name: str
    span: Span | None


@dataclass(frozen=True, eq=False)
class Recipe:
    """All that is needed to run a derivative for one set of argument types.

    `leaves` are the numbers of the leaves that the text is called with, after one for each float in
    `seeds`, and before the arrays in `fixed` and the live ones. `along` are the leaves of the
    arguments whose tangents `seeds` are, none for cotangents. `finish` is what the user gets, an
    expression of the result `r`, with the objects in `names`. `files` are those of the user's
    source as errors of the text name them: how to show them, and their paths. `lent` is made when a
    call asks for it (`lending`).
    """

    text: str
    name: str
    parameters: tuple[str, ...]
    globals: dict[str, object]
    leaves: tuple[int, ...]
    fixed: tuple[Any, ...]
    output: Output
    seeds: Output | None
    along: tuple[int, ...]
    finish: str
    plain_finish: str
    names: dict[str, Any]
    written: tuple[Written, ...]
    span: Span
    files: dict[str, tuple[str, str]]
    lent: LentRecipe | None = None


@dataclass(frozen=True, eq=False)
class Made:
    """A recipe, what it took from around the function, and what the passes did."""

    recipe: Recipe
    surroundings: Surroundings
    lowered: "Lowered"
    stages: "Stages"
    scheme: Scheme


@collector.put_off()
def make(
    subject: Subject,
    form: Form,
    product: Product,
    argnums: Argnums | None,
    *,
    has_aux: bool,
    outputs: Outputs = None,
    states: int | None = None,
) -> Made:
    """Lower, differentiate and print a function for the types of `form`."""
    from srcdiff.pipeline import Wanted, derive, forget
    from srcdiff.stages import Stages

    wanted = _wanted(subject, form, argnums) if product.differentiates else []
    reserved = SEEDS if product.seeds == "cotangents" else frozenset[str]()
    params, fixed, lowered = _lowered(subject, form, reserved, outputs)
    if subject.is_derivative:
        lowered = lowered.placed(subject.span())
    output = output_of(lowered.result, subject)
    check_output(output, product, subject, has_aux=has_aux)
    stages = Stages()
    leaves = [k for one in wanted for k in one.leaves() if is_float(form.kinds[k])]
    request = Wanted(
        product.mode,
        tuple(position for k in leaves if (position := params.positions[k]) is not None),
        product.with_value or has_aux,
        product.seeds == "cotangents",
        f"{lowered.function.name}_{product.name}",
        aux_results(output) if has_aux else 0,
        order=product.order,
        states=states,
    )
    text = derive(lowered.function, request, stages)
    final = list(stages.functions.values())[-1]
    as_tuple = isinstance(argnums, tuple) or product is COTANGENTS
    scheme = Scheme(product, form, wanted, output, final, has_aux=has_aux, as_tuple=as_tuple)
    recipe = _recipe(text, params, fixed, lowered, scheme)
    forget()
    return Made(recipe, Surroundings(lowered.reads, lowered.captured), lowered, stages, scheme)


def lending(made: Made) -> Made:
    """Return a derivative with the recipe for calls into given memory."""
    return replace(made, recipe=replace(made.recipe, lent=lent_recipe(made.scheme)))


def _wanted(subject: Subject, form: Form, argnums: Argnums | None) -> list[Differentiated]:
    """Return the arguments to differentiate by."""

    def fail(message: str, hint: str) -> NoReturn:
        raise NotDifferentiable(message, subject.span(), hint)

    names = subject.parameters(len(form.positional))
    return differentiated(form, names, subject.wanted(argnums, len(names)), fail)


def _lowered(
    subject: Subject, form: Form, reserved: frozenset[str], outputs: Outputs
) -> tuple[Parameters, list[Captured], "Lowered"]:
    """Lower the function; arguments have other names than the arrays that it captures."""
    from srcdiff.frontend.lower import lower

    names = subject.parameters(len(form.positional))
    params = parameters_of(form, names, reserved)
    fixed: list[Captured] = []
    args, kwargs = _bound(params, subject, fixed, reserved)
    arguments = dict(zip(names, params.args, strict=True)) | params.kwargs

    def output(returned: Entity) -> Entity:
        if outputs is None:
            return returned
        return contents_of(outputs, arguments, returned, subject)

    lowered = lower(
        subject.function(len(names), tuple(form.keywords)),
        (*args, *params.args),
        {**kwargs, **params.kwargs},
        [*params.values, *(each.value for each in fixed)],
        params.prologue,
        output,
    )
    hidden = {each.value.name for each in lowered.captured}
    if hidden & {value.name for value in (*params.values, *(each.value for each in fixed))}:
        return _lowered(subject, form, reserved | hidden, outputs)
    return params, fixed, lowered


def _recipe(
    text: Text,
    params: Parameters,
    fixed: list[Captured],
    lowered: "Lowered",
    scheme: "Scheme",
) -> Recipe:
    finish, names = scheme.expression(plain=False)
    return Recipe(
        text.source,
        text.name,
        tuple(param.name for param in scheme.final.params),
        used(text),
        tuple(k for k, position in enumerate(params.positions) if position is not None),
        tuple(each.array for each in fixed),
        scheme.output,
        scheme.seeds(),
        scheme.along(),
        finish,
        scheme.expression(plain=True)[0],
        names,
        _written(lowered),
        lowered.span,
        {os.path.basename(each.file): (each.file, each.path) for each in lowered.sources},
    )


# ---- what is bound: the arguments inside a partial, the owner of a method ----


def _bound(
    params: Parameters, subject: Subject, fixed: list[Captured], reserved: frozenset[str]
) -> tuple[tuple[Entity, ...], dict[str, Entity]]:
    """Return the entities of bound arguments; their arrays become parameters."""
    taken = {*reserved, *(value.name for value in params.values)}

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


# ---- arguments that are written ----


def _written(lowered: "Lowered") -> tuple[Written, ...]:
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
