"""The adjoint of a derivative: the gradient of a tangent. See `transform.nested`."""

from srcdiff.ir.derivatives import floats, reverse
from srcdiff.ir.nodes import Derive, Operand, Value, is_array
from srcdiff.transform.reverse.bars import add, bar_of, full_array
from srcdiff.transform.reverse.needs import contents
from srcdiff.transform.reverse.plan import Plan
from srcdiff.transform.tangent import Tangents, tangent


def reverse_derive(plan: Plan, derive: Derive) -> None:
    """Append the adjoint of a `Derive` in reverse mode."""
    assert derive.mode == "reverse", derive.mode
    function, count = derive.function, len(derive.function.results)
    outs = derive.outs
    value_bars = [_bar(plan, outs[k]) for k in floats(function)]
    pairs = [(k, _bar(plan, out)) for k, out in zip(derive.wrt, outs[count:], strict=True)]
    ahead = {k: bar for k, bar in pairs if bar is not None}
    if derive.origin.constant or (not ahead and all(bar is None for bar in value_bars)):
        return
    directions = tuple(function.params[k] for k in ahead)
    inner = tangent(function, Tangents(directions)) if directions else function
    active = [k for k, arg in enumerate(derive.args) if plan.activity.is_active(arg)]
    known = [None if seed is None else contents(plan, seed) for seed in derive.seeds]
    args = [contents(plan, arg) for arg in derive.args]
    values, bars = reverse(
        plan.builder,
        inner,
        [len(ahead) + k for k in active],
        (*value_bars, *(known if ahead else ())),
        (*ahead.values(), *args),
    )
    for k, bar in zip(active, bars, strict=True):
        add(plan, derive.args[k], bar)
    for seed, dot in zip(derive.seeds, values[count:], strict=False):
        if seed is not None:
            add(plan, seed, dot)


def _bar(plan: Plan, out: Value) -> Operand | None:
    """Return the adjoint of what a `Derive` gives, in the shape of it."""
    bar = bar_of(plan, out)
    if bar is None:
        return None
    return full_array(plan, out, bar) if is_array(out) else bar
