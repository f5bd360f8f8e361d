"""Forward mode: each statement is followed by its tangent.

    y = Call sin(x)                       y = Call sin(x)
    z = Call multiply(y, x)        ->     y_dot = Call multiply(cos(x), x_dot)
    return z                              z = Call multiply(y, x)
                                          z_dot = Call add(multiply(x, y_dot), multiply(y, x_dot))
                                          return z, z_dot

Every active array has a shadow, which is made, viewed, written, joined and carried as the array is,
so that control flow and aliasing need no thought of their own; adjoint code is differentiated like
any other. *Several tangents at once* are one more axis, the last, of every tangent.

A partial that may be infinite, times a tangent that is 0, gives 0.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from srcdiff.analysis.activity import activity
from srcdiff.analysis.aliasing import aliases
from srcdiff.analysis.dataflow import dataflow
from srcdiff.analysis.signs import Signs
from srcdiff.errors import UnsupportedSyntax
from srcdiff.ir.build import Builder, constant, is_constant
from srcdiff.ir.derivatives import like
from srcdiff.ir.layout import layouts_of, view_layout
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Broadcast,
    Call,
    Carried,
    Derive,
    For,
    Function,
    Guard,
    How,
    If,
    Increment,
    Index,
    Join,
    Load,
    Operand,
    Recursion,
    Reshape,
    Statement,
    Store,
    Transpose,
    Value,
    View,
    While,
    is_array,
)
from srcdiff.ir.recursion import declared, is_own_call, is_recursive_call
from srcdiff.ir.symbols import unused
from srcdiff.ir.types import PYTHON_INT, Array, Scalar, Type, is_float
from srcdiff.ir.walk import asks, blocks, map_blocks
from srcdiff.transform.jacobians import prologue
from srcdiff.transform.tangents.calls import tangent_of_call
from srcdiff.transform.tangents.derivatives import tangent_of_derivative, tangent_of_recursion
from srcdiff.transform.tangents.state import FULL, Tangent
from srcdiff.transform.titles import title


@dataclass(frozen=True, eq=False)
class Tangents:
    """What is asked for: tangents along `wrt`, one or `several` at once, and the results.

    The last `constant` results are returned but have no tangent.
    """

    wrt: tuple[Value, ...]
    with_value: bool = True
    several: bool = False
    name: str = ""
    constant: int = 0


def tangent(function: Function, request: Tangents) -> Function:
    """Return the function that computes the tangents of the results of `function`.

    Its parameters are one tangent for each of `request.wrt`, then those of `function`; it returns
    the results of `function`, if asked for, then the tangent of each float among them.
    """
    active = activity(function, request.wrt, aliases(function, through_edges=True))
    flow = dataflow(function)
    work = Tangent(function, active, flow, Signs(flow))
    seeds = _seed(work, request, {param.name for param in function.params})
    name = request.name or f"{function.name}_tangent"
    if function.recursion is not None:
        work.itself = _declared(work, request, name, seeds)
        work.ahead = tuple(function.params.index(param) for param in request.wrt)
    first, rest = prologue(function, function.params)
    work.head.statements += first
    _rest(work, function.params)
    body = _block(work, Block(tuple(rest)))
    differentiated = function.results[: len(function.results) - request.constant]
    builder = Builder()
    dots = [work.or_zero(builder, r) for r in differentiated if r.type.dtype.kind == "f"]
    return replace(
        function,
        name=name,
        params=(*seeds, *function.params),
        body=Block((*work.head.statements, *body.statements, *builder.statements)),
        results=(*(function.results if request.with_value else ()), *dots),
        doc=title("Tangent", function, "along", request.wrt),
        recursion=None if work.itself is None else work.itself.recursion,
    )


def _declared(t: Tangent, request: Tangents, name: str, seeds: tuple[Value, ...]) -> Function:
    """Return what calls of the function in itself become calls of."""
    assert request.with_value and not request.several
    function = t.function
    dots = [t.like(like(r)) for r in function.results if is_float(r.type)]
    results = (*function.results, *dots)
    return declared(Recursion(name), (*seeds, *function.params), results)


def along(function: Function, directions: tuple[Value, ...]) -> Function:
    """Return the tangent of `function` along some of its parameters, and its results."""
    return tangent(function, Tangents(directions))


def _seed(t: Tangent, request: Tangents, taken: set[str]) -> tuple[Value, ...]:
    """Return the parameters for the tangents of `wrt`, under names that are not `taken`."""
    if request.several:
        t.width = Value("width", PYTHON_INT)
    seeds: list[Value] = []
    for param in request.wrt:
        seed = t.shaped(param, unused(f"{param.name}_dot", taken), t.shape(param))
        taken.add(seed.name)
        if t.width is not None and not seeds:
            axis = (("axis", len(param.shape)),)
            t.head.call_into(t.width, np.shape, (seed,), axis)  # type: ignore[arg-type]
        t.dots[param] = seed
        seeds.append(seed)
    return tuple(seeds)


def _rest(t: Tangent, params: Iterable[Value]) -> None:
    """Give a tangent of zeros to parameters that names are rebound to which have one."""
    for param in params:
        if param not in t.dots and t.is_active(param):
            t.dots[param] = t.zero(t.head, param)


def _block(t: Tangent, block: Block) -> Block:
    outer, t.builder = t.builder, Builder()
    following = [*block.statements]
    while following:
        statement = following.pop(0)
        t.builder.origin = statement.origin
        asked: list[Statement] = []
        outs = statement.outs if isinstance(statement, Derive) else ()
        while following and any(asks(following[0], out) for out in outs):
            asked.append(following.pop(0))
        _statement(t, statement, asked)
    inner, t.builder = t.builder, outer
    return inner.block()


def _statement(t: Tangent, statement: Statement, asked: list[Statement]) -> None:
    """Append a statement, what asks a call for extents, and the tangent."""
    match statement:
        case If():
            _branch(t, statement)
            return
        case For() | While():
            _loop(t, statement)
            return
    if isinstance(statement, Derive) and is_recursive_call(statement):
        if _recursive(t, statement):
            t.builder.statements += asked
            return
        if is_own_call(statement, t.function):
            statement = replace(statement, function=t.function)
    t.builder.append(statement)
    t.builder.statements += asked
    match statement:
        case Call(out=out) if t.is_active(out):
            tangent_of_call(t, statement)
        case Alloc(out=out) if t.is_active(out):
            _alloc(t, statement)
        case View(out=out) if t.is_active(out):
            t.dots[out] = _view(t, statement)
        case Load(out=out) if t.is_active(out):
            t.dots[out] = _load(t, statement)
        case Store(ref=ref) | Increment(ref=ref) if t.is_active(ref):
            _write(t, statement)
        case Derive() if any(map(t.is_active, statement.outs)):
            tangent_of_derivative(t, statement, along)
        case Guard():
            pass


def _recursive(t: Tangent, derive: Derive) -> bool:
    """Append the call of a function that calls itself together with its tangent, if there is one.

    Of several tangents each has a call of its own.
    """
    recursion = derive.function.recursion
    assert recursion is not None and not recursion.derived, recursion
    active = any(map(t.is_active, derive.outs)) and not derive.origin.constant
    if not active or t.width is not None:
        return False
    tangent_of_recursion(t, derive, along)
    return True


def _alloc(t: Tangent, alloc: Alloc) -> None:
    """A new array has a new tangent, undefined where the array is."""
    out = alloc.out
    fill = alloc.fill if alloc.fill is None else t.or_nothing(alloc.fill)
    dot = t.like(out)
    wide = fill is not None and is_array(fill)
    t.builder.append(Alloc(dot, None if wide else fill, alloc.origin))
    if wide and fill is not None:
        t.builder.store(dot, (), fill)
    t.dots[out] = dot


def _view(t: Tangent, view: View) -> Operand:
    base = t.dot(view.ref)
    assert isinstance(base, Value)
    out, how = view.out, _wide_how(t, view.how)
    if isinstance(how, Reshape) and "C" not in layouts_of(base.type):
        base = _ordered(t, view, base)
    shape = t.own_shape(out)
    assert isinstance(base.type, Array)
    type = Array(out.type.dtype, len(shape), view_layout(base.type, how))
    dot = t.builder.view(base, how, type, shape, f"{out.name}_dot")
    t.builder.statements += t.asked(out, dot)
    return dot


def _ordered(t: Tangent, view: View, base: Value) -> Value:
    """Return a tangent in C order, in which it can be reshaped."""
    if t.activity.aliases.is_memory(view.ref):
        raise UnsupportedSyntax(
            "This reshape is of an array that is not in C order, and the array is written.",
            view.origin.span,
            "Make it a copy: `np.ascontiguousarray(a)`.",
        )
    return t.builder.copy(base)


def _wide_how(t: Tangent, how: How) -> How:
    """Return the same way of viewing of an array with an axis more."""
    if t.width is None:
        return how
    match how:
        case Index(items=items):
            return Index((*items, FULL))
        case Transpose(axes=axes):
            return Transpose((*axes, len(axes)))
        case Reshape() | Broadcast():
            return how


def _load(t: Tangent, load: Load) -> Operand:
    base = t.dot(load.ref)
    assert isinstance(base, Value)
    name = f"{load.out.name}_dot"
    if t.width is None:
        return t.builder.load(base, load.indices, name)
    one = _row(t, base, load.indices)
    memory = t.activity.aliases.is_memory(load.ref)
    # Unlike a copy it can be made where it is read, until the memory is written.
    return t.builder.call(np.positive, one, name=name) if memory else one


def _row(t: Tangent, base: Value, indices: tuple[Operand, ...]) -> Value:
    """Return the tangents of an element."""
    assert t.width is not None and isinstance(base.type, Array)
    how = Index((*indices, FULL))
    type = Array(base.type.dtype, 1, view_layout(base.type, how))
    return t.builder.view(base, how, type, (t.width,))


def _write(t: Tangent, write: Store | Increment) -> None:
    """Write the tangent of what is written; an increment by a constant leaves it alone."""
    ref, dot = t.dot(write.ref), t.or_nothing(write.value)
    if write.origin.constant:
        dot = constant(0, Scalar(write.ref.type.dtype))
    assert isinstance(ref, Value)
    if isinstance(write, Increment) and is_constant(dot, 0):
        return
    indices = write.indices
    if t.width is not None and indices:
        ref, indices = _row(t, ref, indices), ()
    t.builder.append(replace(write, ref=ref, indices=indices, value=dot))


def _branch(t: Tangent, statement: If) -> None:
    then, orelse = _block(t, statement.then), _block(t, statement.orelse)
    sides = Builder(statement.origin), Builder(statement.origin)
    joins = list(statement.joins)
    for join in statement.joins:
        if t.is_active(join.out):
            first = t.or_zero(sides[0], join.then)
            second = t.or_zero(sides[1], join.orelse)
            out = _common(t, join.out, first, second)
            t.dots[join.out] = out
            joins.append(Join(out, first, second))
    first_block, second_block = (
        Block((*block.statements, *side.statements))
        for block, side in zip((then, orelse), sides, strict=True)
    )
    new = replace(statement, then=first_block, orelse=second_block, joins=tuple(joins))
    t.builder.append(new)
    _ask(t, [join.out for join in statement.joins])


def _common(t: Tangent, primal: Value, first: Operand, second: Operand) -> Value:
    """Return a value for what is one of two tangents."""
    out = t.like(primal)
    if not (_agrees(out.type, first.type) and _agrees(out.type, second.type)):
        assert isinstance(out.type, Array)
        return Value(out.name, replace(out.type, layout="A"), out.shape)
    return out


def _loop(t: Tangent, loop: For | While) -> None:
    """Carry the tangents of what is carried."""
    inits = {
        entry: t.or_zero(t.builder, entry.init)
        for entry in loop.carried
        if t.is_active(entry.phi) or t.is_active(entry.out)
    }
    while True:
        phis = {entry: _carried(t, entry.phi, init) for entry, init in inits.items()}
        t.dots.update((entry.phi, phi) for entry, phi in phis.items())
        inner = [_block(t, block) for block in blocks(loop)]
        end = Builder(loop.origin)
        nexts = {entry: t.or_zero(end, entry.next) for entry in inits}
        wrong = [e.phi for e, phi in phis.items() if not _agrees(phi.type, nexts[e].type)]
        if not wrong:
            break
        t.strided.update(wrong)
    asked = [s for entry, phi in phis.items() for s in t.asked(entry.phi, phi)]
    inner[0] = Block((*asked, *inner[0].statements))
    inner[-1] = Block((*inner[-1].statements, *end.statements))
    entries = []
    for entry, init in inits.items():
        out = Value(f"{entry.out.name}_dot", phis[entry].type, t.own_shape(entry.out))
        t.dots[entry.out] = out
        entries.append(Carried(phis[entry], init, nexts[entry], out))
    following = iter(inner)
    new = map_blocks(loop, lambda _: next(following))
    t.builder.append(replace(new, carried=(*loop.carried, *entries)))
    _ask(t, [entry.out for entry in inits])


def _ask(t: Tangent, values: Iterable[Value]) -> None:
    """Append what asks the tangents of values for their extents."""
    for value in values:
        dot = t.dots.get(value)
        if isinstance(dot, Value):
            t.builder.statements += t.asked(value, dot)


def _carried(t: Tangent, primal: Value, init: Operand) -> Value:
    """Return the tangent of a phi; a layout is claimed until one of its sources has another."""
    phi = t.like(primal)
    claims = isinstance(phi.type, Array)
    if claims and (primal in t.strided or not _agrees(phi.type, init.type)):
        assert isinstance(phi.type, Array)
        return Value(phi.name, replace(phi.type, layout="A"), phi.shape)
    return phi


def _agrees(claimed: Type, source: Type) -> bool:
    """Say whether an array of type `source` has the layout of `claimed`."""
    return not isinstance(claimed, Array) or claimed.layout in layouts_of(source)
