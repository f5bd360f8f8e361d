"""`assert` and `raise`: guards, which both sweeps keep where they are."""

import ast

from srcdiff.frontend.arithmetic import literal
from srcdiff.frontend.conditions import truth_of
from srcdiff.frontend.context import Context, Static
from srcdiff.frontend.expressions import evaluate


def lower_assert(c: Context, node: ast.Assert) -> None:
    """Lower an `assert`."""
    holds = truth_of(c, node.test, "_holds")
    c.builder.guard(holds, AssertionError, _message(node.msg))


def lower_raise(c: Context, node: ast.Raise) -> None:
    """Lower a `raise` of an exception of the user's."""
    error, message = _exception(c, node)
    c.builder.guard(literal(False), error, message)


def _message(node: ast.expr | None) -> str:
    match node:
        case None:
            return ""
        case ast.Constant(value=str() as text):
            return text
    return ast.unparse(node)


def _exception(c: Context, node: ast.Raise) -> tuple[type[Exception], str]:
    """Return the class and the message of a user's own exception."""
    call = node.exc
    args = call.args if isinstance(call, ast.Call) else []
    name = call.func if isinstance(call, ast.Call) else call
    entity = None if name is None else evaluate(c, name)
    if not isinstance(entity, Static) or not (
        isinstance(entity.value, type) and issubclass(entity.value, Exception)
    ):
        c.fail(node, "Only exceptions can be raised.", "Raise ValueError or the like.")
    return entity.value, _message(args[0] if args else None)
