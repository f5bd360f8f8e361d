"""Random statements that index with masks and with arrays of integers, and norms."""

from collections.abc import Callable

from tests.fuzz.arrays import tame_array
from tests.fuzz.expressions import tame
from tests.fuzz.indices import bare, index, section
from tests.fuzz.maker import Array, Maker, Shape
from tests.fuzz.statements import target
from tests.fuzz.writes import written

LIMITS = ("0.05", "-0.35", "0.45")


def chosen(m: Maker, array: Array) -> tuple[str, Shape]:
    """Return the array, or a section of it, and its shape."""
    return section(m, array) if m.chance(30) else (array.name, array.shape)


def test_of(m: Maker, text: str) -> str:
    """Return a mask of the shape of `text`."""
    low, high = m.pick(LIMITS), m.pick(("0.7", "1.2"))
    forms = (
        f"{text} > {low}",
        f"np.abs({text}) < {high}",
        f"({text} > {low}) & ({text} < {high})",
        f"~({text} > {low})",
        f"({text} < {low}) | ({text} > {high})",
    )
    return m.pick(forms)


def mask(m: Maker, text: str, shape: Shape) -> tuple[str, Shape]:
    """Return the text of an index with a mask, and the shape of what each true element names.

    The mask itself is a statement of its own before, or written into the index.
    """
    kind = m.integer(0, 3) if len(shape) > 1 else 0
    if kind <= 1:
        test, form, rest = test_of(m, text), "{}", ()
    elif kind == 2:
        column = f"{text}[:, 0]" if len(shape) == 2 else f"{text}[:, 0, 0]"
        test, form, rest = test_of(m, column), "{}", shape[1:]
    else:
        row = f"{text}[0]" if len(shape) == 2 else f"{text}[0, :, 0]"
        test, form, rest = test_of(m, row), ":, {}", shape[2:]
    if m.chance(60):
        name = m.fresh("m")
        m.emit(f"{name} = {test}")
        test = name
    return form.format(test), rest


def mask_read(m: Maker) -> bool | None:
    if not m.scope.arrays:
        return None
    text, shape = chosen(m, m.pick(m.scope.arrays))
    where, _ = mask(m, text, shape)
    forms = ("np.sin({0})", "0.4 * {0}", "{0} * {1}", "np.cos({1} - {0})")
    other = tame_array(m, shape, 1)
    value = m.pick(forms).format(f"{text}[{where}]", f"({other})[{where}]")
    m.emit(f"{target(m)} = {m.pick(('0.3', '0.2'))} * np.sum({value})")
    return True


def mask_write(m: Maker) -> bool | None:
    if (array := written(m)) is None:
        return None
    text, shape = chosen(m, array)
    where, rest = mask(m, text, shape)
    m.emit(f"{text}[{where}] = {masked_value(m, shape, where, rest)}")
    return True


def masked_value(m: Maker, shape: Shape, where: str, rest: Shape) -> str:
    if m.chance(50):
        return f"({tame_array(m, shape, 2)})[{where}]"
    return bare(tame_array(m, rest, 1) if rest and m.chance(50) else tame(m, 2, 2.0))


def mask_increment(m: Maker) -> bool | None:
    if (array := written(m)) is None:
        return None
    text, shape = chosen(m, array)
    where, rest = mask(m, text, shape)
    operator = m.pick(("+=", "+=", "-=", "*="))
    m.emit(f"{text}[{where}] {operator} {masked_value(m, shape, where, rest)}")
    return True


def indices(m: Maker, extent: int) -> tuple[str, int]:
    """Return an array of indices into an axis of that extent, and its length."""
    tables = [(name, length) for name, _, length in m.scope.tables]
    if tables and m.chance(40):
        name, length = m.pick(tables)
        return f"{name} % {extent}", length
    length = m.integer(1, 4)
    places = [m.integer(0, 2 * extent - 1) for _ in range(length)]
    text = f"[{', '.join(str(place - extent) for place in places)}]"
    return (text if m.chance(50) else f"np.array({text})"), length


def places(m: Maker, shape: Shape) -> tuple[str, Shape]:
    """Return an index with arrays of integers, a tuple in parentheses, and what shape it names."""
    kind = m.integer(0, 3) if len(shape) > 1 else 0
    if kind == 1:
        text, length = indices(m, shape[1])
        return f":, {text}", (shape[0], length, *shape[2:])
    text, length = indices(m, shape[0])
    if kind == 0:
        return text, (length, *shape[1:])
    if kind == 2:
        return f"({text}, {index(m, shape[1])})", (length, *shape[2:])
    other = [str(m.integer(0, shape[1] - 1)) for _ in range(length)]
    return f"({text}, [{', '.join(other)}])", (length, *shape[2:])


def index_write(m: Maker) -> bool | None:
    if (array := written(m)) is None:
        return None
    text, shape = chosen(m, array)
    where, named = places(m, shape)
    overlap = f"0.7 * {text}[::-1][{where}]"
    value = tame_array(m, named, 2) if m.chance(70) else tame(m, 2, 2.0)
    m.emit(f"{text}[{where}] = {overlap if m.chance(25) else bare(value)}")
    return True


def index_increment(m: Maker) -> bool | None:
    if (array := written(m)) is None:
        return None
    text, shape = chosen(m, array)
    where, named = places(m, shape)
    operator = m.pick(("+=", "+=", "-=", "*="))
    value = tame_array(m, named, 1) if m.chance(70) else tame(m, 1)
    m.emit(f"{text}[{where}] {operator} {bare(value)}")
    return True


def add_at(m: Maker) -> bool | None:
    if (array := written(m)) is None:
        return None
    text, shape = chosen(m, array)
    where, named = places(m, shape)
    if where.startswith(":"):
        return None
    function = m.pick(("add", "add", "subtract", "multiply"))
    value = tame_array(m, named, 1) if m.chance(70) else tame(m, 1)
    m.emit(f"np.{function}.at({text}, {where}, {bare(value)})")
    return True


def norm(m: Maker) -> bool | None:
    if not m.scope.arrays:
        return None
    text, shape = chosen(m, m.pick(m.scope.arrays))
    if len(shape) == 2 and m.chance(40):
        axis = m.integer(0, 1)
        order = m.pick(("", "ord=1, ", "ord=np.inf, "))
        made = m.add_array(shape[1 - axis :][:1])
        m.emit(f"{made.name} = 0.3 * np.linalg.norm({text}, {order}axis={axis})")
        return True
    order = m.pick(("", ", 1", ", np.inf")) if len(shape) < 3 else ""
    m.emit(f"{target(m)} = 0.2 * np.linalg.norm({text}{order})")
    return True


PLACES: dict[str, Callable[[Maker], bool | None]] = {
    "mask read": mask_read,
    "mask write": mask_write,
    "mask increment": mask_increment,
    "index array write": index_write,
    "index array increment": index_increment,
    "add.at": add_at,
    "norm": norm,
}
