"""The first line of the docstring of a derivative."""

import os
from collections.abc import Iterable

from srcdiff.ir.nodes import Function, Value
from srcdiff.products import Mode

TITLES: dict[Mode, str] = {
    "jacobian": "Jacobian",
    "taylor": "Taylor series",
    "jacfwd": "Jacobian",
    "jacrev": "Jacobian",
    "hessian": "Hessian",
    "hvp": "Product of the Hessian and a vector",
    "gnvp": "Product J'J v of the Jacobian J and a vector",
}


def title(what: str, function: Function, word: str, params: Iterable[Value]) -> str:
    """Say of which function a derivative is, where that stands, and by which parameters."""
    place = ""
    if function.span is not None:
        place = f" ({os.path.basename(function.span.file)}:{function.span.line})"
    names = ", ".join(param.name for param in params)
    return f"{what} of `{function.name}`{place} {word} {names}."
