"""The statements of the second level of the language: jumps, `while`, swaps of arrays."""

from collections.abc import Callable

from tests.fuzz.expressions import condition, tame
from tests.fuzz.indices import bare
from tests.fuzz.maker import Maker, Whole, statements


def while_loop(m: Maker) -> bool | None:
    if len(m.loops) > 2 or m.rounds > 10:
        return None
    name, most = m.fresh("c"), m.integer(1, 4)
    m.emit(f"{name} = 0")
    test = f"{name} < {most}" + (f" and {condition(m, 1)}" if m.chance(60) else "")
    with m.loop(f"while {test}:", most):
        m.emit(f"{name} += 1")
        m.scope.wholes += [Whole(name, 1, most)] * 2
        statements(m, 2)
    m.scope.wholes.append(Whole(name, 0, most))
    return True


def left_by(word: str) -> Callable[[Maker], bool | None]:
    def make(m: Maker) -> bool | None:
        if not m.loops:
            return None
        with m.block(f"if {bare(condition(m, 2))}:"):
            if m.chance(40):
                statements(m, 1)
            m.emit(word)
        return True

    return make


def early_return(m: Maker) -> bool:
    with m.block(f"if {bare(condition(m, 2))}:"):
        results = [bare(tame(m, 2, 2.0)) for _ in range(m.results)]
        m.emit(f"return {', '.join(results)}".rstrip())
    return True


def array_swap(m: Maker) -> bool | None:
    pairs = [(a.name, b.name) for a in m.writable() for b in m.writable()
             if a.shape == b.shape and a.name < b.name and a.whole and b.whole]  # fmt: skip
    if not pairs:
        return None
    first, second = m.pick(pairs)
    m.emit(f"{first}, {second} = {second}, {first}")
    return True


JUMPS: dict[str, Callable[[Maker], bool | None]] = {
    "while": while_loop,
    "break": left_by("break"),
    "continue": left_by("continue"),
    "early return": early_return,
    "array swap": array_swap,
}
