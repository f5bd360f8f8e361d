"""`max`, `min`, `radd` and `grow` as generated code sees them when Numba compiles it.

Numba compiles a function for each of them and each type, twenty to two hundred milliseconds, and
writes thirty instructions where it is called. These are the few instructions that are left of that.
"""

import operator
from collections.abc import Callable
from typing import Any

from numba.core import cgutils, types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin
from numba.np.arrayobj import get_itemsize

from srcdiff import runtime
from srcdiff.backend.arrays import NUMPY
from srcdiff.runtime.allocation import new_array


def larger(*numbers: Any) -> Any:
    """`max` of numbers."""
    return max(numbers)


def smaller(*numbers: Any) -> Any:
    """`min` of numbers."""
    return min(numbers)


class _OfNumbers(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        if len(args) < 2 or not all(isinstance(a, types.Number | types.Boolean) for a in args):
            return None
        result = self.context.unify_types(*args)
        return result and signature(types.unliteral(result), *args)


def _choose(compare: Any) -> Callable[..., Any]:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        """Keep the first of two that are equal or not to be compared, as Python does."""
        unify = context.typing_context.unify_types
        kind, chosen = signature.args[0], args[0]
        for other, value in zip(signature.args[1:], args[1:], strict=True):
            common = unify(kind, other)
            chosen = context.cast(builder, chosen, kind, common)
            value = context.cast(builder, value, other, common)
            function = context.get_function(compare, _comparison(common))
            chosen = builder.select(function(builder, (value, chosen)), value, chosen)
            kind = common
        return context.cast(builder, chosen, kind, signature.return_type)

    return generate


def _comparison(kind: Any) -> Any:
    return signature(types.boolean, kind, kind)


for _function, _compare in ((larger, operator.gt), (smaller, operator.lt)):
    _template = type(_function.__name__, (_OfNumbers,), {"key": _function})
    infer_global(_function, types.Function(_template))
    lower_builtin(_function, types.VarArg(types.Any))(_choose(_compare))


@intrinsic
def added(typing_context, a, b):  # type: ignore[no-untyped-def]
    """`words.radd`: an addition that may be reordered, and no other."""
    plain = typing_context.resolve_function_type(operator.add, (a, b), {})

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = signature.return_type
        x, y = (
            context.cast(builder, value, given, kind)
            for value, given in zip(args, signature.args, strict=True)
        )
        if isinstance(kind, types.Float):
            return builder.fadd(x, y, flags=["reassoc"])
        if not isinstance(kind, types.Complex):
            return context.get_function(operator.add, signature)(builder, args)
        parts = [context.make_complex(builder, kind, value=value) for value in (x, y)]
        total = context.make_complex(builder, kind)
        for name in ("real", "imag"):
            left, right = (getattr(part, name) for part in parts)
            setattr(total, name, builder.fadd(left, right, flags=["reassoc"]))
        return total._getvalue()

    return plain.return_type(*plain.args), generate


@intrinsic
def grown(typing_context, tape, size):  # type: ignore[no-untyped-def]
    """`words.grow`: the array itself, or a longer copy of it."""
    if not isinstance(tape, types.Array) or tape.layout != "C" or tape.ndim == 0:
        return None

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        value, needed = args[0], context.cast(builder, args[1], signature.args[1], types.intp)
        place = context.data_model_manager[tape].get_field_position
        extents = [builder.extract_value(value, [place("shape"), k]) for k in range(tape.ndim)]
        fits = builder.icmp_signed("<=", needed, extents[0])
        with builder.if_else(fits, likely=True) as (enough, short):
            with enough:
                context.nrt.incref(builder, tape, value)
                before = builder.block
            with short:
                twice = builder.mul(extents[0], extents[0].type(2))
                most = builder.select(builder.icmp_signed(">", needed, twice), needed, twice)
                longer = new_array(context, builder, tape, [most, *extents[1:]])
                to, source = (builder.extract_value(a, place("data")) for a in (longer, value))
                count = builder.extract_value(value, place("nitems"))
                cgutils.raw_memcpy(builder, to, source, count, get_itemsize(context, tape))
                behind = builder.block
        result = builder.phi(value.type)
        result.add_incoming(value, before)
        result.add_incoming(longer, behind)
        return result

    return tape(tape, size), generate


def replace_functions(names: dict[str, Any]) -> None:
    """Put these functions in place of Numba's, among the globals of a generated function."""
    names["np"] = NUMPY
    names.setdefault("max", larger)
    names.setdefault("min", smaller)
    ours = {id(runtime.NAMES["radd"]): added, id(runtime.NAMES["grow"]): grown}
    names.update({name: ours[id(value)] for name, value in names.items() if id(value) in ours})
