"""Random array expressions, and the sections of arrays that are read and written."""

from collections.abc import Callable

from tests.fuzz.expressions import FUNCTIONS, element, scalar, small, tame
from tests.fuzz.indices import bare, extent_text, index, slice_text
from tests.fuzz.maker import READ, Array, Maker, Shape, Term, Whole

ELEMENTWISE = [
    *(form for form in FUNCTIONS["np function"] if "abs({}))" not in form[0]),
    ("np.maximum({}, 0.15)", 4.0, 4.0),
]


def fitting(m: Maker, array: Array, shape: Shape) -> str | None:
    """Return a section of the array that has that shape, if there is one."""
    dropped = len(array.shape) - len(shape)
    if dropped < 0 or any(e < s for e, s in zip(array.shape[dropped:], shape, strict=True)):
        return None
    if array.shape == shape and not m.chance(25):
        return array.name
    items = [index(m, extent) for extent in array.shape[:dropped]]
    pairs = zip(array.shape[dropped:], shape, strict=True)
    items += [slice_text(m, extent, length) for extent, length in pairs]
    m.use("slice load")
    return f"{array.name}[{', '.join(items)}]"


def array_leaf(m: Maker, shape: Shape) -> Term:
    fits = [
        a
        for a in m.scope.arrays
        if len(a.shape) >= len(shape)
        and all(e >= s for e, s in zip(a.shape[len(a.shape) - len(shape) :], shape, strict=True))
    ]
    text = fitting(m, m.pick(fits), shape) if fits else None
    if text is not None:
        return Term(text)
    extents = ", ".join(extent_text(m, e) for e in shape)
    return Term(f"np.full(({extents},), {tame(m, 1)})", 1.0)


def array(m: Maker, shape: Shape, depth: int) -> Term:
    """Return an array expression of that shape."""
    if depth <= 0 or not m.chance(80):
        return array_leaf(m, shape)
    return m.form(ARRAYS, shape, depth - 1) or array_leaf(m, shape)


def damped(m: Maker, term: Term, limit: float = 1.0) -> str:
    if term.bound <= limit:
        return term.text
    forms = ("np.sin({})", "np.cos({})", "({0} / (1.0 + {0} ** 2))", "np.tanh(0.4 * {})")
    return m.pick(forms if len(term.text) < 20 else forms[:2]).format(term.text)


def tame_array(m: Maker, shape: Shape, depth: int = 2, limit: float = 1.0) -> str:
    return damped(m, array(m, shape, depth), limit)


def arithmetic(m: Maker, shape: Shape, depth: int) -> Term:
    left = array(m, shape, depth)
    right = array(m, shape, depth) if m.chance(60) else Term(tame(m, 1, READ))
    operator = m.pick("+*-")
    first, second = (left, right) if m.chance(70) else (right, left)
    bound = left.bound * right.bound if operator == "*" else left.bound + right.bound
    return Term(f"({first.text} {operator} {second.text})", bound)


def other_operators(m: Maker, shape: Shape, depth: int) -> Term:
    term = array(m, shape, depth)
    below = f"np.{m.pick(('sin', 'cos', 'tanh'))}({array_leaf(m, shape).text})"
    forms = (
        f"({term.text} / (1.6 + {below}))",
        f"(-{term.text})",
        f"({tame(m, 1)} / (1.6 + {below}))",
        f"(0.5 * {below} ** 2)",
        f"({below} ** 3)",
        f"((1.6 + {below}) ** {small(m, scalar(m, 0))})",
        f"({term.text} % 1.7)",
        f"(0.3 * ({term.text} // 0.8))",
        f"abs({term.text})",
    )
    return Term(m.pick(forms), 2 * term.bound)


def elementwise(m: Maker, shape: Shape, depth: int) -> Term:
    text, limit, bound = m.pick(ELEMENTWISE)
    return Term(text.format(tame_array(m, shape, depth, limit)), bound)


def broadcast(m: Maker, shape: Shape, depth: int) -> Term | None:
    if len(shape) < 2:
        return None
    left, right = array(m, shape, depth), array(m, shape[1:], depth)
    return Term(f"({left.text} {m.pick('+-')} {right.text})", left.bound + right.bound)


def with_new_axis(m: Maker, shape: Shape, depth: int) -> Term | None:
    if len(shape) != 2 or (column := vector(m, shape[0])) is None:
        return None
    new = m.pick(("np.newaxis", "None"))
    right = array(m, shape[1:] if m.chance(50) else shape, depth)
    return Term(f"({column}[:, {new}] * {right.text})", READ * right.bound)


def vector(m: Maker, extent: int) -> str | None:
    fits = [a for a in m.scope.arrays if a.shape == (extent,)]
    return m.pick(fits).name if fits else None


def outer(m: Maker, shape: Shape, depth: int) -> Term | None:
    if len(shape) != 2:
        return None
    left, right = tame_array(m, shape[:1], 1), tame_array(m, shape[1:], 1)
    return Term(f"np.outer({left}, {right})", 1.0)


