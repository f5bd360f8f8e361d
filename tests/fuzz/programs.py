"""Random programs of the language that srcdiff differentiates, for Hypothesis to draw.

Level 1 has structured control flow only; level 2 adds `while`, jumps, recursion, swaps of arrays,
and indices that are masks or arrays. Programs are tame: values stay bounded, every index is inside
its axis, every element is written before it is read, and NumPy and Numba give them one meaning,
except that in-place operators on overlapping memory follow NumPy.
"""

import hashlib
import linecache
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.fuzz import arrays, expressions, indices
from tests.fuzz.aliases import ALIASES
from tests.fuzz.callables import CALLABLES, definitions
from tests.fuzz.expressions import tame
from tests.fuzz.flow import FLOW
from tests.fuzz.indices import bare
from tests.fuzz.jumps import JUMPS
from tests.fuzz.maker import Array, Helper, Maker, Scope, Shape, Whole, statements
from tests.fuzz.places import PLACES
from tests.fuzz.ranges import RANGES
from tests.fuzz.recursions import RECURSIONS, recursive
from tests.fuzz.statements import STATEMENTS

LISTS: tuple[dict[str, Any], ...] = (
    expressions.SCALARS,
    expressions.COMPARISONS,
    expressions.CONDITIONS,
    indices.WHOLES,
    arrays.ARRAYS,
    RANGES,
    STATEMENTS,
)
FURTHER = (
    *("element load", "rank 1", "rank 2", "rank 3", "chained index", "negative index"),
    *("slice load", "slice step", "negative slice step", "slice with run-time bounds"),
    *("slice of rank 2 or 3", "slice filled with a number", "view of a view"),
    *("write through a view", "write into an argument", "array name bound again"),
    *("shape", "len", "size", "ndim", "reduction", "reduction by method", "nested loop"),
    *("elif", "else", "run-time step", "for over rows", "helper with an array"),
    *("module constant", "module array", "closure"),
)
CONSTRUCTS = tuple(dict.fromkeys((*(name for forms in LISTS for name in forms), *FURTHER)))
LEVEL_2: dict[str, Any] = {**JUMPS, **FLOW, **ALIASES, **CALLABLES, **PLACES}
CONSTRUCTS_OF_LEVEL_2 = (*LEVEL_2, *RECURSIONS)
# Most are long enough for every program; the shorter ones are there to shrink to.
TAPE_SIZES = st.sampled_from((30, 60, 120, 240, 480, *(1500,) * 45))


