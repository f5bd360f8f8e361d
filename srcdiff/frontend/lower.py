"""Lower a Python function, specialised to argument types, to the intermediate representation.

    def f(x, n):                     f(x, n):
        s = 0.0                        For i in range(0, n, 1), carried s = (s', 0.0, s'', s)
        for i in range(n):      ->         _x_i = Load x[i]
            s += x[i]                      s'' = Call add(s', _x_i)
        return s                       return s

Users' functions are inlined: a call is lowered with its arguments' entities, so that functions as
arguments, closures, constants and tuples are gone when the IR is built.
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import FunctionType
from typing import Any

from srcdiff.errors import (
    NotDifferentiable,
    Span,
    SrcdiffError,
    TypeInferenceError,
    UnsupportedSyntax,
)
from srcdiff.frontend.arithmetic import literal
from srcdiff.frontend.assigned import check_assigned
from srcdiff.frontend.assignments import assign, augment, bind
from srcdiff.frontend.comprehensions import comprehend
from srcdiff.frontend.conditions import truth_of
from srcdiff.frontend.constants import lower_no_grad
from srcdiff.frontend.context import (
    Binding,
    Captured,
    Conflict,
    Context,
    Entity,
    LocalFunction,
    Read,
    Scope,
    Static,
    children,
    leaves,
    remade,
)
from srcdiff.frontend.expressions import defaults, evaluate
from srcdiff.frontend.joins import join_entities, undefined
from srcdiff.frontend.jumps import RESULT, structure
from srcdiff.frontend.loops import lower_for, lower_while, read_counts
from srcdiff.frontend.parameters import bind_arguments, python_defaults
from srcdiff.frontend.raising import lower_assert, lower_raise
from srcdiff.frontend.recursion import (
    MOST_ROUNDS,
    Again,
    Recursions,
    Unknown,
    call_itself,
    call_recursive,
    key_of,
)
from srcdiff.frontend.source import Source, find_source
from srcdiff.frontend.syntax import check
from srcdiff.ir.build import Builder
from srcdiff.ir.nodes import (
    Block,
    Call,
    Const,
    Function,
    Guard,
    If,
    Join,
    Operand,
    Statement,
    Value,
)
from srcdiff.ir.walk import rename


@dataclass(frozen=True, eq=False)
class Lowered:
    """A function in IR, the entity it returns, and what it takes from its surroundings."""

    function: Function
    result: Entity
    captured: tuple[Captured, ...]
    frozen: tuple[tuple[str, Any], ...]
    sources: tuple[Source, ...]
    span: Span
    reads: tuple[Read, ...]

    def placed(self, span: Span | None) -> "Lowered":
        """Return the same as standing at `span`, unless that is not known."""
        if span is None:
            return self
        return replace(self, span=span, function=replace(self.function, span=span))


def lower(
    function: FunctionType,
    args: Sequence[Entity],
    kwargs: Mapping[str, Entity],
    params: Sequence[Value],
    prologue: Builder,
    output: Callable[[Entity], Entity] = lambda returned: returned,
) -> Lowered:
    """Lower `function` called with entities whose run-time leaves are `params`.

    `prologue` holds statements that define the extents of the parameters, `output` makes the result
    out of what the function returns. Raises `SrcdiffError`
    at the user's line for everything that is not supported.
    """
    recursions = Recursions()
    for _ in range(MOST_ROUNDS):
        c = Context(Scope(find_source(function)))
        c.recursions = recursions
        recursions.restart()
        c.prologue = Builder()
        c.prologue.statements = list(prologue.statements)
        try:
            return _lower(c, function, args, kwargs, params, output)
        except Again:
            continue
        except SrcdiffError:
            if not recursions.write_out():
                raise
    source = find_source(function)
    raise UnsupportedSyntax(
        "The types of what a function that calls itself takes and returns do not settle.",
        source.span(source.node),
        "Return the same types on every path.",
    )


def _lower(
    c: Context,
    function: FunctionType,
    args: Sequence[Entity],
    kwargs: Mapping[str, Entity],
    params: Sequence[Value],
    output: Callable[[Entity], Entity],
) -> Lowered:
    source = c.scope.source
    c.evaluate, c.inline, c.comprehend = evaluate, inline, comprehend
    result = output(inline(c, Static(function), tuple(args), kwargs, source.node))
    _check_lists(c, source, result)
    results = [leaf for leaf in leaves(result) if isinstance(leaf, Value | Const)]
    captured = tuple(c.captured.values())
    renamed: dict[Value, Operand] = {}
    head = _renamed_prologue(c, (*params, *(each.value for each in captured)), renamed)
    rest = rename(Block(tuple(c.builder.statements)), c.names, renamed)
    body = Block((*head, *rest.statements))
    results = [renamed.get(r, r) if isinstance(r, Value) else r for r in results]
    hidden = [each.value for each in captured]
    lowered = Function(
        function.__name__ if function.__name__.isidentifier() else "function",
        tuple(_new(renamed, param) for param in (*params, *hidden)),
        body,
        tuple(results),
        span=source.span(source.node),
    )
    sources = tuple(dict.fromkeys(c.sources))
    return Lowered(
        lowered,
        result,
        captured,
        tuple(c.frozen),
        sources,
        source.span(source.node),
        tuple(c.reads),
    )


def _check_lists(c: Context, source: Source, result: Entity) -> None:
    if any(leaf in c.lists for leaf in leaves(result)):
        raise NotDifferentiable(
            f"`{source.function.__name__}` returns a list whose length is known at run time only.",
            source.span(source.node),
            "Return `np.array(...)` of it.",
        )


def _renamed_prologue(
    c: Context, params: Sequence[Value], renamed: dict[Value, Operand]
) -> list[Statement]:
    """Give parameters anew whose extents the user has given names: `n, d = x.shape`."""
    for param in params:
        for extent in param.shape:
            if isinstance(extent, Value) and extent in c.names:
                renamed[extent] = Value(c.names.pop(extent), extent.type)
        shape = tuple(renamed.get(e, e) if isinstance(e, Value) else e for e in param.shape)
        if shape != param.shape:
            renamed[param] = Value(param.name, param.type, shape)
    return [
        Call(_new(renamed, s.out), s.function, (_new(renamed, s.args[0]),), s.static, s.origin)
        for s in c.prologue.statements
        if isinstance(s, Call) and isinstance(s.args[0], Value)
    ]


def _new(renamed: Mapping[Value, Operand], value: Value) -> Value:
    result = renamed.get(value, value)
    assert isinstance(result, Value)
    return result


# ---- calls of functions with source ----


def inline(
    c: Context,
    callee: Entity,
    args: tuple[Entity, ...],
    kwargs: Mapping[str, Entity],
    node: ast.AST,
) -> Entity:
    """Lower the body of `callee` in place of its call, and return what it returns."""
    match callee:
        case LocalFunction():
            scope = Scope(callee.scope.source, enclosing=callee.scope)
            definition, given = callee.node, dict(callee.defaults)
        case Static(value=FunctionType() as function):
            source = find_source(function)
            c.sources.append(source)
            scope = Scope(source)
            definition, given = source.node, python_defaults(c, node, function)
        case _:
            raise AssertionError(callee)
    names = bind_arguments(c, node, definition, args, kwargs, given)

    def body(names: Mapping[str, Entity]) -> Entity:
        return _inlined(c, node, scope, definition, names)

    key = key_of(scope.source, definition)
    head = next((head for head in c.heads if head.key == key), None)
    if head is not None:
        return call_itself(c, node, head, names)
    if c.recursions.is_called(key):
        return call_recursive(c, node, definition, key, names, body)
    with c.recursions.within(key):
        return body(names)


def _inlined(
    c: Context,
    node: ast.AST,
    scope: Scope,
    definition: ast.FunctionDef | ast.Lambda,
    names: Mapping[str, Entity],
) -> Entity:
    """Lower the body of a function whose parameters denote `names`."""
    scope.call = node
    caller, calls, origin, scopes = c.scope, c.calls, c.builder.origin, c.scopes
    c.scope, c.calls, c.scopes = scope, (*c.calls, node, definition), (*c.scopes, scope)
    try:
        _check(c, definition)
        for name, entity in names.items():
            bind(c, definition, name, entity)
        return _body(c, definition)
    finally:
        c.scope, c.calls, c.builder.origin, c.scopes = caller, calls, origin, scopes


def _check(c: Context, definition: ast.FunctionDef | ast.Lambda) -> None:
    if c.scope.enclosing is None and definition not in c.checked:
        check(definition, c.span)
        check_assigned(definition, c.span)
        c.checked.add(definition)


def _body(c: Context, definition: ast.FunctionDef | ast.Lambda) -> Entity:
    if isinstance(definition, ast.Lambda):
        c.at(definition.body)
        c.scope.statement, c.scope.builder = ast.Expr(definition.body), c.builder
        return evaluate(c, definition.body, "_out")
    structured = structure(_without_docstring(definition.body))
    c.scope.leaves = structured.leaves
    c.scope.reads = read_counts(definition)
    statements(c, structured.body)
    binding = c.scope.names.get(RESULT)
    if binding is None:
        return Static(None)
    if isinstance(binding.entity, Conflict):
        raise TypeInferenceError(
            f"What `{definition.name}` returns {binding.entity.reason}",
            binding.span,
            "Return the same type on every path.",
        )
    return binding.entity


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    match body:
        case [ast.Expr(value=ast.Constant(value=str())), *rest]:
            return rest
    return body


# ---- statements ----


def statements(c: Context, body: list[ast.stmt]) -> None:
    """Lower the statements of a block."""
    for node in body:
        c.at(node)
        c.scope.statement, c.scope.builder = node, c.builder
        try:
            statement(c, node)
        except RecursionError as error:
            raise SrcdiffError("This is nested too deeply.", c.span(node), "Split it.") from error


def statement(c: Context, node: ast.stmt) -> None:
    """Lower one statement."""
    match node:
        case ast.Assign() | ast.AnnAssign():
            assign(c, node)
        case ast.AugAssign():
            augment(c, node)
        case ast.If():
            _if(c, node)
        case ast.For():
            lower_for(c, node, statements)
        case ast.While():
            lower_while(c, node, statements)
        case ast.Expr():
            evaluate(c, node.value, "_t")
        case ast.With():
            lower_no_grad(c, node, statements)
        case ast.Pass():
            pass
        case ast.FunctionDef():
            bind(c, node, node.name, LocalFunction(node, c.scope, defaults(c, node.args)))
        case ast.Assert():
            lower_assert(c, node)
        case ast.Raise():
            lower_raise(c, node)
        case _:
            c.fail(
                node,
                f"{type(node).__name__} is not supported.",
                "Write it in other words.",
                UnsupportedSyntax,
            )


def _if(c: Context, node: ast.If) -> None:
    test = truth_of(c, node.test)
    if isinstance(test, Const):
        statements(c, node.body if test.value else node.orelse)
        return
    before = c.scope.names
    with c.block() as then:
        c.scope.names = dict(before)
        first_known = _known(c, node.body)
        first = c.scope.names
    with c.block() as orelse:
        c.scope.names = dict(before)
        second_known = _known(c, node.orelse)
        second = c.scope.names
    if not (first_known or second_known):
        raise Unknown
    c.scope.names = before
    c.at(node)
    joins: list[Join] = []
    names = _joined(c, node, (then, orelse), first, second, joins)
    c.builder.append(If(test, then.block(), orelse.block(), tuple(joins), c.builder.origin))
    for name, binding in names.items():
        c.settle(binding.entity)
        c.scope.names[name] = binding


def _known(c: Context, body: list[ast.stmt]) -> bool:
    """Lower a side of a branch; one that needs what is not known yet has no say, like a raise."""
    try:
        statements(c, body)
    except Unknown:
        c.builder.guard(literal(False), RecursionError, "")
        return False
    return True


def _joined(
    c: Context,
    node: ast.If,
    sides: tuple[Builder, Builder],
    first: dict[str, Binding],
    second: dict[str, Binding],
    joins: list[Join],
) -> dict[str, Binding]:
    """Return the names after an If; a side that raises has no say."""
    if _raises(sides[0]):
        return second
    if _raises(sides[1]):
        return first
    result: dict[str, Binding] = {}
    for name in dict.fromkeys([*first, *second]):
        one, other = first.get(name), second.get(name)
        if one is other:
            continue
        entities = (_or_undefined(sides[0], one, other), _or_undefined(sides[1], other, one))
        wish = name if not name.startswith(".") else "_out" if name == RESULT else f"_{name[1:]}"
        joined = join_entities(c, node, sides, entities, wish, joins)
        span = (one or other).span  # type: ignore[union-attr]
        if isinstance(joined, Conflict) and one and other and name != RESULT:
            joined = Conflict(f"{joined.reason[:-1]} (assigned at {one.span} and {other.span}).")
        result[name] = Binding(joined, span)
    return result


def _or_undefined(side: Builder, binding: Binding | None, other: Binding | None) -> Entity:
    """Return what a name denotes on a side; where it is undefined, it is not read either."""
    if binding is not None:
        return binding.entity
    assert other is not None
    if all(isinstance(leaf, Value | Const) for leaf in leaves(other.entity)):
        return _undefined_like(side, other.entity)
    return other.entity


def _undefined_like(side: Builder, entity: Entity) -> Entity:
    inner = children(entity)
    if inner is not None:
        return remade(entity, [_undefined_like(side, item) for item in inner])
    assert isinstance(entity, Value | Const)
    return undefined(side, entity.type)


def _raises(block: Builder) -> bool:
    match block.statements[-1:]:
        case [Guard(condition=Const(value=False))]:
            return True
    return False
