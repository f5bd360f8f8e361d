"""What a derivative keeps, by line of the source, and which loops run both sweeps at once.

line  what           shape  dtype    bytes
   5  keeps `s`       (10)  float64     80
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from srcdiff.analysis.aliasing import Aliases, aliases
from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.analysis.loops import independence
from srcdiff.analysis.memory import memory
from srcdiff.arguments import Form, form_of
from srcdiff.errors import TypeInferenceError
from srcdiff.ir.nodes import (
    Alloc,
    Call,
    For,
    Function,
    Increment,
    Origin,
    Statement,
    Store,
    Sweep,
    Value,
    While,
    is_array,
)
from srcdiff.ir.text import KEEPS, KEPT, names_of, render
from srcdiff.ir.walk import statements
from srcdiff.options import Options
from srcdiff.specialisation import Specialisation
from srcdiff.specialise import Made
from srcdiff.stages import Stages
from srcdiff.subject import Subject
from srcdiff.transform.lanes import verdicts
from srcdiff.transform.measure import measure, widths
from srcdiff.words import grow, new_stack

Kind = Literal["kept", "primal", "adjoint"]


@dataclass(frozen=True)
class Row:
    """An array that the derivative makes; where it makes several in turns, the largest.

    `kind` is "kept" for what is stored for the reverse sweep alone, "primal" for arrays of the
    primal, "adjoint" for adjoints and results. `line` is the line of the source that it belongs to.
    What `grows` has the shape that it ended with.
    """

    line: int | None
    kind: Kind
    name: str
    what: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    bytes: int
    grows: bool


@dataclass(frozen=True)
class Loop:
    """A loop that adjoints go through: whether both sweeps are one loop, and if not, why."""

    line: int | None
    merged: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Lanes:
    """An outermost loop of the text, and why its iterations do not run side by side, 64 at a time.

    Without a reason, they do.
    """

    line: int | None
    sweep: Sweep
    reason: str


ON_A_STACK = (
    "What calls of functions that call themselves need is kept on a stack, which grows with their "
    "depth; it is not counted here."
)


@dataclass(frozen=True)
class Explanation:
    """What a derivative makes in memory for the arguments given; iterates over its rows.

    `notes` say what else is done to keep less.
    """

    name: str
    rows: tuple[Row, ...]
    loops: tuple[Loop, ...]
    notes: tuple[str, ...] = ()
    lanes: tuple[Lanes, ...] = ()

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def bytes(self, kind: Kind | None = None) -> int:
        """Return the bytes of all arrays, or of those of one kind; not all need live at once."""
        return sum(row.bytes for row in self.rows if kind in (None, row.kind))

    def __str__(self) -> str:
        lines = [
            f"{self.name}: keeps {_count(self.bytes('kept'))} for the adjoint sweep.",
            *self.notes,
        ]
        for kind, title in TITLES.items():
            rows = [row for row in self.rows if row.kind == kind]
            if rows:
                lines += ["", f"{title}: {_count(self.bytes(kind))}", *_table(rows)]
        if self.loops:
            lines += ["", "Loops that adjoints go through", *map(_told, self.loops)]
        if self.lanes:
            lines += ["", "Outermost loops of the derivative", *map(_told_lanes, self.lanes)]
        return "\n".join(lines)


TITLES: dict[Kind, str] = {
    "kept": "Kept for the adjoint sweep",
    "primal": "Arrays of the primal",
    "adjoint": "Adjoints and results",
}


def _count(size: int) -> str:
    return f"{size:,} bytes" if size else "nothing"


def _table(rows: Sequence[Row]) -> list[str]:
    cells = [("line", "name", "shape", "dtype", "bytes", "")]
    for row in rows:
        line = "" if row.line is None else str(row.line)
        shape = " x ".join(map(str, row.shape))
        what = f"{row.what}{', grows' if row.grows else ''}"
        cells.append((line, row.name, shape, row.dtype.name, f"{row.bytes:,}", what))
    wide = [max(map(len, column)) for column in zip(*cells, strict=True)]
    left = (False, True, False, True, False, True)
    return [
        "  ".join(_padded(*each) for each in zip(row, wide, left, strict=True)).rstrip()
        for row in cells
    ]


def _padded(text: str, width: int, left: bool) -> str:
    return text.ljust(width) if left else text.rjust(width)


def _told(loop: Loop) -> str:
    fate = (
        "both sweeps in one"
        if loop.merged
        else f"one sweep after the other: {'; '.join(loop.reasons)}"
    )
    return f"{loop.line or '':>4}  {fate}."


def _told_lanes(loop: Lanes) -> str:
    fate = f"no lanes: {loop.reason}" if loop.reason else "in lanes"
    return f"{loop.line or '':>4}  {loop.sweep} sweep, {fate}."


# ---- arrays ----


def explain(
    subject: Subject, make: Callable[[Form], Made], example: tuple[Any, ...], first: int
) -> Explanation:
    """Explain what `make` makes for example arguments, which follow `first` seeds."""
    given, inputs = example[:first], example[first:]
    if not inputs or isinstance(inputs[0], str):
        raise TypeInferenceError(
            "How much is kept depends on the arguments.",
            subject.span(),
            "Give example arguments: `df.explain(x, ...)`.",
        )
    form, leaves = form_of(inputs, {}, subject.parameters(len(inputs)))
    plain = [np.asarray(leaf) if isinstance(leaf, np.ndarray) else leaf for leaf in leaves]
    return _explained(make(form), plain, given)


def _explained(made: Made, leaves: Sequence[Any], given: tuple[Any, ...]) -> Explanation:
    function = list(made.stages.functions.values())[-1]
    places = _places(function)
    names = names_of(function)
    origins = _origins(function)
    measured = measure(function, places)
    numbers = iter(_run(made, measured, leaves, given))
    first = {place: each for each, place in reversed(places.items())}
    grows = {place for each, place in places.items() if _grows(each)}
    rows = []
    for place, width in enumerate(widths(places)):
        size, *shape = (int(next(numbers)) for _ in range(width))
        made_by = first[place]
        where = origins.get(made_by, made_by.origin)
        rows.append(_row(made_by, where, names, size, tuple(shape), grows=place in grows))
    notes = tuple(note for note in function.notes if note != KEPT)
    if any(isinstance(s, Call) and s.function is new_stack for s in statements(function.body)):
        notes += (ON_A_STACK,)
    loops, lanes = _loops(made.stages), _lanes(made.stages)
    return Explanation(function.name, tuple(rows), loops, notes, lanes)


def _places(function: Function) -> dict[Statement, int]:
    """Number the arrays that a function makes; one that grows stays the same array."""
    classes = memory(function)
    seen: dict[object, int] = {}
    places: dict[Statement, int] = {}
    grown = {classes.root(s.out) for s in statements(function.body) if _grows(s)}  # type: ignore[union-attr]
    for each in statements(function.body):
        if isinstance(each, Alloc | Call) and is_array(each.out):
            root = classes.root(each.out)
            key = root if root in grown else each
            places[each] = seen.setdefault(key, len(seen))
    return places


def _grows(statement: Statement) -> bool:
    return isinstance(statement, Call) and statement.function is grow


def _row(
    statement: Statement,
    origin: Origin,
    names: Mapping[Value, str],
    size: int,
    shape: tuple[int, ...],
    *,
    grows: bool,
) -> Row:
    assert isinstance(statement, Alloc | Call)
    out, kept, note = statement.out, _is_kept(statement), statement.origin.note
    kind: Kind = "kept" if kept else "primal" if _is_primal(out, origin) else "adjoint"
    what = note.removeprefix(KEEPS) if kept else note
    found = re.search(r"line (\d+)", note)
    line = int(found[1]) if found else None if origin.span is None else origin.span.line
    dtype = out.type.dtype
    name = names.get(out, "")
    return Row(line, kind, name, what, dtype, shape, size * dtype.itemsize, grows)


def _is_kept(statement: Statement) -> bool:
    return isinstance(statement, Alloc) and statement.origin.note.startswith(KEEPS)


def _is_primal(array: Value, origin: Origin) -> bool:
    known = origin.span is not None or bool(origin.note)
    return known and origin.sweep == "primal" and not array.name.endswith("_bar")


def _origins(function: Function) -> dict[Statement, Origin]:
    """Return the origin of what first fills an array, for arrays that passes have made."""
    classes = memory(function)
    fills: dict[Value, Origin] = {}
    for each in statements(function.body):
        if isinstance(each, Store | Increment) and each.origin.span is not None:
            fills.setdefault(classes.root(each.ref), each.origin)
    return {
        each: fills[classes.root(each.out)]
        for each in statements(function.body)
        if isinstance(each, Alloc | Call) and is_array(each.out) and classes.root(each.out) in fills
        if each.origin.span is None and not each.origin.note
    }


def _run(
    made: Made, function: Function, leaves: Sequence[Any], given: tuple[Any, ...]
) -> tuple[Any, ...]:
    """Return what a function gives that takes what the derivative takes."""
    if not function.results:
        return ()
    text = render(function)
    recipe = replace(
        made.recipe, text=text.source, globals=text.globals, finish="r", plain_finish="r"
    )
    found = Specialisation(recipe, made.surroundings, Options(jit=False, cache=False))
    seeds = found.seeds(given[0], leaves, None) if given else ()
    result = found(leaves, seeds)
    return result if isinstance(result, tuple) else (result,)


# ---- loops ----


def _loops(stages: Stages) -> tuple[Loop, ...]:
    """Return the loops that adjoints go through, as they were before the adjoint was made."""
    before, after = _around(stages)
    if before is None or after is None:
        return ()
    merged = {s.origin for s in _loops_of(after) if _has_both(s)}
    reversed_spans = {s.origin.span for s in _loops_of(after) if s.origin.sweep == "adjoint"}
    judge = _Judge(dataflow(before), aliases(before), merged)
    found: dict[Loop, None] = {}
    for loop in _loops_of(before):
        span = loop.origin.span
        line = None if span is None else span.line
        if loop.origin in merged:
            found[Loop(line, True, ())] = None
        elif span in reversed_spans:
            found[Loop(line, False, judge.reasons(loop))] = None
    return tuple(found)


def _lanes(stages: Stages) -> tuple[Lanes, ...]:
    """Return the outermost loops as they were before some of them were run in lanes."""
    known = list(stages.functions.items())
    before = [old for (_, old), (name, _) in pairwise(known) if name.endswith("_lanes")]
    found: dict[Lanes, None] = {}
    for loop, reason in verdicts(before[0]) if before else ():
        span = loop.origin.span
        if span is not None:
            found[Lanes(span.line, loop.origin.sweep, reason)] = None
    return tuple(found)


def _around(stages: Stages) -> tuple[Function | None, Function | None]:
    """Return the function that reverse mode began with, and the adjoint of it."""
    before = after = None
    for name, function in stages.functions.items():
        step = name.partition("_")[2]
        if step == "adjoint":
            return before, function
        if step != "checkpoint":
            before = function
    return None, after


def _loops_of(function: Function) -> list[For | While]:
    return [s for s in statements(function.body) if isinstance(s, For | While)]


def _has_both(loop: For | While) -> bool:
    """Say whether a loop of the primal has statements of the adjoint sweep in it."""
    adjoint = any(s.origin.sweep == "adjoint" for s in statements(loop.body))
    return loop.origin.sweep == "primal" and adjoint


@dataclass(frozen=True, eq=False)
class _Judge:
    flow: Dataflow
    classes: Aliases
    merged: set[Origin]

    def reasons(self, loop: For | While) -> tuple[str, ...]:
        """Say why the two sweeps of a loop are apart."""
        if isinstance(loop, While):
            return ("it is a `while`",)
        facts = independence(loop, self.flow, self.classes)
        if facts.reasons:
            return tuple(facts.reasons)
        around = [s for _, _, s in self.flow.ancestors(loop.body)[1:]]
        if any(isinstance(s, For | While) and s.origin not in self.merged for s in around):
            return ("they are apart in the loop around it",)
        written = [root.name.lstrip("_") for root in (*facts.stored, *facts.incremented)]
        if written:
            return tuple(f"it writes `{name}`" for name in written)
        filled = [root.name.lstrip("_") for root in self.filled(loop)]
        if filled:
            return tuple(f"what fills `{name}` waits for its adjoint sweep" for name in filled)
        return ("the adjoint of what it sums is known only after it",)

    def filled(self, loop: For) -> list[Value]:
        """Return the arrays that a loop reads, and one with both sweeps at once has filled."""
        inside = statements(loop.body)
        read = dict.fromkeys(root for s in inside for root in self.classes.touched(s))
        written: set[Value] = set()
        for other in statements(self.flow.body):
            if isinstance(other, For) and other.origin in self.merged:
                written |= self.classes.writes[other]
        return [root for root in read if root in written]
