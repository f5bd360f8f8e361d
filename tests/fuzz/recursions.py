"""Functions that call themselves, to a depth in the source, or one that only the run knows."""

from tests.fuzz.expressions import bare, tame
from tests.fuzz.maker import Helper, Maker, Scope, Whole

RUN_TIME = "    return again(u, 2 if u > 0.3 else 4)"


def recursive(m: Maker, n: int) -> list[str]:
    """Write a function that calls itself, and the helper of the program that calls it."""
    forms = [name for name in RECURSIONS if name not in m.without]
    if not forms:
        return []
    name = m.pick(forms)
    m.use(name)
    return RECURSIONS[name](m, n)


def _values(m: Maker) -> tuple[str, str]:
    """Return the texts of a value, and of what is passed on, both of `u` and `depth`."""
    m.start("again", Scope(floats=["u"], wholes=[Whole("depth", 1, 3)]), 1)
    return bare(tame(m, 2)), tame(m, 1, 2.0)


def _called(m: Maker, how: str) -> list[str]:
    m.helpers.append(Helper("descend", 1, (), 1))
    return ["def descend(u):", how, "", ""]


def _known_depth(m: Maker, _: int) -> list[str]:
    value, inner = _values(m)
    return [
        *("def again(u, depth):", "    if depth <= 0:", "        return 0.5 * u"),
        *(f"    inner = again({inner}, depth - 1)", f"    return {value} + 0.6 * inner", "", ""),
        *_called(m, f"    return again(u, {m.integer(1, 4)})"),
    ]


def _run_time_depth(m: Maker, _: int) -> list[str]:
    value, inner = _values(m)
    return [
        *("def again(u, depth):", "    if depth <= 0:", "        return 0.5 * u"),
        *(f"    inner = again({inner}, depth - 1)", f"    return {value} + 0.6 * inner", "", ""),
        *_called(m, RUN_TIME),
    ]


def _two_calls(m: Maker, _: int) -> list[str]:
    value, inner = _values(m)
    return [
        *("def again(u, depth):", "    if depth <= 0:", "        return 0.5 * u, 1.0"),
        f"    a, b = again({inner}, depth - 1)",
        "    c, d = again(0.5 * u + 0.2 * a, depth - 2)",
        *(f"    return 0.5 * np.sin(a + d) + {value}, np.cos(b * c)", "", ""),
        *_called(m, "    p, q = again(u, 3 if u < 0.4 else 2)\n    return p - 0.5 * q"),
    ]


def _with_a_loop(m: Maker, _: int) -> list[str]:
    value, inner = _values(m)
    return [
        *("def again(u, depth):", "    row = np.zeros(3)", "    for i in range(3):"),
        f"        row[i] = np.sin(u + 0.5 * i) * {value}",
        *("    if depth > 0:", f"        row[1] += 0.3 * again({inner}, depth - 1)"),
        *("    return 0.2 * np.sum(row * row)", "", ""),
        *_called(m, RUN_TIME),
    ]


def _over_views(m: Maker, n: int) -> list[str]:
    m.helpers.append(Helper("fold", 1, ((n,),), 1))
    step = m.pick(("", "::2"))
    first = "a[:half]" if not step else f"a[{step}]"
    second = "a[half:]" if not step else "a[1::2]"
    return [
        *("def fold(u, a):", "    if a.shape[0] < 2:", "        return np.sin(u * a[0])"),
        "    half = a.shape[0] // 2",
        f"    left = fold(0.5 * u, {first})",
        *(f"    return np.tanh(left + u) * 0.7 + 0.4 * left * fold(u, {second})", "", ""),
    ]


def _mutual(m: Maker, _: int) -> list[str]:
    value, inner = _values(m)
    return [
        *("def again(u, depth):", "    if depth <= 0:", "        return 0.3 * u"),
        *(f"    return {value} + 0.5 * back({inner}, depth - 1)", "", ""),
        *("def back(u, depth):", "    if depth <= 0:", "        return np.cos(u)"),
        *("    return 0.8 * again(0.9 * u, depth - 1) * np.sin(u)", "", ""),
        *_called(m, RUN_TIME),
    ]


RECURSIONS = {
    "recursion": _known_depth,
    "recursion at run time": _run_time_depth,
    "recursion with two calls": _two_calls,
    "recursion with a loop": _with_a_loop,
    "recursion over views": _over_views,
    "mutual recursion": _mutual,
}
