"""A derivative as a file that needs NumPy and Numba, and nothing of ours."""

import inspect
from pathlib import Path
from types import ModuleType
from typing import Any

from srcdiff.errors import SrcdiffError, UnknownFunction
from srcdiff.specialise import Recipe


def write_module(path: Any, recipe: Recipe) -> None:
    """Write the text of a recipe, with its imports, to the file `path`."""
    lines = ["import math", "", "import numba", "import numpy as np", ""]
    for name, value in sorted(recipe.globals.items()):
        lines += _definition(name, value)
    decorator = '@numba.njit(error_model="numpy")'
    text = "\n".join(lines) + f"\n\n{decorator}\n{recipe.text}"
    Path(path).write_text(text, encoding="utf-8")


def _definition(name: str, value: object) -> list[str]:
    """Return the lines that define a global of a generated text."""
    if isinstance(value, ModuleType):
        return [] if (name, value.__name__) in KNOWN else [f"import {value.__name__} as {name}"]
    if isinstance(value, type) and issubclass(value, SrcdiffError):
        base = value.__mro__[2].__name__
        return ["", f"class {name}({base}):", f'    """{inspect.getdoc(value)}"""', ""]
    module = getattr(value, "__module__", None) or ""
    if module.partition(".")[0] in ("numpy", "math"):
        return [f"from {module} import {value.__name__} as {name}"]  # type: ignore[attr-defined]
    if module == "builtins":
        return []
    raise UnknownFunction(
        f"The text calls `{name}` of srcdiff's run-time library, which cannot be exported yet.",
        hint="Import srcdiff where the derivative is used.",
    )


KNOWN = {("math", "math"), ("np", "numpy")}
