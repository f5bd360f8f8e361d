"""Take small arrays apart into their elements.

    For i                                     For i
        r = Alloc (2,)                            a = Load x[i]
        a = Load x[i]                             r_1 = Call multiply(a, a)
        Store r[0] = a                ->          s = Call add(a, r_1)
        Store r[1] = a * a
        b = Load r[0]
        ...

An array that is made in a loop costs more than what is done with its three elements, and keeps the
loop from being optimised; the adjoint would have another one for each. So it is done before the
derivative is taken: numbers are kept, or made again, by the ordinary rules.

What guards say of extents holds from where they stand, so that they are moved up first; and loops
of a few iterations are unrolled where that names the elements of such an array. All of this is done
only where it makes arrays go away.
"""

from srcdiff.ir.nodes import For, Function, Value, While, is_array
from srcdiff.ir.walk import all_definitions, statements
from srcdiff.transform.elements.advance import advance
from srcdiff.transform.elements.choose import choose, extents_of
from srcdiff.transform.elements.pin import pin
from srcdiff.transform.elements.replace import replaced
from srcdiff.transform.elements.unroll import unroll
from srcdiff.transform.eliminate import eliminate
from srcdiff.transform.simplify import simplify

TRIALS = 3


def scalarise(function: Function) -> Function:
    """Replace small arrays of `function` that are only used by their elements."""
    if not _has_arrays_in_loops(function):
        return function
    ready = simplify(pin(advance(function)))
    if not any(map(extents_of, all_definitions(ready.body))):
        return function
    spared: set[Value] = set()
    for _ in range(TRIALS):
        unrolled, reasons = unroll(ready, spared)
        if reasons:
            unrolled = simplify(unrolled)
        chosen = choose(unrolled)
        left = reasons.intersection(all_definitions(unrolled.body)) - chosen
        if not left:
            break
        spared |= left
    else:
        unrolled, chosen = ready, choose(ready)
    if not chosen:
        return function
    return eliminate(simplify(replaced(unrolled, chosen)))


def _has_arrays_in_loops(function: Function) -> bool:
    loops = (s for s in statements(function.body) if isinstance(s, For | While))
    return any(is_array(value) for loop in loops for value in all_definitions(loop.body))
