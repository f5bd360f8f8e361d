"""What is kept on disk: machine code, and whole specialisations under the caller's front key.

A file is found by content, never by time: its name is a hash of everything that its payload
depends on, so that nothing in it can be stale. One key is one file, written beside its place and
moved there, so that processes that write at once, or die in mid-write, leave a whole file or none.
Payloads are pickles: they are read only from directories and files that belong to us and that
nobody else may write. Where that cannot be had, the cache is off, without a word.
"""

import contextlib
import functools
import hashlib
import os
import pickle
import platform
import stat
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import BuiltinFunctionType, ModuleType
from typing import Any

import llvmlite
import numba
import numpy as np
import platformdirs
from numba.core import config

from srcdiff import runtime

try:
    from numba.core.compiler import CompileResult
    from numba.core.runtime.nrt import rtsys
    from numba.core.serialize import dumps
    from numba.core.sigutils import normalize_signature

    _HAS_PRIVATE_API = hasattr(CompileResult, "_reduce") and hasattr(CompileResult, "_rebuild")
except ImportError:
    _HAS_PRIVATE_API = False

_MAGIC = b"srcdiff1"
_DIGEST_SIZE = hashlib.sha256().digest_size

# The settings of Numba that change the code it makes and are in none of its own keys.
_NUMBA_SETTINGS = (
    "OPT",
    "LOOP_VECTORIZE",
    "SLP_VECTORIZE",
    "BOUNDSCHECK",
    "DEBUGINFO_DEFAULT",
    "DEBUG_NRT",
    "LLVM_REFPRUNE_PASS",
    "LLVM_REFPRUNE_FLAGS",
)

_VERSIONS = (
    numba.__version__,
    llvmlite.__version__,
    np.__version__,
    sys.version,
    sys.platform,
    platform.machine(),
)


def lookup(key: str) -> bytes | None:
    """Return what was stored under `key` by this version of srcdiff in an equal environment."""
    return _read("front", _hash("front", key, _sources("")))


def store(key: str, payload: bytes) -> None:
    """Keep `payload` under `key`; do nothing where the disk cannot be written."""
    _write("front", _hash("front", key, _sources("")), payload)


def uses_stock_cache() -> bool:
    """Say whether machine code goes through Numba's own cache instead of ours."""
    return not _HAS_PRIVATE_API or os.environ.get("SRCDIFF_STOCK_CACHE") == "1"


class MachineCode:
    """The cache of one dispatcher, in place of Numba's: one file for each signature.

    `digest` stands for everything the code depends on but environment, CPU and signature. Numba's
    own cache refreshes the target on each hit, which imports 200 modules and costs 0.4 s.
    """

    def __init__(self, digest: str) -> None:
        self._digest = digest

    @property
    def cache_path(self) -> str:
        """Return where the files are, for `dispatcher.stats`."""
        return str(_directory("machine") or "")

    def load_overload(self, signature: Any, target_context: Any) -> Any:
        """Return the compile result for `signature`, or None."""
        # Loaded code calls the run-time system; without this it crashes.
        rtsys.initialize(target_context)
        payload = _read("machine", self._key(signature, target_context))
        if payload is None:
            return None
        try:
            return CompileResult._rebuild(target_context, *pickle.loads(payload))
        except Exception:  # whatever a pickle of another installation raises is a miss
            return None

    def save_overload(self, signature: Any, result: Any) -> None:
        """Keep a compile result, unless it holds addresses of this process."""
        if result.lifted or result.library.has_dynamic_globals:
            return
        try:
            # What `inspect_types` would print takes as long to write as all else.
            payload = dumps(result._replace(type_annotation="")._reduce())
        except Exception:  # what cannot be pickled is compiled anew next time
            return
        _write("machine", self._key(signature, result.target_context), payload)

    def _key(self, signature: Any, target_context: Any) -> str:
        args, result = normalize_signature(signature)
        return _hash(
            self._digest,
            tuple(map(str, args)),
            str(result),
            target_context.codegen().magic_tuple(),
        )


def stock_file(text: str, digest: str) -> Path | None:
    """Write `text` to a module file beside which Numba's own cache may put its files."""
    directory = _directory("stock")
    if directory is None:
        return None
    path = directory / f"srcdiff_{_hash(digest)[:32]}.py"
    if _read_own(path) == text.encode() or _replace(path, text.encode()):
        return path
    return None


