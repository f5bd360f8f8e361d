"""Control flow of the second level beyond `tests/fuzz/jumps.py`: `else` of loops, returns from
depth, counters that outlive their loops, names with two types, `assert` and `raise`."""

from collections.abc import Callable

from tests.fuzz.expressions import condition, tame
from tests.fuzz.indices import bare, extent_text
from tests.fuzz.maker import Maker, Whole, statements

MOST_ROUNDS = 30


def leave(m: Maker) -> None:
    """Write a `break` that some iteration may take."""
    with m.block(f"if {bare(condition(m, 1))}:"):
        if m.chance(50):
            statements(m, 1)
        m.emit("break")


def for_else(m: Maker) -> bool | None:
    extent = m.integer(2, 4)
    if len(m.loops) > 1 or m.rounds * extent > MOST_ROUNDS:
        return None
    name = m.fresh("i")
    with m.loop(f"for {name} in range({extent_text(m, extent)}):", extent):
        m.scope.wholes += [Whole(name, 0, extent - 1)] * 2
        statements(m, 2)
        leave(m)
        if m.chance(40):
            statements(m, 1)
    with m.block("else:"):
        statements(m, 2)
    return True


def while_else(m: Maker) -> bool | None:
    most = m.integer(2, 4)
    if len(m.loops) > 1 or m.rounds * most > MOST_ROUNDS:
        return None
    name = m.fresh("c")
    m.emit(f"{name} = 0")
    with m.loop(f"while {name} < {most}:", most):
        m.emit(f"{name} += 1")
        m.scope.wholes += [Whole(name, 1, most)] * 2
        statements(m, 2)
        leave(m)
    with m.block("else:"):
        statements(m, 2)
    m.scope.wholes.append(Whole(name, 0, most))
    return True


def return_from_depth(m: Maker) -> bool | None:
    """A return out of two loops and a branch."""
    if m.loops or m.rounds * 6 > MOST_ROUNDS:
        return None
    outer, inner = m.fresh("i"), m.fresh("j")
    with m.loop(f"for {outer} in range({extent_text(m, 3)}):", 3):
        m.scope.wholes.append(Whole(outer, 0, 2))
        if m.chance(60):
            statements(m, 1)
        with m.loop(f"for {inner} in range({m.pick((outer, '2', f'{outer} + 1'))}):", 3):
            m.scope.wholes.append(Whole(inner, 0, 2))
            statements(m, 2)
            with m.block(f"if {bare(condition(m, 1))}:"):
                values = [bare(tame(m, 2, 2.0)) for _ in range(m.results)]
                m.emit(f"return {', '.join(values)}".rstrip())
    return True


def continue_in_nest(m: Maker) -> bool | None:
    """A `continue` of the inner and one of the outer of two loops."""
    if m.loops or m.rounds * 9 > MOST_ROUNDS:
        return None
    outer, inner = m.fresh("i"), m.fresh("j")
    with m.loop(f"for {outer} in range({extent_text(m, 3)}):", 3):
        m.scope.wholes.append(Whole(outer, 0, 2))
        with m.loop(f"for {inner} in range(3):", 3):
            m.scope.wholes.append(Whole(inner, 0, 2))
            with m.block(f"if {bare(condition(m, 1))}:"):
                m.emit("continue")
            statements(m, 2)
        with m.block(f"if {bare(condition(m, 1))}:"):
            m.emit("continue")
        statements(m, 1)
    return True


def counter_after_loop(m: Maker) -> bool | None:
    """A loop variable that is read after its loop."""
    if m.rounds * 4 > MOST_ROUNDS:
        return None
    name, trips = m.fresh("i"), m.pick(("4", "1, 3", "0", "3, 0, -1", extent_text(m, 3)))
    m.emit(f"{name} = 0")
    with m.loop(f"for {name} in range({trips}):", 4):
        m.scope.wholes.append(Whole(name, 0, 3))
        statements(m, 1)
        if m.chance(40):
            leave(m)
    m.scope.wholes += [Whole(name, 0, 3)] * 2
    return True


def bound_changed(m: Maker) -> bool | None:
    """A loop that changes the name which was its bound."""
    if m.rounds * 3 > MOST_ROUNDS:
        return None
    bound, name = m.fresh("c"), m.fresh("i")
    m.emit(f"{bound} = {extent_text(m, 3)}")
    with m.loop(f"for {name} in range({bound}):", 3):
        m.scope.wholes.append(Whole(name, 0, 2))
        m.emit(f"{bound} = {m.pick((f'{bound} - 1', f'{bound} // 2', name, '0'))}")
        m.scope.wholes.append(Whole(bound, 0, 3))
        statements(m, 2)
    m.scope.wholes.append(Whole(bound, 0, 3))
    return True


def integer_or_float(m: Maker) -> bool:
    """A name that is an integer on one way and a float on the other."""
    name = m.fresh("s")
    texts = [str(m.integer(0, 2)), bare(tame(m, 2, 2.0))]
    first, second = texts if m.chance(50) else texts[::-1]
    with m.block(f"if {bare(condition(m, 1))}:"):
        m.emit(f"{name} = {first}")
    with m.block("else:"):
        m.emit(f"{name} = {second}")
    m.scope.floats.append(name)
    return True


def assertion(m: Maker) -> bool:
    message = m.pick(("", ', "too large"'))
    m.emit(f"assert abs({tame(m, 1, 2.0)}) < 1000.0{message}")
    return True


def raising(m: Maker) -> bool:
    """An exception that never happens."""
    with m.block(f"if abs({tame(m, 1, 2.0)}) > 1000.0:"):
        m.emit('raise ValueError("too large")')
    return True


FLOW: dict[str, Callable[[Maker], bool | None]] = {
    "for-else": for_else,
    "while-else": while_else,
    "return from depth": return_from_depth,
    "continue in nested loops": continue_in_nest,
    "counter read after its loop": counter_after_loop,
    "bound changed in its loop": bound_changed,
    "integer or float": integer_or_float,
    "assert": assertion,
    "raise": raising,
}
