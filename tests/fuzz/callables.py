"""Functions of the second level: default and keyword arguments, `*args`, functions passed as
arguments, lambdas, nested functions, calls inside loops and branches."""

from collections.abc import Callable

from tests.fuzz.expressions import condition, tame
from tests.fuzz.indices import bare, extent_text
from tests.fuzz.maker import Maker, Scope, Whole, statements
from tests.fuzz.writes import element_store, element_update, slice_store, slice_update

MOST_ROUNDS = 30


def definitions(m: Maker) -> list[str]:
    """Write the functions of the module that the statements below call."""
    return [*blend(m), *twice(m), *gather(m), *relax(m)]


def blend(m: Maker) -> list[str]:
    m.start("blend", Scope(floats=["u", "v", "w"]), 1)
    statements(m, 2)
    value = bare(tame(m, 2, 2.0))
    return [f"def blend(u, v=0.4, *, w={m.pick(('0.7', '1'))}):", *m.lines,
            f"    return {value} + 0.5 * v - w * u", "", ""]  # fmt: skip


def twice(m: Maker) -> list[str]:
    m.start("twice", Scope(floats=["u"], wholes=[Whole("times", 1, 3)]), 1)
    m.emit("total = 0.0")
    m.scope.floats.append("total")
    with m.loop("for k in range(times):", 3):
        m.scope.wholes.append(Whole("k", 0, 2))
        m.emit(f"u = 0.6 * function(u) + {tame(m, 1)}")
        m.emit("total += u * u")
    return ["def twice(function, u, times=2):", *m.lines, "    return np.sin(total)", "", ""]


def gather(m: Maker) -> list[str]:
    first = m.pick(("terms[0]", "terms[-1]", "0.3 * len(terms)"))
    return ["def gather(*terms):", f"    total = {first}", "    for term in terms:",
            f"        total = 0.5 * total + {m.pick(('np.cos(term)', 'term * total', 'term'))}",
            "    return np.tanh(total)", "", ""]  # fmt: skip


def relax(m: Maker) -> list[str]:
    """A function that writes into its argument, in a loop or by a slice."""
    step = m.pick(("a[i] = 0.5 * (a[i] + by * a[i - 1])", "a[i] += by * np.sin(a[i - 1])"))
    lines = ["    for i in range(1, len(a)):", f"        {step}"]
    if m.chance(40):
        lines = [f"    a[1:] {m.pick(('=', '+='))} by * a[:-1]", "    a[0] = 0.5 * a[-1]"]
    return ["def relax(a, by=0.3):", *lines, "", ""]


def with_defaults(m: Maker) -> bool:
    return assign(m, f"blend({bare(tame(m, 2))})")


def assign(m: Maker, value: str) -> bool:
    """Assign to a new name, which the value does not know."""
    m.emit(f"{m.add_float()} = {value}")
    return True


def with_keywords(m: Maker) -> bool:
    first, second = bare(tame(m, 2)), bare(tame(m, 1))
    forms = (f"{first}, w={second}", f"v={second}, u={first}", f"{first}, {second}, w={second}")
    return assign(m, f"blend({m.pick(forms)})")


def with_star(m: Maker) -> bool:
    terms = [bare(tame(m, 1)) for _ in range(m.integer(1, 3))]
    name = m.fresh("pair")
    if m.chance(40):
        m.emit(f"{name} = ({', '.join(terms)}, {tame(m, 1)})")
        terms = [f"*{name}"]
    return assign(m, f"gather({', '.join(terms)})")


def passed(m: Maker) -> bool:
    known = ["np.sin", "math.tanh", *m.scope.functions]
    known += [h.name for h in m.helpers if (h.floats, h.shapes, h.results) == (1, (), 1)]
    times = m.pick(("", ", 3", ", times=1"))
    return assign(m, f"twice({m.pick(known)}, {bare(tame(m, 1))}{times})")


def passed_lambda(m: Maker) -> bool:
    text = lambda_text(m)
    return assign(m, f"twice({text}, {bare(tame(m, 1))})")


