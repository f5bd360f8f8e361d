"""Statements with an effect run once: where a function runs again, it prints nothing.

Numbers cannot be drawn again, so that functions that draw some are not run again.
"""

from collections.abc import Iterator
from dataclasses import replace

from srcdiff.errors import UnsupportedSyntax
from srcdiff.ir.nodes import Call, Derive, For, Function, Statement, While
from srcdiff.ir.walk import blocks, rewrite, statements
from srcdiff.words import DRAWS


def quiet(function: Function) -> Function:
    """Return a function that does not print."""

    def change(statement: Statement) -> list[Statement]:
        prints = isinstance(statement, Call) and statement.function is print
        return [] if prints else [statement]

    return replace(function, body=rewrite(function.body, change))


def draws(function: Function) -> Iterator[Call]:
    """Iterate over what draws random numbers in a function, and in what it calls."""
    for statement in statements(function.body):
        if isinstance(statement, Call) and statement.function in DRAWS:
            yield statement
        elif isinstance(statement, Derive):
            yield from draws(statement.function)


def inner_draws(function: Function) -> Iterator[Call]:
    """Iterate over what draws random numbers in the functions that a function calls."""
    for statement in statements(function.body):
        if isinstance(statement, Derive):
            yield from draws(statement.function)


def draws_in_loops(function: Function) -> Iterator[Call]:
    """Iterate over what draws random numbers in a loop."""
    for loop in statements(function.body):
        if isinstance(loop, For | While):
            for block in blocks(loop):
                yield from draws(replace(function, body=block))


def refuse(found: Iterator[Call], why: str) -> None:
    """Refuse the first of what draws random numbers, if there is any."""
    for call in found:
        raise UnsupportedSyntax(
            f"Random numbers cannot be drawn here: {why}.",
            call.origin.span,
            "Draw them outside of the function, and pass them.",
        )