@dataclass(frozen=True)
class Program:
    """A module with a function `f`, arguments for it, and which of them are differentiated."""

    text: str
    args: tuple[Any, ...]
    argnums: tuple[int, ...]
    constructs: frozenset[str]

    def fresh_args(self) -> tuple[Any, ...]:
        """Return copies, because programs write into their arguments."""
        return tuple(a.copy() if isinstance(a, np.ndarray) else a for a in self.args)

    def __repr__(self) -> str:
        texts = (
            f"np.array({a.tolist()})" if isinstance(a, np.ndarray) else repr(a) for a in self.args
        )
        return f"\n{self.text}\n\nargs = ({', '.join(texts)})\nargnums = {self.argnums}\n"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Tell Hypothesis to show the source as it is."""
        printer.text(repr(self))


def load(program: Program) -> Callable[..., float]:
    """Return the function of a program, so that `inspect.getsource` finds its text."""
    digest = hashlib.sha256(program.text.encode()).hexdigest()[:12]
    name = f"<program {digest}>"
    linecache.cache[name] = len(program.text), None, program.text.splitlines(keepends=True), name
    namespace: dict[str, Any] = {"__name__": f"program_{digest}"}
    exec(compile(program.text, name, "exec", dont_inherit=True), namespace)
    return namespace["f"]


@st.composite
def programs(draw: st.DrawFn, level: int = 1, without: frozenset[str] = frozenset()) -> Program:
    """Draw a program that uses none of the constructs in `without`."""
    size = draw(TAPE_SIZES)
    tape = draw(st.binary(min_size=size, max_size=size))
    m = Maker(tape, STATEMENTS, without)
    seed = m.integer(0, 2**16 - 1)
    n, columns = m.integer(3, 5), m.integer(2, 4)
    shapes = {"A": (n,), "B": (n, columns), "C": (2, columns, n)}
    shapes = {name: shapes[name] for name in ("A", "AB", "ABC")[m.integer(0, 2)]}
    tables = ["k"] if m.chance(35) else []
    outer = constants(m)
    helpers = further(m) if level == 2 else []
    helpers += [line for number in range(m.integer(0, 2)) for line in helper(m, number, n, outer)]
    helpers += recursive(m, n) if level == 2 and m.chance(40) else []
    parameters = ["x", "y", *shapes, "n", *tables]
    closed = "closure" not in without and m.chance(20)
    body = main(m, shapes, n, tables, closed, outer)
    text = module(m, helpers, parameters, body, closed)
    args = arguments(seed, shapes, n, tables)
    return Program(text, args, tuple(range(2 + len(shapes))), frozenset(m.used))


def further(m: Maker) -> list[str]:
    """Write the functions that the second level calls; from there on, use all its statements."""
    lines = definitions(m)
    m.forms = {**STATEMENTS, **LEVEL_2}
    return lines


def constants(m: Maker) -> Scope:
    """Return the constants of the module that functions may read."""
    scope = Scope()
    if m.chance(30):
        scope.floats.append("GAIN")
        scope.wholes.append(Whole("COUNT", 2, 2))
        m.use("module constant")
    if m.chance(30):
        scope.arrays.append(Array("TABLE", (3,), writable=False))
        m.use("module array")
    return scope


def arguments(seed: int, shapes: dict[str, Shape], n: int, tables: list[str]) -> tuple[Any, ...]:
    random = np.random.default_rng(seed)
    x, y = random.uniform(-1.5, 1.5, 2).tolist()
    matrices = [random.uniform(-1.5, 1.5, shape) for shape in shapes.values()]
    return (x, y, *matrices, n, *(random.integers(0, 3, n) for _ in tables))


def main(
    m: Maker, shapes: dict[str, Shape], n: int, tables: list[str], closed: bool, outer: Scope
) -> list[str]:
    scope = outer.copy()
    scope.floats += ["x", "y"]
    scope.wholes.append(Whole("n", n, n))
    scope.arrays += [Array(name, shape) for name, shape in shapes.items()]
    scope.tables += [(name, Whole("", 0, 2), n) for name in tables]
    if closed:
        m.use("closure")
        scope.floats.append("rate")
        scope.arrays.append(Array("weights", (3,), writable=False))
    m.start("f", scope, 1)
    statements(m, 1)
    statements(m, 9)
    m.emit(f"return {result(m)}")
    return m.lines


def result(m: Maker) -> str:
    """Return a sum of what is in scope, so that little of the program is without effect."""
    terms = [f"{m.pick(('', '0.5 * '))}{name}" for name in m.scope.floats[-4:]]
    forms = ("np.sum({})", "np.sin({}).sum()", "0.5 * np.mean({0} * {0})")
    terms += [m.pick(forms).format(array.name) for array in m.scope.arrays[-5:]]
    return " + ".join(terms)


def helper(m: Maker, number: int, n: int, outer: Scope) -> list[str]:
    """Write a function that `f` and later helpers call."""
    results = m.integer(0, 3)
    shapes = ((n,),) if results == 0 or m.chance(40) else ()
    scope = outer.copy()
    floats = [m.fresh("u") for _ in range(m.integer(1, 2))]
    arrays_ = [Array(m.fresh("a"), shape) for shape in shapes]
    scope.floats += floats
    scope.arrays += arrays_
    made = Helper(f"h{number}", len(floats), shapes, results)
    m.start(made.name, scope, results)
    statements(m, 3)
    values = [bare(tame(m, 2, 2.0)) for _ in range(results)]
    if values:
        m.emit(f"return {', '.join(values)}")
    m.helpers.append(made)
    names = ", ".join((*floats, *(a.name for a in arrays_)))
    return [f"def {made.name}({names}):", *m.lines, "", ""]


def module(
    m: Maker, helpers: list[str], parameters: list[str], body: list[str], closed: bool
) -> str:
    """Return the text of the program."""
    head = ["import math", "", "import numpy as np", ""]
    head += ["GAIN = 0.8", "COUNT = 2"] if "module constant" in m.used else []
    head += ["TABLE = np.array([0.4, -0.7, 1.1])"] if "module array" in m.used else []
    lines = [f"def f({', '.join(parameters)}):", *body]
    if closed:
        inner = ["    " + line for line in lines]
        call = "f = make(0.7, np.array([0.6, 0.3, -0.8]))"
        lines = ["def make(rate, weights):", *inner, "", "    return f", "", "", call]
    return "\n".join([*head, "", *helpers, *lines, ""])
