"""Functions that call themselves: they stay calls, of functions of their own."""

from collections.abc import Iterator, Sequence

from srcdiff.ir.nodes import Block, Derive, Function, Operand, Recursion, Statement, Value
from srcdiff.ir.walk import statements


def declared(recursion: Recursion, params: Sequence[Value], results: Sequence[Operand]) -> Function:
    """Return what the calls of a function in its own body refer to."""
    return Function(recursion.name, tuple(params), Block(), tuple(results), recursion=recursion)


def is_own_call(statement: Statement, function: Function) -> bool:
    """Say whether a statement of `function` calls it."""
    return (
        isinstance(statement, Derive)
        and function.recursion is not None
        and statement.function.recursion is function.recursion
    )


def is_recursive_call(statement: Statement) -> bool:
    """Say whether a statement calls a function that calls itself."""
    return (
        isinstance(statement, Derive)
        and statement.mode == "call"
        and statement.function.recursion is not None
    )


def calls_itself(function: Function) -> bool:
    """Say whether a function, or one that it derives or calls, calls itself."""
    return any(
        isinstance(s, Derive) and (is_recursive_call(s) or calls_itself(s.function))
        for s in statements(function.body)
    )


def called(function: Function) -> Iterator[Function]:
    """Iterate over the functions with a text of their own that `function` calls."""
    for statement in statements(function.body):
        if is_recursive_call(statement) and not is_own_call(statement, function):
            assert isinstance(statement, Derive)
            yield statement.function
