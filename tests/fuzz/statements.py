"""Random statements: assignments, branches, loops, calls of helpers."""

import re
from collections.abc import Callable

from tests.fuzz.arrays import tame_array
from tests.fuzz.expressions import condition, firm, tame
from tests.fuzz.indices import bare, extent_text, section, whole, within
from tests.fuzz.maker import READ, Helper, Maker, Whole, statements
from tests.fuzz.ranges import RANGES, plain_range
from tests.fuzz.writes import WRITES

Statement = Callable[[Maker], bool | None]
MOST_ROUNDS = 40


def assignment(m: Maker) -> bool:
    value = tame(m, 3, 2.0)
    m.emit(f"{target(m)} = {bare(value)}")
    return True


def target(m: Maker) -> str:
    """Return a name to assign a float to, a new one or one that exists."""
    if m.variables() and m.chance(50):
        return m.pick(m.variables())
    return m.add_float()


def augmented(m: Maker) -> bool | None:
    if not m.variables():
        return None
    name = m.pick(m.variables())
    kind = m.pick(("+=", "+=", "-=", "*=", "/=", "%=", "//=", "**="))
    if kind in ("+=", "-=", "*="):
        m.emit(f"{name} {kind} {bare(tame(m, 2))}")
    elif kind == "/=":
        m.emit(f"{name} /= 1.6 + {firm(m, 2)}")
    elif kind == "**=":
        m.emit(f"{name} = {bare(tame(m, 1, 1.5))}")
        m.emit(f"{name} **= {m.pick((2, 3))}")
    else:
        m.emit(f"{name} {kind} {m.pick(('1.7', '0.9'))}")
    return True


def tuple_assignment(m: Maker) -> bool:
    first, second, third = tame(m, 2, 2.0), tame(m, 2, 2.0), tame(m, 1)
    left = target(m)
    right = m.pick([f for f in m.variables() if f != left] or [""]) or m.add_float()
    if m.chance(25):
        m.emit(f"({left}, {right}), {m.add_float()} = ({first}, {second}), {third}")
    else:
        m.emit(f"{left}, {right} = {first}, {second}")
    return True


def swap(m: Maker) -> bool | None:
    if len(m.variables()) < 2:
        return None
    first = m.pick(m.variables())
    second = m.pick([f for f in m.variables() if f != first])
    m.emit(f"{first}, {second} = {second}, {first}")
    return True


def packed(m: Maker) -> bool:
    name = m.fresh("pair")
    m.emit(f"{name} = ({tame(m, 2, 2.0)}, {tame(m, 1, 2.0)})")
    if m.chance(40):
        m.emit(f"{m.add_float()} = {name}[0] - {name}[-1]")
    else:
        m.emit(f"{m.add_float()}, {m.add_float()} = {name}")
    return True


def counter(m: Maker) -> bool:
    """An integer variable, within bounds that hold for its whole life."""
    known = [w for w in m.scope.wholes if w.assignable]
    if known and m.chance(60):
        old = m.pick(known)
        step = f"{old.text} += 1" if old.high > 9 else f"{old.text} = {within(m, 0, 2).text}"
        m.emit(step)
        return True
    high = m.pick((2, 200))
    value = bare(within(m, 0, 2).text)
    name = m.fresh("c")
    m.emit(f"{name} = {value}")
    m.scope.wholes.append(Whole(name, 0, high, assignable=True))
    return True


def flag(m: Maker) -> bool:
    text = bare(condition(m, 1))
    name = m.pick(m.scope.flags) if m.scope.flags and m.chance(40) else m.fresh("flag")
    m.emit(f"{name} = {text}")
    m.scope.flags += [name] if name not in m.scope.flags else []
    return True


def branch(m: Maker) -> bool:
    with m.block(f"if {bare(condition(m, 2))}:"):
        statements(m, 2)
    if m.chance(30):
        m.use("elif")
        with m.block(f"elif {bare(condition(m, 1))}:"):
            statements(m, 2)
    if m.chance(55):
        m.use("else")
        with m.block("else:"):
            statements(m, 2)
    return True


def both_branches(m: Maker) -> bool:
    """A name that is first assigned in a branch, and read after it."""
    name = m.fresh("s")
    for head in (f"if {bare(condition(m, 2))}:", "else:"):
        with m.block(head):
            if m.chance(40):
                statements(m, 1)
            m.emit(f"{name} = {bare(tame(m, 2, 2.0))}")
    m.scope.floats.append(name)
    return True


def loop(m: Maker) -> bool | None:
    extent = m.integer(2, 5)
    if len(m.loops) > 2 or m.rounds * extent > MOST_ROUNDS:
        return None
    if m.loops:
        m.use("nested loop")
    bounds, low, high = m.form(RANGES, extent) or plain_range(m, extent)
    name = "ijl"[len(m.loops)]
    with m.loop(f"for {name} in range({bounds}):", extent):
        m.scope.wholes = [w for w in m.scope.wholes if w.text != name]
        m.scope.wholes += [Whole(name, low, high)] * 3
        statements(m, 3)
    return True


