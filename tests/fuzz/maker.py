"""A random program under construction: its text, the names in scope, its choices.

Every choice takes a byte from a tape that Hypothesis draws. The simplest choice always comes
first, and an empty tape gives zeros, so a program that fails is shrunk with its tape. Values carry
a bound, so that programs stay numerically tame, and integers the interval that they lie in, so
that every index is inside its axis.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

T = TypeVar("T")
Shape = tuple[int, ...]
Forms = Mapping[str, Callable[..., Any]]

# What a variable or an element of an array is taken to be bounded by when it is read.
READ = 4.0


# How much oftener than others a form is tried: it seldom fits, or leads to what is worth testing.
WEIGHTS = {
    **{"range loop": 6, "array expression": 5, "bounds from an outer index": 12},
    **dict.fromkeys(("transpose", "np.newaxis"), 6),
    **dict.fromkeys(
        ("keepdims", "np.outer", "reduction along an axis", "matrix product", "broadcast"), 3
    ),
    **dict.fromkeys(("keepdims", "np.outer", "np.stack"), 5),
    **dict.fromkeys(("another name", "view", "reshaped view"), 2),
    **dict.fromkeys(("helper call", "helper with several values", "helper that writes"), 3),
    **dict.fromkeys(("condition in a variable", "if", "while", "break", "continue"), 3),
    **dict.fromkeys(("array swap", "early return"), 2),
    **{"call of a local function": 8, "array swap in a loop": 3, "view bound again in a loop": 2},
}
# Names that come from outside the function.
CONSTANTS = ("GAIN", "rate")


@dataclass(frozen=True)
class Term:
    """An expression, atomic or in parentheses, whose magnitude is about `bound` at most."""

    text: str
    bound: float = READ


@dataclass(frozen=True)
class Whole:
    """An integer expression with low <= value <= high."""

    text: str
    low: int
    high: int
    assignable: bool = False


@dataclass(frozen=True)
class Array:
    """A floating-point array in scope; `whole` says that it is C-contiguous by construction."""

    name: str
    shape: Shape
    writable: bool = True
    whole: bool = True


@dataclass(frozen=True)
class Helper:
    """A function of the program: its parameters are floats, then arrays of the shapes given."""

    name: str
    floats: int
    shapes: tuple[Shape, ...]
    results: int


@dataclass
class Scope:
    floats: list[str] = field(default_factory=list)
    wholes: list[Whole] = field(default_factory=list)
    arrays: list[Array] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    tables: list[tuple[str, Whole, int]] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)

    def copy(self) -> "Scope":
        lists = self.floats, self.wholes, self.arrays, self.flags, self.tables, self.functions
        return Scope(*(list(names) for names in lists))


class Maker:
    """What one function of the program knows while it is written."""

    def __init__(self, tape: bytes, forms: Forms, without: frozenset[str]) -> None:
        self.tape = iter(tape)
        self.forms = forms
        self.without = without
        self.used: set[str] = set()
        self.names: dict[str, int] = {}
        self.helpers: list[Helper] = []
        self.start("f", Scope(), 1)

    def start(self, function: str, scope: Scope, results: int) -> None:
        """Begin the text of another function; `used`, `helpers` and `names` go on."""
        self.function = function
        self.scope = scope
        self.results = results
        self.lines: list[str] = []
        self.depth = 0
        self.loops: list[str] = []
        self.rounds = 1

    def integer(self, low: int, high: int) -> int:
        choices = high - low + 1
        if choices == 1:
            return low
        drawn = next(self.tape, 0)
        if choices > 128:
            drawn = drawn * 256 + next(self.tape, 0)
        return low + drawn % choices

    def pick(self, options: Sequence[T]) -> T:
        return options[self.integer(0, len(options) - 1)]

    def chance(self, percent: int) -> bool:
        return self.integer(0, 99) >= 100 - percent

    def use(self, *constructs: str) -> None:
        self.used.update(constructs)

    def form(self, forms: Mapping[str, Callable[..., T | None]], *args: Any) -> T | None:
        """Apply one of the forms; None if three in a row do not fit what is in scope."""
        names = [n for n in forms if n not in self.without for _ in range(WEIGHTS.get(n, 1))]
        for _ in range(3):
            name = self.pick(names)
            result = forms[name](self, *args)
            if result is not None:
                self.use(name)
                return result
        return None

    def emit(self, line: str) -> None:
        self.lines.append("    " * (self.depth + 1) + line)

    def fresh(self, prefix: str) -> str:
        self.names[prefix] = self.names.get(prefix, -1) + 1
        return f"{prefix}{self.names[prefix]}"

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Open a block: what is first assigned inside is not known after it."""
        self.emit(head)
        outer, self.scope = self.scope, self.scope.copy()
        self.depth += 1
        length = len(self.lines)
        yield
        if len(self.lines) == length:
            self.emit("pass")
        self.depth -= 1
        self.scope = outer

    @contextmanager
    def loop(self, head: str, trips: int) -> Iterator[None]:
        rounds, self.rounds = self.rounds, self.rounds * max(trips, 1)
        self.loops.append(head)
        with self.block(head):
            yield
        self.loops.pop()
        self.rounds = rounds

    def variables(self) -> list[str]:
        """Return the floats that may be assigned to, unlike constants of the module."""
        return [name for name in self.scope.floats if name not in CONSTANTS]

    def writable(self, rank: int | None = None) -> list[Array]:
        arrays = (a for a in self.scope.arrays if a.writable)
        return [a for a in arrays if rank is None or len(a.shape) == rank]

    def add_array(self, shape: Shape, prefix: str = "w", **facts: bool) -> Array:
        array = replace(Array(self.fresh(prefix), shape), **facts)
        self.scope.arrays.append(array)
        return array

    def add_float(self, prefix: str = "s") -> str:
        self.scope.floats.append(self.fresh(prefix))
        return self.scope.floats[-1]


def statements(m: Maker, most: int) -> None:
    """Write 1 to `most` statements."""
    for _ in range(m.integer(1, most)):
        m.form(m.forms) or m.forms["assignment"](m)


def tuple_text(items: Sequence[str]) -> str:
    """Return the text of a tuple, or of its only item."""
    return items[0] if len(items) == 1 else f"({', '.join(items)})"
