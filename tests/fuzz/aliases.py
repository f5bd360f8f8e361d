"""Writes through views that have no name, overlapping updates, and arrays bound anew in loops."""

from collections.abc import Callable

from tests.fuzz.arrays import tame_array
from tests.fuzz.expressions import condition, firm, tame
from tests.fuzz.indices import bare, extent_text, index, slice_text
from tests.fuzz.maker import Array, Maker, Shape, Whole, statements

MOST_ROUNDS = 30


def updated(m: Maker, target: str, shape: Shape) -> bool:
    """Write a statement that stores into a target of that shape, or updates it."""
    operator = m.pick(("=", "=", "+=", "-=", "*=", "/="))
    if operator == "/=":
        value = f"1.7 + {firm(m, 1)}"
    elif shape:
        value = tame_array(m, shape, 1) if m.chance(75) else tame(m, 1)
    else:
        value = tame(m, 2, 2.0)
    m.emit(f"{target} {operator} {bare(value)}")
    return True


def part(m: Maker, view: str, shape: Shape) -> tuple[str, Shape]:
    """Return an element, a part or all of a view, and its shape."""
    kind = m.integer(0, 2)
    if kind == 0:
        return f"{view}[{', '.join(index(m, extent) for extent in shape)}]", ()
    if kind == 1:
        return f"{view}[{m.pick((':', '...'))}]", shape
    length = m.integer(1, shape[0])
    items = slice_text(m, shape[0], length)
    return f"{view}[{items}]", (length, *shape[1:])


def through(m: Maker, arrays: list[Array], form: str) -> bool | None:
    if not arrays:
        return None
    array = m.pick(arrays)
    size = 1
    for extent in array.shape:
        size *= extent
    shape = array.shape[::-1] if form == ".T" else (size,)
    return updated(m, *part(m, array.name + form, shape))


def through_transpose(m: Maker) -> bool | None:
    return through(m, [a for a in m.writable() if len(a.shape) > 1], ".T")


def contiguous(m: Maker) -> list[Array]:
    return [a for a in m.writable() if a.whole and len(a.shape) > 1]


def through_reshape(m: Maker) -> bool | None:
    arrays = contiguous(m)
    if m.chance(50):
        return through(m, arrays, ".reshape(-1)")
    arrays = [a for a in arrays if len(a.shape) == 2]
    if not arrays:
        return None
    array = m.pick(arrays)
    rows, columns = array.shape
    text = f"{array.name}.reshape({extent_text(m, columns)}, {extent_text(m, rows)})"
    return updated(m, *part(m, text, (columns, rows)))


def through_ravel(m: Maker) -> bool | None:
    return through(m, contiguous(m), ".ravel()")


def through_view_of_view(m: Maker) -> bool | None:
    """Such as `B[1:].T[:, 0] += ...`."""
    if not (arrays := m.writable()):
        return None
    array = m.pick(arrays)
    length = m.integer(1, array.shape[0])
    view = f"{array.name}[{slice_text(m, array.shape[0], length)}]"
    shape = (length, *array.shape[1:])
    if len(shape) > 1 and m.chance(50):
        view, shape = f"{view}.T", shape[::-1]
    elif len(shape) > 1 and m.chance(50):
        view, shape = f"{view}[{index(m, length)}]", shape[1:]
    return updated(m, *part(m, view, shape))


