"""Generated text compiled by Numba."""

import ctypes
import linecache
import re
import sys
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import cache as once
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numba
from numba.core import errors

from srcdiff import collector
from srcdiff.backend import cache as disk
from srcdiff.backend.python import functions_beside, load
from srcdiff.errors import CompilationError, Span
from srcdiff.runtime import vecmath

_SCALAR: dict[int, object] = {id(ours): plain for ours, plain in vecmath.SCALAR.items()}
"""What stands for our elementary functions where the machine lacks what makes them fast."""


LARGEST = 2**26
"""Bytes: what is larger comes fresh from the system at each call."""
KEPT = 2**27

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Parameters of glibc's `mallopt`."""


@once
def keep_heap() -> None:
    """Let the C library keep memory that is freed, up to 128 MiB, for the next call.

    A derivative makes large arrays at each call, and pages that come fresh from the system cost
    more than what is written into them. Other libraries than glibc do as they do.
    """
    if sys.platform == "linux" and hasattr(ctypes.CDLL(None), "mallopt"):
        library = ctypes.CDLL(None)
        library.mallopt(M_MMAP_THRESHOLD, LARGEST)
        library.mallopt(M_TRIM_THRESHOLD, KEPT)


def compile_function(
    text: str,
    name: str,
    namespace: Mapping[str, object],
    filename: str,
    *,
    fastmath: bool | set[str] = False,
    boundscheck: bool = False,
    cache: bool = True,
    digest: str = "",
) -> Any:
    """Return a Numba dispatcher for the function `name` of a generated text.

    It compiles on first use, once for each signature. `digest` stands for what `namespace` holds,
    where that is more than numbers, arrays, modules, NumPy's functions and ours; without it, such
    a function is not cached. What Numba refuses is raised as `CompilationError`.
    """
    keep_heap()
    flags = sorted(fastmath) if isinstance(fastmath, set) else fastmath
    identity = disk.digest_of(text, {} if digest else namespace, name, flags, boundscheck, digest)
    stock = disk.uses_stock_cache()
    path = disk.stock_file(text, identity) if stock and cache and identity else None
    options: dict[str, Any] = {
        "error_model": "numpy",
        "nogil": True,
        "no_cfunc_wrapper": True,
        "fastmath": fastmath,
        "boundscheck": boundscheck,
    }
    if not vecmath.available():
        namespace = {key: _SCALAR.get(id(value), value) for key, value in namespace.items()}
    function = _function(text, name, namespace, filename, path, identity)
    dispatcher: Any = numba.njit(cache=path is not None, **options)(function)
    others = [numba.njit(**options)(other) for other in functions_beside(function)]
    function.__globals__.update((other.__name__, other) for other in others)
    if cache and identity and not stock:
        dispatcher._cache = disk.MachineCode(identity)
    _prepare([dispatcher, *others])
    dispatcher.srcdiff_identity = identity
    return dispatcher


def _function(
    text: str,
    name: str,
    namespace: Mapping[str, object],
    filename: str,
    path: Path | None,
    identity: str,
) -> FunctionType:
    if path is None:
        function = load(text, name, namespace, filename)
    else:
        # Numba imports the module when it loads the code; there is nothing on sys.path to import.
        module = ModuleType(path.stem)
        sys.modules[module.__name__] = module
        names = {**namespace, "__name__": module.__name__, "__file__": str(path)}
        function = load(text, name, names, str(path))
    # Cached machine code has the symbols of the process that made it; they must not be those of
    # another function in this one.
    function.__qualname__ = f"{name}_{identity[:16] or uuid.uuid4().hex}"
    return function


def _prepare(dispatchers: list[Any]) -> None:
    """Let functions be compiled by `backend.compiler`, and translate the errors of the first."""
    dispatcher = dispatchers[0]
    compiler = dispatcher._compiler
    numba_compile = compiler.compile

    def compile(args: tuple[Any, ...], return_type: Any) -> Any:
        with collector.put_off():
            # Machine code that comes from the cache needs none of this.
            from srcdiff.backend.compiler import use

            for each in dispatchers:
                use(each)
            try:
                return numba_compile(args, return_type)
            except errors.ForceLiteralArg:  # a question of Numba to itself
                raise
            except errors.NumbaError as error:
                raise _compilation_error(error, dispatcher.py_func) from error

    compiler.compile = compile


def _compilation_error(error: Any, function: Any) -> CompilationError:
    file = function.__code__.co_filename
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).strip()
    found = re.search(rf'File "{re.escape(file)}", line (\d+)', text)
    line = int(found[1]) if found else getattr(error.loc, "line", function.__code__.co_firstlineno)
    reason = text.partition("\n\nFile ")[0]
    source = linecache.getline(file, line).rstrip("\n")
    indent = len(source) - len(source.lstrip())
    return CompilationError(
        f"Numba cannot compile the generated function {function.__name__}: {reason}",
        Span(file, line, indent, len(source), source),
        "Please report this with the differentiated function; jit=False runs it without Numba.",
    )


def dispatch(parameters: Sequence[str], specialise: Callable[[tuple[Any, ...]], Any]) -> Any:
    """Return a dispatcher that asks `specialise` for the dispatcher of each new signature.

    Numba's own C code finds the specialisation by the exact types of the arguments, in a tenth of
    a microsecond; in Python a table of types costs three to five times that. `specialise` gets
    Numba types, in the order of `parameters`.
    """
    text = f"def call({', '.join(parameters)}): pass"
    dispatcher: Any = numba.njit(load(text, "call", {}, "<srcdiff dispatch>"))

    def compile(args: tuple[Any, ...], return_type: Any) -> Any:
        specialised = specialise(args)
        specialised.compile(args)
        # Numba writes its timings into the metadata, and does not want to find any there.
        return specialised.overloads[args]._replace(metadata=None)

    dispatcher._compiler.compile = compile
    return dispatcher