def digest_of(text: str, namespace: Mapping[str, object], *others: object) -> str:
    """Return a digest of a generated text, the names it may use and `others` (by their repr).

    It is empty if the namespace holds something whose content cannot be told.
    """
    described = {name: _describe(value) for name, value in namespace.items()}
    if any(description is None for description in described.values()):
        return ""
    return _hash(text, sorted(described.items()), *others)


def _describe(value: object) -> str | None:
    """Return a text that is equal in another process if and only if `value` is."""
    match value:
        case None | bool() | int() | float() | complex() | str() | np.generic():
            return f"{type(value).__name__} {value!r}"
        case tuple():
            parts = [_describe(item) for item in value]
            return None if None in parts else f"({', '.join(map(str, parts))})"
        case np.ndarray() if not value.dtype.hasobject:
            content = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
            return f"array {value.dtype.str} {value.shape} {value.strides} {content}"
        case ModuleType() if value.__name__.partition(".")[0] in ("math", "numpy", "srcdiff"):
            return f"module {value.__name__}"
        case np.ufunc():
            name = str(value.__name__)
            return f"ufunc {name}" if getattr(np, name, None) is value else None
        case type():
            return f"type {value.__module__}.{value.__qualname__}"
        case BuiltinFunctionType():
            module: object = value.__module__
            return f"{module}.{value.__qualname__}"
        case _:
            names = [name for name, member in runtime.NAMES.items() if member is value]
            return f"runtime {names[0]}" if names else None


def _hash(*parts: object) -> str:
    # Machine code depends on generated text, what that calls, and what wrote the file.
    ours = _sources("runtime"), _sources("backend")
    settings = [(name, getattr(config, name, None)) for name in _NUMBA_SETTINGS]
    return hashlib.sha256(repr((_VERSIONS, ours, settings, parts)).encode()).hexdigest()


@functools.cache
def _sources(folder: str) -> str:
    """Return a digest of the source in a folder of srcdiff: a version that never lags behind."""
    package = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted((package / folder).rglob("*.py")):
        source = path.read_bytes()
        digest.update(f"{path.relative_to(package)} {len(source)}\n".encode() + source)
    return digest.hexdigest()


def _directory(kind: str) -> Path | None:
    """Return the directory for `kind`, made if need be, or None if it is not ours alone."""
    default = platformdirs.user_cache_dir("srcdiff", appauthor=False)
    root = Path(os.environ.get("SRCDIFF_CACHE_DIR") or default)
    try:
        root.mkdir(0o700, parents=True, exist_ok=True)
        (root / kind).mkdir(0o700, exist_ok=True)
        # The root may be a link that the user has set; what is inside may not.
        trusted = _is_ours(root.stat()) and _is_ours((root / kind).lstat())
        return root / kind if trusted else None
    except OSError:
        return None


def _is_ours(status: os.stat_result) -> bool:
    if sys.platform == "win32":  # the directory is in the user's profile, which has its own ACL
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _read(kind: str, name: str) -> bytes | None:
    directory = _directory(kind)
    data = directory and _read_own(directory / name)
    start = len(_MAGIC) + _DIGEST_SIZE
    if not data or not data.startswith(_MAGIC):
        return None
    payload = data[start:]
    return payload if data[len(_MAGIC) : start] == _checksum(name, payload) else None


def _write(kind: str, name: str, payload: bytes) -> None:
    directory = _directory(kind)
    if directory is not None:
        _replace(directory / name, _MAGIC + _checksum(name, payload) + payload)


def _checksum(name: str, payload: bytes) -> bytes:
    # The name is in it, so that a file put in the place of another is not taken for it.
    return hashlib.sha256(name.encode() + payload).digest()


def _read_own(path: Path) -> bytes | None:
    try:
        flags = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        descriptor = os.open(path, os.O_RDONLY | flags)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            return file.read() if stat.S_ISREG(status.st_mode) and _is_ours(status) else None
    except OSError:
        return None


def _replace(path: Path, data: bytes) -> bool:
    """Put `data` at `path`, whole or not at all."""
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    except OSError:
        return False
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        return False
    return True
