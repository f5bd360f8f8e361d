"""Decide whether a reshape that may be a view or a copy can be taken for a copy.

    t = Call copy(x, maybe_view=True)     ->     t = Call copy(x)
    A = View t, Reshape                          A = View t, Reshape

Where neither the array nor the result is written, nobody can tell. Where one is, it is refused.
So is `with no_grad(): b = a`, where the constant `b` is a copy here and `a` itself in Python.
This pass is the first: later ones may remove writes to what they take for a copy.
"""

from dataclasses import replace

from srcdiff import words
from srcdiff.analysis.aliasing import aliases
from srcdiff.errors import UnsupportedSyntax
from srcdiff.ir.nodes import Call, Function, Statement, Value
from srcdiff.ir.walk import rewrite, statements


def settle(function: Function) -> Function:
    """Settle the reshapes of `function`; raises `UnsupportedSyntax` where it cannot be known."""
    if not any(map(_is_open, statements(function.body))):
        return function
    classes = aliases(function, through_edges=True)

    def settled(statement: Statement) -> list[Statement]:
        match statement:
            case Call(args=(Value() as source,), out=out, static=((words.MAYBE_VIEW, True),)):
                if classes.is_memory(source) or classes.is_memory(out):
                    raise _refusal(statement)
                return [replace(statement, static=())]
        return [statement]

    return replace(function, body=rewrite(function.body, settled))


def _is_open(statement: Statement) -> bool:
    return isinstance(statement, Call) and statement.static == ((words.MAYBE_VIEW, True),)


def _refusal(statement: Call) -> UnsupportedSyntax:
    if statement.function is words.stop_gradient:
        return UnsupportedSyntax(
            "An array or a view gets a name in this `no_grad` block, and is written elsewhere.",
            statement.origin.span,
            "Make it a copy: `a.copy()`.",
        )
    return UnsupportedSyntax(
        "Whether this reshape is a view or a copy is known only at run time, and the array is "
        "written.",
        statement.origin.span,
        "Make it a copy: `np.ascontiguousarray(a).reshape(...)`, or `a.copy()`.",
    )
