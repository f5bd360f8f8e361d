"""Put the body of a function in place of a call of it.

b = f(a)    ->    the statements of f, with `a` for its parameter
"""

from collections.abc import Sequence

from srcdiff.ir.build import Builder, extents
from srcdiff.ir.layout import layouts_of
from srcdiff.ir.nodes import Block, Call, Function, Operand, Value
from srcdiff.ir.types import Array
from srcdiff.ir.walk import clone


def splice(builder: Builder, function: Function, args: Sequence[Operand]) -> list[Operand]:
    """Append the body of `function` called with `args`; return what it returns.

    Extents that the body asks its parameters for are those of the arguments. The body does not
    write into its parameters, so that an array in another order can be a copy.
    """
    mapping: dict[Value, Operand] = {}
    for param, arg in zip(function.params, args, strict=True):
        mapping[param] = arg = _fitting(builder, param, arg)
        pairs = zip(param.shape, extents(arg), strict=True)
        mapping.update((known, extent) for known, extent in pairs if isinstance(known, Value))
    known = frozenset(mapping)
    rest = [s for s in function.body.statements if not (isinstance(s, Call) and s.out in known)]
    builder.statements += clone(Block(tuple(rest)), mapping).statements
    return [mapping.get(r, r) if isinstance(r, Value) else r for r in function.results]


def _fitting(builder: Builder, param: Value, arg: Operand) -> Operand:
    """Return an argument in the memory order that the body takes it for."""
    if isinstance(param.type, Array) and param.type.layout not in layouts_of(arg.type):
        assert isinstance(arg, Value)
        return builder.ordered(arg, param.type)
    return arg
