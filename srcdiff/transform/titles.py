"""The first line of the docstring of a derivative."""

import os
from collections.abc import Iterable

from srcdiff.ir.nodes import Function, Value


def title(what: str, function: Function, word: str, params: Iterable[Value]) -> str:
    """Say of which function a derivative is, where that stands, and by which parameters."""
    place = ""
    if function.span is not None:
        place = f" ({os.path.basename(function.span.file)}:{function.span.line})"
    names = ", ".join(param.name for param in params)
    return f"{what} of `{function.name}`{place} {word} {names}."
