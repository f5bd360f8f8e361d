"""A derivative as a file that needs NumPy and Numba, and nothing of ours."""

import inspect
import re
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
from numba.core.dispatcher import Dispatcher
from numba.extending import register_jitable

from srcdiff.errors import SrcdiffError, UnknownFunction
from srcdiff.runtime import opacity, stack
from srcdiff.runtime.vecmath import SCALAR
from srcdiff.specialise import Recipe
from srcdiff.words import STACK

HEAD = """import math

import numba
import numpy as np
from numba.extending import register_jitable
"""
IMPORTED = {"math": "math", "np": "numpy"}
DECORATOR = '@numba.njit(error_model="numpy")'
STACK_IMPORTS = (
    "from collections.abc import Callable",
    "from typing import Any",
    "from llvmlite import ir",
    "from numba.core import types",
    "from numba.extending import intrinsic, overload",
)
OPAQUE_IMPORTS = (
    "from typing import Any",
    "from llvmlite import ir",
    "from numba.core import types",
    "from numba.extending import lower_builtin, type_callable",
)


def write_module(path: Any, recipe: Recipe) -> None:
    """Write the text of a recipe, with what it calls, to the file `path`."""
    parts: dict[str, str] = {}
    for name, value in sorted(recipe.globals.items()):
        _define(name, value, parts)
    lines = [part for part in parts.values() if "\n" not in part]
    blocks = [part.strip() for part in parts.values() if "\n" in part]
    blocks.append(re.sub(r"^def ", f"{DECORATOR}\ndef ", recipe.text.strip(), flags=re.M))
    head = HEAD + "".join(f"{line}\n" for line in lines)
    Path(path).write_text("\n\n\n".join([head.strip(), *blocks]) + "\n", encoding="utf-8")


def _define(name: str, value: Any, parts: dict[str, str]) -> None:
    """Add the text that defines a global, after those that it needs itself."""
    module = getattr(value, "__module__", None) or ""
    if name in parts:
        return
    if isinstance(value, ModuleType):
        if IMPORTED.get(name) != value.__name__:
            parts[name] = f"import {value.__name__} as {name}"
    elif isinstance(value, type) and issubclass(value, SrcdiffError):
        doc = inspect.getdoc(value)
        parts[name] = f'class {name}({value.__mro__[2].__name__}):\n    """{doc}"""'
    elif isinstance(value, bool | int | float | tuple):
        parts[name] = f"{name} = {value!r}"
    elif isinstance(value, FunctionType) and value in SCALAR:
        plain = SCALAR[value]
        package = "np" if isinstance(plain, np.ufunc) else plain.__module__
        parts[name] = f"{name} = {package}.{plain.__name__}"
    elif any(value is word for word in STACK):
        _define_stack(parts)
        if value.__name__ != name:
            parts[name] = f"{name} = {value.__name__}"
    elif value is opacity.opaque:
        _define_opaque(name, parts)
    elif isinstance(value, Dispatcher | FunctionType) and module.startswith("srcdiff."):
        _define_function(name, value, parts)
    elif module.partition(".")[0] in ("numpy", "math"):
        parts[name] = f"from {module} import {value.__name__} as {name}"
    elif module != "builtins" and value is not register_jitable:
        raise UnknownFunction(
            f"The generated text calls `{name}`, which cannot be exported.",
            hint="Import srcdiff where the derivative is used.",
        )


def _define_stack(parts: dict[str, str]) -> None:
    """Add the stack of functions that call themselves, and how it is compiled."""
    parts.update((line, line) for line in STACK_IMPORTS)
    plain = [inspect.getsource(word) for word in STACK]
    compiled = inspect.getsource(stack).partition("\nFIRST_SLOTS")
    text = compiled[1].strip() + compiled[2].replace("words.", "")
    parts["stack"] = "\n\n".join([*plain, text])


def _define_opaque(name: str, parts: dict[str, str]) -> None:
    """Add the function whose result LLVM knows nothing about, and how it is compiled."""
    parts.update((line, line) for line in OPAQUE_IMPORTS)
    text = inspect.getsource(opacity).partition("\n\n\n")[2]
    parts[name] = re.sub(r"\bopaque\b", name, text)


def _define_function(name: str, value: Any, parts: dict[str, str]) -> None:
    """Add a function of the run-time library and all that it calls."""
    decorator = "@register_jitable"
    function = value
    if isinstance(value, Dispatcher):
        function = value.py_func
        fastmath = value.targetoptions.get("fastmath", False)
        decorator = f'@numba.njit(error_model="numpy", fastmath={fastmath!r})'
    parts[name] = ""
    for used in function.__code__.co_names:
        if used in function.__globals__ and used not in IMPORTED:
            _define(used, function.__globals__[used], parts)
    # The decorators of ours, and annotations that name types of ours, stay behind.
    source = re.sub(r"\A.*?^def \w+", f"def {name}", inspect.getsource(function), flags=re.S | re.M)
    source = re.sub(r"(: Any|: float|: int| -> Any| -> float| -> int)(?=[,):])", "", source)
    del parts[name]
    parts[name] = f"{decorator}\n{source}"
