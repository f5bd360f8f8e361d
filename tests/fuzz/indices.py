"""Random integers, indices and slices, always inside the axis they are for."""

from collections.abc import Callable

from tests.fuzz.maker import Array, Maker, Shape, Whole


def whole(m: Maker) -> Whole:
    """Return an integer expression."""
    known = m.scope.wholes
    base = m.pick(known) if known and m.chance(80) else literal(m.integer(0, 2))
    if not m.chance(55):
        return base
    return m.form(WHOLES, base) or base


def literal(value: int) -> Whole:
    return Whole(str(value), value, value)


def shifted(m: Maker, base: Whole) -> Whole:
    by = m.pick((1, -1, 2))
    sign = "+" if by > 0 else "-"
    return Whole(f"({base.text} {sign} {abs(by)})", base.low + by, base.high + by)


def halved(m: Maker, base: Whole) -> Whole:
    return Whole(f"({base.text} // 2)", base.low // 2, base.high // 2)


def parity(m: Maker, base: Whole) -> Whole:
    return Whole(f"({base.text} % 2)", 0, 1)


def mirrored(m: Maker, base: Whole) -> Whole:
    return Whole(f"(2 - {base.text})", 2 - base.high, 2 - base.low)


def looked_up(m: Maker, base: Whole) -> Whole | None:
    if not m.scope.tables:
        return None
    name, values, extent = m.pick(m.scope.tables)
    return Whole(f"{name}[{index(m, extent)}]", values.low, values.high)


def measured(m: Maker, base: Whole) -> Whole | None:
    if not m.scope.arrays:
        return None
    array = m.pick(m.scope.arrays)
    size = 1
    for extent in array.shape:
        size *= extent
    kind, value = m.pick((("size", size), ("ndim", len(array.shape))))
    m.use(kind)
    return Whole(f"{array.name}.{kind}", value, value)


def rounded(m: Maker, base: Whole) -> Whole | None:
    if not m.scope.floats:
        return None
    return Whole(f"int(1.6 + np.cos({m.pick(m.scope.floats)}))", 0, 2)


WHOLES: dict[str, Callable[[Maker, Whole], Whole | None]] = {
    "integer arithmetic": shifted,
    "integer //": halved,
    "integer %": parity,
    "integer minus": mirrored,
    "integer array": looked_up,
    "size or ndim": measured,
    "int of a float": rounded,
}


def within(m: Maker, low: int, high: int) -> Whole:
    """Return an integer expression that lies between low and high."""
    term = whole(m)
    if low <= term.low and term.high <= high:
        return term
    if low == 0:
        return Whole(f"({term.text} % {high + 1})", 0, high)
    return Whole(f"({low} + {term.text} % {high - low + 1})", low, high)


def index(m: Maker, extent: int) -> str:
    """Return an index into an axis of that extent."""
    if m.chance(12):
        m.use("negative index")
        return str(-m.integer(1, extent))
    term = whole(m)
    if -extent <= term.low and term.high < extent:
        if term.low < 0:
            m.use("negative index")
        return bare(term.text)
    return f"{term.text} % {extent_text(m, extent)}"


def bare(text: str) -> str:
    """Return an expression without the parentheses around it."""
    return text[1:-1] if text.startswith("(") else text


def extent_text(m: Maker, extent: int) -> str:
    """Return one of the ways to write an extent."""
    named = [w.text for w in m.scope.wholes if w.low == w.high == extent]
    sized = [(a.name, k) for a in m.scope.arrays for k, e in enumerate(a.shape) if e == extent]
    kind = m.integer(0, 3)
    if kind <= 1 and sized:
        name, axis = m.pick(sized)
        by_length = axis == 0 and m.chance(40)
        m.use("len" if by_length else "shape")
        return f"len({name})" if by_length else f"{name}.shape[{axis}]"
    return m.pick(named) if kind == 2 and named else str(extent)


def slice_text(m: Maker, extent: int, length: int) -> str:
    """Return a slice of `length` elements of an axis."""
    counters = [w for w in m.scope.wholes if w.low >= 0 and w.high + length <= extent]
    if counters and length < extent and m.chance(30):
        m.use("slice with run-time bounds")
        name = m.pick(counters).text
        return f"{name}:{name} + {length}"
    steps = [s for s in (1, 1, 2, -1, -2) if (length - 1) * abs(s) < extent]
    step = m.pick(steps) if (length > 1 and length < extent) or m.chance(20) else 1
    first = m.integer(0, extent - 1 - (length - 1) * abs(step))
    return bounds_text(m, extent, first, length, step)


def bounds_text(m: Maker, extent: int, first: int, length: int, step: int) -> str:
    last = first + (length - 1) * abs(step)
    start, stop = (first, last + 1) if step > 0 else (last, first - 1)
    at_start = start == (0 if step > 0 else extent - 1)
    at_stop = stop == (extent if step > 0 else -1)
    from_end = m.chance(35)
    start_text = "" if at_start else str(start - extent if from_end else start)
    stop_text = "" if at_stop else str(stop - extent if from_end else stop)
    if step != 1:
        m.use("slice step" if step > 0 else "negative slice step")
        return f"{start_text}:{stop_text}:{step}"
    return f"{start_text}:{stop_text}"


def section(m: Maker, array: Array) -> tuple[str, Shape]:
    """Return a slice or a row of the array, and its shape."""
    items: list[str] = []
    shape: list[int] = []
    kept = m.integer(0, len(array.shape) - 1)
    for axis, extent in enumerate(array.shape):
        if axis != kept and m.chance(40):
            items.append(index(m, extent))
        else:
            length = extent if m.chance(25) else m.integer(min(extent, 2), extent)
            items.append(slice_text(m, extent, length))
            shape.append(length)
    while len(items) > 1 and items[-1] == ":" and m.chance(50):
        items.pop()
    m.use("slice of rank 2 or 3") if len(array.shape) > 1 else None
    return f"{array.name}[{', '.join(items)}]", tuple(shape)
