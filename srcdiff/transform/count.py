"""Count the trips of loops whose number of iterations is not known on entry.

While ...                   While ..., trips = trips
For ... leave flag    ->    For ... leave flag, trips = trips
"""

from dataclasses import replace

from srcdiff.ir.nodes import For, Function, Statement, Value, While
from srcdiff.ir.types import PYTHON_INT
from srcdiff.ir.walk import rewrite


def count(function: Function) -> Function:
    """Let every `While`, and every `For` that may be left, count its iterations."""
    return replace(function, body=rewrite(function.body, _counted))


def _counted(statement: Statement) -> list[Statement]:
    match statement:
        case While(trips=None):
            return [replace(statement, trips=Value("_trips", PYTHON_INT))]
        case For(trips=None) if statement.leave is not None:
            return [replace(statement, trips=Value("_trips", PYTHON_INT))]
    return [statement]
