"""How derivatives are made of passes; each one can be verified, and is noted by name."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from typing_extensions import assert_never

from srcdiff.analysis.aliasing import aliases
from srcdiff.analysis.dataflow import dataflow
from srcdiff.analysis.dependence import dependence_of
from srcdiff.analysis.indices import indices_of
from srcdiff.analysis.loops import independence
from srcdiff.analysis.memory import memory
from srcdiff.ir.nodes import Const, Derive, Function, Recursion, Statement, Value
from srcdiff.ir.recursion import calls_itself, is_own_call, is_recursive_call
from srcdiff.ir.text import Text, render
from srcdiff.ir.walk import rewrite, statements
from srcdiff.passes import FINISH, PREPARE, PREPARE_TANGENT, Pass
from srcdiff.products import Mode
from srcdiff.stages import Stages, is_same
from srcdiff.transform.adjoint import Request, adjoint
from srcdiff.transform.checkpoint import checkpoint
from srcdiff.transform.eliminate import eliminate
from srcdiff.transform.euler import euler
from srcdiff.transform.expand import expand
from srcdiff.transform.jacobians import cheaper, columns, product, rows, stacked
from srcdiff.transform.nested import (
    along_gradient,
    derivatives,
    second_columns,
    structured,
)
from srcdiff.transform.once import draws, draws_in_loops, inner_draws, quiet, refuse
from srcdiff.transform.own import owning
from srcdiff.transform.part import Parts, freeing, making, parts_of, with_stack
from srcdiff.transform.simplify import simplify
from srcdiff.transform.tangent import Tangents, tangent
from srcdiff.transform.titles import title


@dataclass(frozen=True)
class Wanted:
    """Which derivative: the passes to run, by which parameters, and what is returned.

    The last `constant` results are returned but not differentiated. With `states`, long loops keep
    so many states. Results of a function inside of another one are `inner`: perhaps not wanted.
    """

    mode: Mode
    wrt: tuple[int, ...] = ()
    with_value: bool = True
    seeded: bool = False
    name: str = ""
    constant: int = 0
    fixed: Mapping[int, Const | None] = field(default_factory=dict)
    order: int = 1
    states: int | None = None
    inner: bool = False


def derive(function: Function, wanted: Wanted, stages: Stages) -> Text:
    """Return the text of a derivative of `function`."""
    stages.note("lower", function)
    _check_draws(function, wanted)
    if wanted.mode == "reverse" and wanted.seeded and not wanted.with_value:
        function = quiet(function)  # `vjp` has run it before
    function = _expanded(derived(function, wanted, stages))
    return render(_finished(function, {}, stages))


REPEATING: tuple[Mode, ...] = ("jacrev", "gnvp", "taylor")
IN_DIRECTIONS: tuple[Mode, ...] = ("jacfwd", "jacobian", "hessian")


def _check_draws(function: Function, wanted: Wanted) -> None:
    """Refuse random numbers where they would be drawn more than once."""
    if wanted.mode in REPEATING:
        refuse(draws(function), f"`{wanted.mode}` runs the function more than once")
    if wanted.mode in IN_DIRECTIONS:
        refuse(inner_draws(function), "a function that calls itself runs for each direction")
    if wanted.mode == "reverse" and wanted.seeded and not wanted.with_value:
        refuse(draws(function), "what `vjp` returns runs the function again; use `pullback`")
    if wanted.states is not None:
        refuse(draws_in_loops(function), "with `checkpoint=`, parts of loops run again")


def _finished(function: Function, done: dict[Recursion, Function], stages: Stages) -> Function:
    """Return a function as it is printed, and so the functions that it calls by name."""

    def change(statement: Statement) -> list[Statement]:
        if not is_recursive_call(statement) or is_own_call(statement, function):
            return [statement]
        assert isinstance(statement, Derive) and statement.function.recursion is not None
        callee, recursion = statement.function, statement.function.recursion
        if recursion not in done:
            if not recursion.derived:
                callee = _derived(callee, Wanted("call"), Stages())
            callee = owning(_expanded(callee))
            done[recursion] = _finished(callee, done, Stages())
        return [replace(statement, function=done[recursion])]

    result = _run(function, FINISH, stages)
    if not any(map(is_recursive_call, statements(result.body))):
        return result
    result = replace(result, body=rewrite(result.body, change))
    stages.note("called", result)
    return result


DIRECTIONS: tuple[Mode, Mode] = ("jacfwd", "jacrev")
TITLES: dict[Mode, str] = {
    "jacobian": "Jacobian",
    "taylor": "Taylor series",
    "jacfwd": "Jacobian",
    "jacrev": "Jacobian",
    "hessian": "Hessian",
    "hvp": "Product of the Hessian and a vector",
    "gnvp": "Product J'J v of the Jacobian J and a vector",
}


def derived(function: Function, wanted: Wanted, stages: Stages) -> Function:
    """Return a derivative of a function as a function of the IR."""
    result = _derived(function, wanted, stages)
    if wanted.mode in TITLES:
        params = [function.params[k] for k in wanted.wrt]
        doc = title(TITLES[wanted.mode], function, "with respect to", params)
        result = replace(result, doc=doc)
    return result


def _derived(function: Function, wanted: Wanted, stages: Stages) -> Function:
    match wanted.mode:
        case "primal" | "call":
            return _run(_expanded(function, calls=False), PREPARE_TANGENT, stages)
        case "reverse":
            return _reverse(function, wanted, stages)
        case "forward":
            return _forward(function, wanted, stages)
        case "jacfwd":
            inner = replace(wanted, with_value=False)
            return _columns(_forward(function, inner, stages, several=True), wanted, stages)
        case "jacrev":
            return _rows(function, wanted, stages)
        case "hvp" | "hessian" if calls_itself(function):
            return _again(function, wanted, stages)
        case "hvp":
            return _over(_gradient(function, wanted, stages), wanted, stages)
        case "hessian":
            gradient = _gradient(function, wanted, stages)
            return _columns(_over(gradient, wanted, stages, several=True), wanted, stages)
        case "gnvp":
            return _gauss_newton(function, wanted, stages)
        case "jacobian":
            return _jacobian(function, wanted, stages)
        case "taylor":
            return _series(function, wanted, stages)
        case _:
            assert_never(wanted.mode)


def _reverse(function: Function, wanted: Wanted, stages: Stages) -> Function:
    """Derivatives inside are reversed as such: see `transform.nested`."""
    function = _run(_structured(function), PREPARE, stages)
    primal = function
    wrt = tuple(function.params[k] for k in wanted.wrt)
    if wanted.states is not None:
        cut = partial(checkpoint, states=wanted.states, wrt=wrt)
        function = _run(function, (_named("checkpoint", cut),), stages)
    request = Request(
        wrt,
        wanted.with_value,
        wanted.seeded,
        wanted.name,
        wanted.constant,
        wanted.fixed,
        not wanted.inner,
    )
    function, stack = with_stack(function, wrt, _parts)
    if stack is not None:
        function = making(function, stack)
    function = _run(function, (_named("adjoint", partial(adjoint, request=request)),), stages)
    if stack is not None:
        function = freeing(function, stack)
    if _can_skip(primal, wanted):
        value_from = partial(euler, primal=primal, wrt=wanted.wrt)
        function = _run(function, (_named("euler", value_from),), stages)
    return _expanded(function, calls=False)


def _can_skip(function: Function, wanted: Wanted) -> bool:
    """Say whether a number is asked for that may come from its gradient."""
    plain = not (wanted.seeded or wanted.fixed or wanted.constant or calls_itself(function))
    return plain and wanted.with_value and len(function.results) == 1


def _parts(function: Function, wrt: tuple[int, ...]) -> Parts:
    """Return the two functions that take the place of one that calls itself."""
    return parts_of(_run(_structured(function), PREPARE, Stages()), wrt, _parts)


def _forward(
    function: Function, wanted: Wanted, stages: Stages, *, several: bool = False
) -> Function:
    function = _run(_ready(function), PREPARE_TANGENT, stages)
    request = Tangents(
        tuple(function.params[k] for k in wanted.wrt),
        wanted.with_value,
        several,
        wanted.name,
        wanted.constant,
    )
    return _run(function, (_named("tangent", partial(tangent, request=request)),), stages)


def _ready(function: Function) -> Function:
    """Return a function to derive in forward mode.

    Adjoints are written out, but for those of functions that call themselves, which are not derived
    again: the tangent of such a gradient is the gradient of the tangent (`transform.nested`).
    """
    if calls_itself(function):
        return _structured(function)
    return _expanded(function, calls=False)


def _again(function: Function, wanted: Wanted, stages: Stages) -> Function:
    """Return a second derivative of a function that calls itself."""
    function = _structured(function)
    seconds = along_gradient if wanted.mode == "hvp" else second_columns
    result = replace(seconds(function, wanted.wrt), name=wanted.name)
    return _run(result, (_named(wanted.mode, _expanded),), stages)


def _expanded(function: Function, *, calls: bool = True) -> Function:
    """Write out the derivatives in a function, and, if wanted, what is called as a whole.

    That is wanted last: what is called as a whole has derivatives of its own, of any order.
    """
    while any(_is_due(s, calls=calls) for s in statements(function.body)):
        function = expand(function, lambda d: _derivative(d) if _is_due(d, calls=calls) else None)
    return function


def _is_due(statement: Statement, *, calls: bool) -> bool:
    if not isinstance(statement, Derive) or is_recursive_call(statement):
        return False
    return calls or statement.mode != "call"


def _derivative(derive: Derive) -> Function:
    """Return the function that computes a derivative inside of another function."""
    backwards, seeds = derive.mode == "reverse", enumerate(derive.seeds)
    wanted = Wanted(
        derive.mode,
        derive.wrt,
        derive.mode in ("reverse", "forward"),
        backwards,
        f"{derive.function.name}_{derive.mode}",
        fixed={k: s for k, s in seeds if backwards and not isinstance(s, Value)},
        order=derive.order,
        inner=True,
    )
    return derived(derive.function, wanted, Stages())


def _structured(function: Function) -> Function:
    """Leave no derivatives in a function but those that can be reversed, in reverse mode."""

    def made(derive: Derive) -> Function | None:
        if derive.mode in ("reverse", "call"):
            return None
        return structured(derive, _structured(derive.function))

    def inner(statement: Statement) -> list[Statement]:
        if isinstance(statement, Derive):
            return [replace(statement, function=_structured(statement.function))]
        return [statement]

    function = expand(function, made)
    return replace(function, body=rewrite(function.body, inner))


def _gradient(function: Function, wanted: Wanted, stages: Stages) -> Function:
    return _reverse(function, replace(wanted, mode="reverse", with_value=False), stages)


def _over(gradient: Function, wanted: Wanted, stages: Stages, *, several: bool = False) -> Function:
    """Forward over reverse: the tangent of a gradient."""
    inner = replace(wanted, with_value=False, constant=0)
    return _forward(gradient, inner, stages, several=several)


def _columns(function: Function, wanted: Wanted, stages: Stages) -> Function:
    made = partial(columns, count=len(wanted.wrt))
    return _run(function, (_named("columns", made),), stages)


def _rows(function: Function, wanted: Wanted, stages: Stages) -> Function:
    primal = _run(_expanded(function), PREPARE_TANGENT, stages)
    back = _reverse(quiet(function), replace(wanted, with_value=False, seeded=True), stages)
    return _run(back, (_named("rows", lambda f: rows(primal, f, wanted.wrt)),), stages)


def _jacobian(function: Function, wanted: Wanted, stages: Stages) -> Function:
    """By columns or by rows, whichever is cheaper."""
    if any(draws(function)):
        return _derived(function, replace(wanted, mode="jacfwd"), stages)
    both = [_derived(quiet(function), replace(wanted, mode=mode), Stages()) for mode in DIRECTIONS]
    primal = _run(_expanded(function), PREPARE_TANGENT, stages)
    made = partial(cheaper, forward=both[0], backward=both[1], wrt=wanted.wrt)
    return _run(primal, (_named("cheaper", made),), stages)


def _series(function: Function, wanted: Wanted, stages: Stages) -> Function:
    """The Taylor coefficients of the float results along tangents."""
    function = _run(_structured(function), PREPARE_TANGENT, stages)
    floats = tuple(r for r in function.results if r.type.dtype.kind == "f")
    function = replace(function, results=floats)
    result = derivatives(function, wanted.wrt, wanted.order)
    result = replace(stacked(result, wanted.order), name=wanted.name)
    return _run(result, (_named("series", _expanded),), stages)


def _gauss_newton(function: Function, wanted: Wanted, stages: Stages) -> Function:
    """J' (J v): the adjoint, seeded with the tangent."""
    along = _forward(function, replace(wanted, with_value=False), stages)
    back = _reverse(quiet(function), replace(wanted, with_value=False, seeded=True), stages)
    return _run(along, (_named("product", lambda f: product(f, back)),), stages)


KEPT = (
    *(aliases, dataflow, dependence_of, indices_of, independence, memory),
    *(eliminate, simplify),
)
"""What keeps what it has found of the last functions."""


def forget() -> None:
    """Let go of what was found of functions, which no pass will see again.

    It is many objects, that the collector of garbage would look through.
    """
    for each in KEPT:
        each.cache_clear()


def _run(function: Function, passes: tuple[Pass, ...], stages: Stages) -> Function:
    for each in passes:
        found = each(function)
        # What is known of a function is kept for that object (`analysis`).
        function = function if is_same(found, function) else found
        stages.note(getattr(each, "__name__", "pass"), function)
    return function


def _named(name: str, function: Pass) -> Pass:
    function.__name__ = name
    return function
