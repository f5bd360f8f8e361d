"""Everything srcdiff raises on purpose, and the place in the user's source that it points to.

An error has three parts: what is wrong in the user's words, where (file, line, caret), and what
to do. `str(error)` holds all three, because Numba passes on nothing but the text of an error that
is raised while it compiles.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """A piece of the user's source: file, 1-based line, 0-based column, and the line's text."""

    file: str
    line: int
    column: int = 0
    end_column: int = 0
    text: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"

    def caret(self) -> str:
        """Return the source line with a caret line under the span."""
        stripped = self.text.lstrip()
        indent = len(self.text) - len(stripped)
        start = max(self.column - indent, 0)
        width = max(self.end_column - max(self.column, indent), 1)
        return f"    {stripped.rstrip()}\n    {' ' * start}{'^' * width}"


class SrcdiffError(Exception):
    """Base class of all errors that srcdiff raises on purpose.

    `message` says what is wrong, `span` where, `hint` what to do about it.
    """

    def __init__(self, message: str, span: Span | None = None, hint: str = "") -> None:
        self.message = message
        self.span = span
        self.hint = hint
        super().__init__(message, span, hint)

    def __str__(self) -> str:
        parts = [self.message if self.span is None else f"{self.span}: {self.message}"]
        if self.span is not None and self.span.text:
            parts.append(self.span.caret())
        if self.hint:
            parts.append(self.hint)
        return "\n".join(parts)


class UnsupportedSyntax(SrcdiffError, SyntaxError):
    """The function uses a part of Python that srcdiff does not differentiate."""

    __str__ = SrcdiffError.__str__


class UnknownFunction(SrcdiffError, NotImplementedError):
    """The function calls something that has neither source nor a rule."""


class TypeInferenceError(SrcdiffError, TypeError):
    """An argument or a variable has a type that is not supported or not consistent."""


class NotDifferentiable(SrcdiffError, TypeError):
    """What is asked for has no derivative: an integer argument, an output that is not a float."""


class AliasingError(SrcdiffError, ValueError):
    """Two arguments share memory and one of them is written."""


class RuleError(SrcdiffError, ValueError):
    """A user's own derivative rule breaks its contract."""


class ShapeError(SrcdiffError, ValueError):
    """Array shapes that must agree at run time do not."""


class BoundsError(SrcdiffError, IndexError):
    """An index is out of bounds."""


class CompilationError(SrcdiffError, RuntimeError):
    """Numba could not compile generated code."""


class InternalError(SrcdiffError, AssertionError):
    """A bug in srcdiff. Please report it with the function that caused it."""