def sum_from_integer(m: Maker) -> bool | None:
    """A sum that starts as the integer 0."""
    if m.rounds * 3 > MOST_ROUNDS:
        return None
    total = m.fresh("s")
    name = m.fresh("i")
    m.emit(f"{total} = 0")
    with m.loop(f"for {name} in range({extent_text(m, 3)}):", 3):
        m.scope.wholes.append(Whole(name, 0, 2))
        m.emit(f"{total} += {bare(tame(m, 2))}")
    m.scope.floats.append(total)
    return True


def items(m: Maker) -> tuple[str, tuple[int, ...], bool] | None:
    """Return something to loop over, its shape, and whether its rows may be written."""
    if not m.scope.arrays or m.rounds * 5 > MOST_ROUNDS or len(m.loops) > 2:
        return None
    array = m.pick(m.scope.arrays)
    text, shape = (array.name, array.shape) if m.chance(75) else section(m, array)
    return text, shape, array.writable


def declare(m: Maker, shape: tuple[int, ...], writable: bool) -> str:
    """Return the name of a loop variable that holds an item of an array of that shape."""
    if len(shape) == 1:
        return m.add_float("v")
    m.use("for over rows")
    return m.add_array(shape[1:], "row", writable=writable, whole=False).name


def loop_over(m: Maker, kind: str) -> bool | None:
    first, second = items(m), items(m)
    if first is None or second is None:
        return None
    (text, shape, writable), outer = first, m.scope
    m.scope = m.scope.copy()
    names = [declare(m, shape, writable)]
    if kind == "enumerate":
        names.insert(0, m.fresh("i"))
        start = m.pick(("", "", ", 1"))
        m.scope.wholes += [Whole(names[0], 0, shape[0] - 1 + bool(start))] * 2
        text = f"enumerate({text}{start})"
    elif kind == "zip":
        names.append(declare(m, *second[1:]))
        text = f"zip({text}, {second[0]})"
    with m.loop(f"for {', '.join(names)} in {text}:", shape[0]):
        statements(m, 2)
    m.scope = outer
    return True


def arguments(m: Maker, helper: Helper) -> str | None:
    args = [bare(tame(m, 1, READ)) for _ in range(helper.floats)]
    for shape in helper.shapes:
        fits = [a.name for a in m.writable() if a.shape == shape]
        if not fits:
            return None
        args.append(m.pick(fits))
    return f"{helper.name}({', '.join(args)})"


def helper_call(m: Maker, results: range) -> bool | None:
    helpers = [h for h in m.helpers if h.results in results]
    text = arguments(m, m.pick(helpers)) if helpers else None
    if text is None:
        return None
    helper = next(h for h in m.helpers if text.startswith(f"{h.name}("))
    if helper.shapes:
        m.use("helper with an array")
    names = [m.add_float() for _ in range(helper.results)]
    m.emit(f"{', '.join(names)} = {text}" if names else text)
    return True


def array_value(m: Maker) -> bool | None:
    """A new array, or a name bound to another array of its shape."""
    if not m.scope.arrays:
        return None
    shape = m.pick(m.scope.arrays).shape
    value = tame_array(m, shape, 3, 1.5)
    same = [a for a in m.writable() if a.shape == shape and a.whole]
    ordered = is_ordered(m, value)
    if same and ordered and m.chance(45):
        m.use("array name bound again")
        m.emit(f"{m.pick(same).name} = {bare(value)}")
    else:
        m.emit(f"{m.add_array(shape, whole=ordered).name} = {bare(value)}")
    return True


def is_ordered(m: Maker, value: str) -> bool:
    """Say whether the result is surely C-contiguous: NumPy takes the order from the operands."""
    others = {a.name for a in m.scope.arrays if len(a.shape) > 1 and not a.whole}
    words = set(re.findall(r"\w+", value))
    return not (others & words or words & {"T", "transpose"})


def number_from_integers(m: Maker) -> bool:
    value = whole(m).text
    m.emit(f"{target(m)} = {m.pick((f'0.2 * {value}', f'float({value})', f'{value} / 4'))}")
    return True


STATEMENTS: dict[str, Statement] = {
    "assignment": assignment,
    "augmented assignment": augmented,
    "range loop": loop,
    "if": branch,
    **WRITES,
    "tuple assignment": tuple_assignment,
    "swap": swap,
    "tuple": packed,
    "integer variable": counter,
    "condition stored": flag,
    "assigned in both branches": both_branches,
    "integer start": sum_from_integer,
    "for over array": lambda m: loop_over(m, "items"),
    "enumerate": lambda m: loop_over(m, "enumerate"),
    "zip": lambda m: loop_over(m, "zip"),
    "helper call": lambda m: helper_call(m, range(1, 2)),
    "helper with several values": lambda m: helper_call(m, range(2, 4)),
    "helper that writes": lambda m: helper_call(m, range(0, 1)),
    "array expression": array_value,
    "float of an integer": number_from_integers,
}