def product(m: Maker, shape: Shape, depth: int) -> Term | None:
    """A matrix product of what is in scope."""
    matrices = [a for a in m.scope.arrays if len(a.shape) == 2]
    if len(shape) == 1:
        found = [
            f"({a.name} @ {v})"
            for a in matrices
            if a.shape[0] == shape[0] and (v := vector(m, a.shape[1]))
        ]
        found += [
            f"np.dot({v}, {a.name})"
            for a in matrices
            if a.shape[1] == shape[0] and (v := vector(m, a.shape[0]))
        ]
    else:
        pairs = [(a, b) for a in matrices for b in matrices if len(shape) == 2]
        found = [
            f"({a.name} @ {b.name}{'.T' * flip})"
            for a, b in pairs
            for flip in (0, 1)
            if (a.shape[0], *b.shape[:: 1 - 2 * flip]) == (shape[0], a.shape[1], shape[1])
        ]
    return Term(f"{m.pick(found)}", 20.0) if found else None


def along_axis(m: Maker, shape: Shape, depth: int) -> Term | None:
    """A reduction along an axis, of a matrix in scope."""
    if len(shape) != 1:
        return None
    fits = [
        (a, k)
        for a in m.scope.arrays
        for k in (0, 1)
        if len(a.shape) == 2 and a.shape[1 - k] == shape[0]
    ]
    if not fits:
        return None
    matrix, axis = m.pick(fits)
    axis_text = m.pick((axis, axis - 2))
    kind = m.pick(("sum", "mean", "max", "min"))
    method = m.chance(50)
    text = f"{matrix.name}.{kind}(" if method else f"np.{kind}({matrix.name}, "
    return Term(f"{text}axis={axis_text})", READ * matrix.shape[axis])


def keepdims(m: Maker, shape: Shape, depth: int) -> Term | None:
    fits = [a for a in m.scope.arrays if a.shape == shape and len(shape) == 2]
    if not fits:
        return None
    name, axis, kind = m.pick(fits).name, m.pick((0, 1, -1)), m.pick(("mean", "sum", "max"))
    return Term(f"({name} - {name}.{kind}(axis={axis}, keepdims=True))", 12.0)


def selected(m: Maker, shape: Shape, depth: int) -> Term:
    first, second = array(m, shape, depth), array(m, shape, depth)
    test = array(m, shape, 0).text
    return Term(
        f"np.where({test} > {m.pick(('0.05', '-0.35'))}, {first.text}, {second.text})",
        max(first.bound, second.bound),
    )


def clipped(m: Maker, shape: Shape, depth: int) -> Term:
    return Term(f"np.clip({array(m, shape, depth).text}, -0.95, {m.pick(('0.85', '1.15'))})", 1.2)


def larger(m: Maker, shape: Shape, depth: int) -> Term:
    first, second = array(m, shape, depth), array(m, shape, depth)
    right = second.text if m.chance(70) else tame(m, 1)
    return Term(
        f"np.{m.pick(('maximum', 'minimum'))}({first.text}, {right})",
        max(first.bound, second.bound),
    )


def transposed(m: Maker, shape: Shape, depth: int) -> Term | None:
    if len(shape) < 2:
        return None
    text = array_leaf(m, shape[::-1]).text
    return Term(m.pick((f"{text}.T", f"np.transpose({text})")))


def joined(m: Maker, shape: Shape, depth: int) -> Term | None:
    if len(shape) != 1 or shape[0] < 2:
        return None
    cut = m.integer(1, shape[0] - 1)
    left, right = array(m, (cut,), 0), array(m, (shape[0] - cut,), 0)
    return Term(f"np.concatenate(({left.text}, {right.text}))")


def stacked(m: Maker, shape: Shape, depth: int) -> Term | None:
    if len(shape) != 2:
        return None
    axis = m.integer(0, 1) if m.chance(30) else 0
    rows = ", ".join(array(m, shape[1 - axis :][:1], 0).text for _ in range(shape[axis]))
    return Term(f"np.stack(({rows},){', axis=1' if axis else ''})")


def comprehension(m: Maker, shape: Shape, depth: int) -> Term | None:
    if len(shape) != 1:
        return None
    outer_scope, m.scope = m.scope, m.scope.copy()
    count = extent_text(m, shape[0])
    name = m.fresh("q")
    m.scope.wholes.append(Whole(name, 0, shape[0] - 1))
    item = bare(element(m).text) if m.scope.arrays and m.chance(20) else tame(m, 2)
    m.scope = outer_scope
    return Term(f"np.array([{item} for {name} in range({count})])", READ)


def counted(m: Maker, shape: Shape, depth: int) -> Term | None:
    if len(shape) != 1:
        return None
    return Term(f"(np.arange({extent_text(m, shape[0])}) * {m.pick(('0.3', tame(m, 1)))})", 1.5)


def copied(m: Maker, shape: Shape, depth: int) -> Term:
    text = array_leaf(m, shape).text
    return Term(f"{text}.copy()" if m.chance(60) else f"np.copy({text})")


ARRAYS: dict[str, Callable[[Maker, Shape, int], Term | None]] = {
    "array arithmetic": arithmetic,
    "array function": elementwise,
    "array -, /, **, %, //": other_operators,
    "broadcast": broadcast,
    "np.newaxis": with_new_axis,
    "np.outer": outer,
    "matrix product": product,
    "reduction along an axis": along_axis,
    "keepdims": keepdims,
    "np.where": selected,
    "np.clip": clipped,
    "np.maximum": larger,
    "transpose": transposed,
    "np.concatenate": joined,
    "np.stack": stacked,
    "comprehension": comprehension,
    "np.arange": counted,
    "copy": copied,
}