def strided(m: Maker) -> bool | None:
    if not (arrays := [a for a in m.writable() if a.shape[0] > 2]):
        return None
    array = m.pick(arrays)
    first, step = m.integer(0, 1), m.pick((2, 3, -2))
    extent = array.shape[0]
    text = f"{first or ''}::{step}" if step > 0 else f"{extent - 1 - first}::{step}"
    positions = extent - first
    length = -(-positions // abs(step))
    return updated(m, f"{array.name}[{text}]", (length, *array.shape[1:]))


def overlapping_whole(m: Maker) -> bool | None:
    """An augmented assignment to a whole array that reads itself elsewhere."""
    if not (arrays := m.writable()):
        return None
    array = m.pick(arrays)
    a = array.name
    m.emit(f"{a} *= 0.4")
    forms = [f"{a} += {a}[::-1]", f"{a} -= 0.5 * {a}[::-1]", f"{a} *= {a}[::-1]"]
    forms += [f"{a}[:] += {a}[::-1]", f"{a} += {a}[0]", f"{a} += {a}[-1:]"]
    m.emit(m.pick(forms))
    return True


def chained_overlap(m: Maker) -> bool | None:
    """Several overlapping slice writes in a row."""
    if not (arrays := [a for a in m.writable() if a.shape[0] > 2]):
        return None
    a = m.pick(arrays).name
    m.emit(f"{a} *= 0.5")
    forms = (f"{a}[1:] = {a}[:-1]", f"{a}[1:] += {a}[:-1]", f"{a}[:-1] -= 0.5 * {a}[1:]",
             f"{a}[2:] = {a}[:-2]", f"{a}[::-1] = {a}", f"{a}[:-1] *= {a}[1:]")  # fmt: skip
    for _ in range(2):
        m.emit(m.pick(forms))
    return True


def counted(m: Maker, extent: int) -> str | None:
    """Return the head of a loop with `extent` trips, unless there are too many around."""
    if len(m.loops) > 1 or m.rounds * extent > MOST_ROUNDS:
        return None
    return f"for {m.fresh('i')} in range({extent_text(m, extent)}):"


def counter_of(head: str, extent: int) -> Whole:
    return Whole(head.split()[1], 0, extent - 1)


def ping_pong(m: Maker) -> bool | None:
    """Two buffers that change places, an odd or an even number of times."""
    trips = m.integer(2, 3)
    if not m.scope.arrays or (head := counted(m, trips)) is None:
        return None
    source = m.pick(m.scope.arrays)
    old = m.add_array(source.shape, whole=False)
    new = m.add_array(source.shape, whole=False)
    m.emit(f"{old.name} = {source.name}.copy()")
    m.emit(f"{new.name} = np.zeros_like({source.name})")
    with m.loop(head, trips):
        m.scope.wholes.append(counter_of(head, trips))
        fill(m, old, new)
        m.emit(f"{old.name}, {new.name} = {new.name}, {old.name}")
    return True


def fill(m: Maker, old: Array, new: Array) -> None:
    """Compute a buffer from the other one: all of it, or some, so that older contents count."""
    a, b = old.name, new.name
    forms = [f"{b}[:] = np.sin({a}) + {tame(m, 1)}", f"{b}[1:] = {a}[:-1] * {tame(m, 1)}"]
    forms += [f"{b} += np.cos({a})", f"{b}[...] = 0.5 * {a} - 0.3 * {a}[::-1]"]
    m.emit(m.pick(forms))
    name = m.fresh("j")
    with m.loop(f"for {name} in range({a}.shape[0]):", old.shape[0]):
        m.scope.wholes.append(Whole(name, 0, old.shape[0] - 1))
        m.emit(f"{b}[{name}] += {m.pick((f'0.4 * {a}[{name}]', f'np.tanh({a}[{name} - 1])'))}")
        if m.chance(40):
            statements(m, 1)


def rebound(m: Maker) -> bool | None:
    """An array that each iteration makes anew from its last value."""
    trips = m.integer(2, 4)
    vectors = [a for a in m.scope.arrays if len(a.shape) == 1]
    if not vectors or (head := counted(m, trips)) is None:
        return None
    shape = m.pick(vectors).shape
    start = bare(tame_array(m, shape, 1))
    array = m.add_array(shape, whole=False)
    h = array.name
    m.emit(f"{h} = {start} + 0.0")
    with m.loop(head, trips):
        m.scope.wholes.append(counter_of(head, trips))
        if m.chance(50):
            statements(m, 1)
        factor = tame_array(m, shape, 1)
        m.emit(f"{h} = {m.pick((f'np.tanh({h} * {factor})', f'0.5 * {h} + {factor}'))}")
        statements(m, 2)
    return True


def view_bound_again(m: Maker) -> bool | None:
    """A name for one row after another, as in a stack of layers."""
    tables = [a for a in m.scope.arrays if len(a.shape) == 2]
    if not tables or (head := counted(m, 2)) is None:
        return None
    table = m.pick(tables)
    rows = [a.name for a in m.scope.arrays if a.shape == table.shape[1:] and a.writable]
    start = m.pick(rows) if rows and m.chance(60) else f"{table.name}[-1]"
    start = f"np.cos({start})" if m.chance(40) else start
    cur = Array(m.fresh("v"), table.shape[1:], writable=False, whole=False)
    m.emit(f"{cur.name} = {start}")
    total = m.add_float()
    m.emit(f"{total} = 0.0")
    with m.loop(head, 2):
        m.scope.arrays.append(cur)
        counter = counter_of(head, 2)
        m.scope.wholes.append(counter)
        m.emit(f"{total} += np.sum(np.sin({cur.name}) * {tame(m, 1)})")
        if m.chance(50):
            statements(m, 1)
        if table.writable and m.chance(50):
            row = m.pick((counter.text, "0", "-1"))
            m.emit(f"{table.name}[{row}] += {m.pick((cur.name, tame(m, 1)))}")
        m.emit(f"{cur.name} = {table.name}[{counter.text}]")
    return True


def swap_in_loop(m: Maker) -> bool | None:
    """Two arrays that are swapped where a condition, or each iteration, says so."""
    arrays = [a for a in m.writable() if a.whole and a.name[0] != "v"]
    pairs = [(a, b) for a in arrays for b in arrays if a.shape == b.shape and a.name < b.name]
    if not pairs or (head := counted(m, 3)) is None:
        return None
    first, second = (array.name for array in m.pick(pairs))
    with m.loop(head, 3):
        m.scope.wholes.append(counter_of(head, 3))
        m.emit(f"{first}[0] += {bare(tame(m, 1))}")
        swap = f"{first}, {second} = {second}, {first}"
        if m.chance(50):
            with m.block(f"if {bare(condition(m, 1))}:"):
                m.emit(swap)
        else:
            m.emit(swap)
        if m.chance(50):
            statements(m, 1)
    return True


def shortened_in_loop(m: Maker) -> bool | None:
    """An array that some iterations make shorter; only sums of it are safe afterwards."""
    vectors = [a for a in m.scope.arrays if len(a.shape) == 1 and a.shape[0] > 2]
    if not vectors or (head := counted(m, 3)) is None:
        return None
    start, name = m.pick(vectors).name, m.fresh("q")
    m.emit(f"{name} = 1.0 * {start}")
    with m.loop(head, 3):
        counter = counter_of(head, 3)
        m.scope.wholes.append(counter)
        with m.block(f"if {m.pick((f'{counter.text} == 1', bare(condition(m, 1))))}:"):
            m.emit(f"{name} = {m.pick((f'{name}[1:] * {name}[:-1]', f'0.5 * {name}[:2]'))}")
        if m.chance(50):
            with m.block("else:"):
                m.emit(f"{name} = np.sin({name}) * {tame(m, 1)}")
    m.emit(f"{m.add_float()} = np.sum({name})")
    return True


ALIASES: dict[str, Callable[[Maker], bool | None]] = {
    "write through .T": through_transpose,
    "write through reshape": through_reshape,
    "write through ravel": through_ravel,
    "write through a view of a view": through_view_of_view,
    "strided slice write": strided,
    "whole array onto itself": overlapping_whole,
    "overlapping writes in a row": chained_overlap,
    "ping-pong": ping_pong,
    "array bound again in a loop": rebound,
    "view bound again in a loop": view_bound_again,
    "array swap in a loop": swap_in_loop,
    "array made shorter in a loop": shortened_in_loop,
}
