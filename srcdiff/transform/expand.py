"""Write out derivatives inside of a function: splice the function that computes each.

y, x_bar = Derive reverse of f, at x     ->     the statements of f_adjoint, with x for its x
"""

from collections.abc import Callable
from dataclasses import replace

from srcdiff.analysis.aliasing import shared_results
from srcdiff.ir.build import Builder
from srcdiff.ir.nodes import Block, Derive, Function, Operand, Statement, Value
from srcdiff.ir.types import Array
from srcdiff.ir.walk import blocks, map_blocks, rewrite, statements, substitute
from srcdiff.transform.own import owned
from srcdiff.transform.splice import splice

Make = Callable[[Derive], Function | None]
"""Returns the function of seeds and arguments that gives `outs`; None leaves a `Derive` as it is.
In reverse mode, seeds that are literals are part of that function."""


def expand(function: Function, make: Make) -> Function:
    """Splice what `make` returns for each `Derive` in `function`."""
    if not any(isinstance(s, Derive) for s in statements(function.body)):
        return function
    mapping: dict[Value, Operand] = {}
    body = _block(function.body, make, mapping)
    results = tuple(mapping.get(r, r) if isinstance(r, Value) else r for r in function.results)
    return replace(function, body=body, results=results)


def _block(block: Block, make: Make, mapping: dict[Value, Operand]) -> Block:
    builder = Builder()
    for statement in block.statements:
        if isinstance(statement, Derive):
            derive = substitute(statement, mapping)
            if not _splice(builder, derive, make, mapping):
                builder.append(derive)
        elif blocks(statement):
            inner = [_block(each, make, mapping) for each in blocks(statement)]
            builder.append(_nested(statement, inner, mapping))
        else:
            builder.append(substitute(statement, mapping))
    return builder.block()


def _nested(statement: Statement, inner: list[Block], mapping: dict[Value, Operand]) -> Statement:
    """Return a statement around blocks that are done."""
    shell = substitute(map_blocks(statement, lambda _: Block()), mapping)
    following = iter(inner)
    return map_blocks(shell, lambda _: next(following))


def _splice(builder: Builder, derive: Derive, make: Make, mapping: dict[Value, Operand]) -> bool:
    """Append what computes a `Derive`, unless it is to be left as it is."""
    function = make(derive)
    if function is None:
        return False
    builder.origin = derive.origin
    fixed = derive.mode == "reverse"
    seeds = [s for s in derive.seeds if isinstance(s, Value) or (s is not None and not fixed)]
    if derive.origin.constant:
        function = replace(function, body=rewrite(function.body, _constant))
    results = splice(builder, function, (*seeds, *derive.args))
    shared = shared_results(function)
    for k, (out, result) in enumerate(zip(derive.outs, results, strict=True)):
        layout = out.type.layout if isinstance(out.type, Array) else "A"
        mapping[out] = owned(builder, result, out.name, layout, shared=k in shared)
    return True


def _constant(statement: Statement) -> list[Statement]:
    """Return a statement as one in the block of a `no_grad`."""
    return [replace(statement, origin=replace(statement.origin, constant=True))]