def lambda_text(m: Maker) -> str:
    outer, m.scope = m.scope, m.scope.copy()
    m.scope.floats += ["z", "z"]
    value = bare(tame(m, 2))
    m.scope = outer
    return f"lambda z: {value}"


def named_lambda(m: Maker) -> bool:
    name = m.fresh("g")
    m.emit(f"{name} = {lambda_text(m)}")
    m.scope.functions.append(name)
    return call_of(m, name)


def call_of(m: Maker, name: str) -> bool:
    return assign(m, f"{name}({bare(tame(m, 1))})")


def nested(m: Maker) -> bool:
    """A function inside the function, which reads the names around it and writes into arrays."""
    name = m.fresh("g")
    loops, m.loops = m.loops, []
    with m.block(f"def {name}(z):"):
        m.scope.floats += ["z", "z"]
        m.emit(f"q = {bare(tame(m, 2))}")
        m.scope.floats.append("q")
        if m.chance(50):
            m.form(INSIDE)
        if m.chance(40):
            with m.block(f"if {bare(condition(m, 1))}:"):
                m.emit(f"return {bare(tame(m, 1, 2.0))}")
        if m.chance(30):
            m.emit(f"for p in range({extent_text(m, 2)}):")
            m.emit("    q = 0.5 * q + np.sin(z + q)")
        m.emit(f"return {bare(tame(m, 2, 2.0))}")
    m.loops = loops
    m.scope.functions.append(name)
    return call_of(m, name)


def local_call(m: Maker) -> bool | None:
    return call_of(m, m.pick(m.scope.functions)) if m.scope.functions else None


def call_in_loop(m: Maker) -> bool | None:
    """Calls of functions of the module inside a loop, with what the last one gave."""
    trips = m.integer(2, 3)
    if len(m.loops) > 1 or m.rounds * trips > MOST_ROUNDS:
        return None
    name = m.fresh("i")
    assign(m, bare(tame(m, 1)))
    total = m.scope.floats[-1]
    with m.loop(f"for {name} in range({extent_text(m, trips)}):", trips):
        m.scope.wholes.append(Whole(name, 0, trips - 1))
        m.emit(f"{total} = {m.pick(('blend', 'np.sin', 'gather'))}({total}) * {tame(m, 1)}")
        m.form(CALLS)
    return True


def call_in_branch(m: Maker) -> bool:
    with m.block(f"if {bare(condition(m, 1))}:"):
        m.form(CALLS)
    if m.chance(50):
        with m.block("else:"):
            m.form(CALLS)
    return True


def writing_call(m: Maker) -> bool | None:
    """A call that writes into an array, or into a row or a column of it."""
    if not (arrays := m.writable()):
        return None
    array = m.pick(arrays)
    text = array.name
    if len(array.shape) > 1:
        text += m.pick(("[0]", "[-1]", "[:, 0]")) + "[0]" * (len(array.shape) - 2)
    elif m.chance(40):
        text += m.pick(("[::-1]", "[::2]", "[1:]"))
    by = m.pick(("", f", {bare(tame(m, 1))}", f", by={bare(tame(m, 1))}"))
    m.emit(f"relax({text}{by})")
    return True


# What a nested function may do without binding a name of the function around it.
INSIDE: dict[str, Callable[[Maker], bool | None]] = {
    "element store": element_store,
    "element update": element_update,
    "slice store": slice_store,
    "slice update": slice_update,
}
CALLS: dict[str, Callable[[Maker], bool | None]] = {
    "default argument": with_defaults,
    "keyword argument": with_keywords,
    "*args": with_star,
    "function as an argument": passed,
    "lambda as an argument": passed_lambda,
    "lambda": named_lambda,
    "nested function": nested,
    "call of a local function": local_call,
    "call that writes into its argument": writing_call,
}
CALLABLES: dict[str, Callable[[Maker], bool | None]] = {
    **CALLS,
    "call in a loop": call_in_loop,
    "call in a branch": call_in_branch,
}
