"""The comments of a generated text: which line of the user's source a statement belongs to."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from srcdiff.errors import Span
from srcdiff.ir.nodes import Function, Origin, Statement
from srcdiff.ir.walk import statements

COLUMN = 46
STEP = 4


@dataclass(eq=False)
class Comments:
    """Comments in the order of the text: one at the first statement of each line of the source.

    The source itself is quoted in the primal sweep; in the adjoint sweep only where the primal
    sweep did not show it.
    """

    function: Function
    enabled: bool
    _margin: dict[str, int] = field(default_factory=dict)
    _shown: set[tuple[str, int]] = field(default_factory=set)
    _last: tuple[str, int, bool] | None = None

    def __post_init__(self) -> None:
        for span in _spans(statements(self.function.body)):
            if span.text.strip():
                margin = len(span.text) - len(span.text.lstrip())
                known = self._margin.get(span.file, margin)
                self._margin[span.file] = min(known, margin)

    def of(self, origin: Origin) -> str:
        """Return the comment of the next statement, or nothing."""
        if not self.enabled:
            return ""
        if origin.note:
            return f"# {origin.note}"
        span = origin.span
        if span is None:
            return ""
        adjoint, line = origin.sweep == "adjoint", (span.file, span.line)
        if self._last == (*line, adjoint):
            return ""
        self._last = (*line, adjoint)
        quoted = "" if adjoint and line in self._shown else self._quote(span)
        self._shown.add(line)
        return f"# {self._place(span)}| {quoted}".rstrip()

    def _quote(self, span: Span) -> str:
        return span.text.rstrip()[self._margin.get(span.file, 0) :]

    def _place(self, span: Span) -> str:
        home = self.function.span
        if home is None or span.file == home.file:
            return str(span.line)
        return f"{os.path.basename(span.file)}:{span.line}"


def _spans(all_statements: Iterable[Statement]) -> Iterable[Span]:
    return (each.origin.span for each in all_statements if each.origin.span is not None)


def aligned(text: str, comment: str) -> str:
    """Return a line of code with its comment in the common column, or beyond it."""
    if not comment:
        return text
    beyond = max(len(text) + 1 - COLUMN, 0)
    return f"{text:<{COLUMN + -(-beyond // STEP) * STEP}}{comment}"


def section_marks(printed: Sequence[Statement]) -> dict[Statement, str]:
    """Return the statements of a block where its primal and its adjoint part begin, if it has both.

    Of the statements that have a line; those before the first one that is of a line of the source
    are a preamble.
    """
    is_primal = (
        each.origin.sweep == "primal" and each.origin.span is not None and not each.origin.note
        for each in printed
    )
    first = next((k for k, primal in enumerate(is_primal) if primal), len(printed))
    for statement in printed[first:]:
        if statement.origin.sweep == "adjoint":
            return {printed[first]: "primal", statement: "adjoint"}
    return {}
