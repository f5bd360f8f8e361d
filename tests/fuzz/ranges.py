"""Random bounds of `range`: the text, and the interval of the index (any, if it never runs)."""

from collections.abc import Callable

from tests.fuzz.indices import extent_text, within
from tests.fuzz.maker import Maker, Whole


def counters(m: Maker) -> list[Whole]:
    """Return the integers in scope that vary and that are small enough for a bound."""
    return [w for w in m.scope.wholes if 0 <= w.low < w.high <= 4]


def plain_range(m: Maker, e: int) -> tuple[str, int, int]:
    return extent_text(m, e), 0, e - 1


def range_with_start(m: Maker, e: int) -> tuple[str, int, int]:
    start = m.integer(1, e - 1)
    return m.pick((f"{start}, {e}", f"{-start}, {e - start}")), -start, e - 1


def range_with_step(m: Maker, e: int) -> tuple[str, int, int]:
    if m.chance(35):
        m.use("run-time step")
        return f"0, {extent_text(m, e)}, {within(m, 1, 2).text}", 0, e - 1
    return f"{m.integer(0, 1)}, {extent_text(m, e)}, {m.pick((2, 3))}", 0, e - 1


def negative_step(m: Maker, e: int) -> tuple[str, int, int]:
    if m.chance(25):
        m.use("run-time step")
        return f"{e - 1}, -1, -{within(m, 1, 2).text}", 0, e - 1
    step = m.pick((-1, -1, -2))
    return f"{extent_text(m, e)} - 1, {m.pick((-1, 0))}, {step}", 0, e - 1


def no_trips(m: Maker, e: int) -> tuple[str, int, int]:
    return m.pick(("0", "2, 2", f"{e}, 1", "0, 3, -1", "-1")), 0, 0


def dependent_range(m: Maker, e: int) -> tuple[str, int, int] | None:
    if not counters(m):
        return None
    outer = m.pick(counters(m))
    i, high = outer.text, outer.high
    return m.pick(
        (
            (f"{i}", 0, max(high - 1, 0)),
            (f"{i} + 1", 0, high),
            (f"{i}, {e}", 0, max(e - 1, high)),
            (f"{i}, -1, -1", 0, high),
            (f"{e} - {i}", 0, e - 1),
        )
    )


RANGES: dict[str, Callable[[Maker, int], tuple[str, int, int] | None]] = {
    "range": plain_range,
    "range with start": range_with_start,
    "range with step": range_with_step,
    "negative step": negative_step,
    "zero trips": no_trips,
    "bounds from an outer index": dependent_range,
}
