"""Fetch what a loop reads and writes in a while, where it touches other rows here and there.

    For i in range(n)                      For i in range(n)
        u = Load us[i, 0]         ->           Call fetch(us, i, 3072)
        ...                                    u = Load us[i, 0]

The processor itself fetches what follows. But stores leave in order: those to rows here and there
wait behind one to memory that is not in the cache. Only around the vectors of `broaden`: there it
saves up to a seventh of the time; where all is in the cache already, it costs one twentieth.
"""

from collections.abc import Iterator
from dataclasses import replace

from srcdiff.ir.build import Builder, integer, is_constant
from srcdiff.ir.memory import Access
from srcdiff.ir.nodes import Block, Call, Const, For, Function, Statement, Value
from srcdiff.ir.types import PYTHON_INT, Array
from srcdiff.ir.walk import all_definitions, rewrite, statements
from srcdiff.words import abreast, fetch

AHEAD = 3072
"""Bytes: of rows of three numbers, 128."""
SHORT = 256
"""Iterations of a loop, at most, for which it is not worth it."""


def prefetch(function: Function) -> Function:
    """Let the loops of `function` around vectors fetch their rows ahead."""
    if not any(_is_vector(s) for s in statements(function.body)):
        return function
    return replace(function, body=rewrite(function.body, _changed))


def _is_vector(statement: Statement) -> bool:
    return isinstance(statement, Call) and statement.function is abreast


def _changed(statement: Statement) -> list[Statement]:
    if not isinstance(statement, For) or not any(map(_is_vector, statement.body.statements)):
        return [statement]
    if not is_constant(statement.step, 1) or _is_short(statement):
        return [statement]
    made = Builder(statement.origin)
    for ref in _streams(statement):
        made.call(fetch, ref, statement.index, integer(AHEAD), type=PYTHON_INT, shape=())
    return [replace(statement, body=Block((*made.statements, *statement.body.statements)))]


def _is_short(loop: For) -> bool:
    return isinstance(loop.stop, Const) and loop.stop.value < SHORT


def _streams(loop: For) -> Iterator[Value]:
    """Iterate over the arrays of which each iteration touches one short row, the next one."""
    own = set(all_definitions(loop.body))
    found: dict[Value, list[Access]] = {}
    for statement in statements(loop.body):
        if isinstance(statement, Access):
            found.setdefault(statement.ref, []).append(statement)
    for ref, accesses in found.items():
        packed = isinstance(ref.type, Array) and ref.type.layout == "C" and ref.type.ndim <= 2
        if packed and ref not in own and all(_is_own(each, loop) for each in accesses):
            yield ref


def _is_own(access: Access, loop: For) -> bool:
    if not access.indices or access.indices[0] is not loop.index:
        return False
    counters = [s.index for s in loop.body.statements if isinstance(s, For)]
    return all(isinstance(index, Const) or index in counters for index in access.indices[1:])
