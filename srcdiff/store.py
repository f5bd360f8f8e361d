"""Recipes on disk, so that a second process runs none of the passes.

The key is the source of the function, the argument types and the plan. What a recipe depends on
besides, the functions that were inlined and the constants that were frozen, is known only after
lowering: it is kept beside the recipe as the reads of the surroundings in order, which a second
process repeats and compares before it takes the recipe.
"""

import builtins
import dataclasses
import hashlib
import importlib
import pickle
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from types import BuiltinFunctionType, CellType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
from numba.core.dispatcher import Dispatcher

from srcdiff.arguments import Form, kind_of
from srcdiff.backend.cache import lookup, store
from srcdiff.errors import SrcdiffError
from srcdiff.frontend.context import Captured, Read
from srcdiff.frontend.records import is_generated
from srcdiff.frontend.source import find_source, fingerprint
from srcdiff.frontend.target import NumpyFunction
from srcdiff.lending import LentRecipe
from srcdiff.rules.custom import custom_rule
from srcdiff.runtime import NAMES
from srcdiff.specialise import Made, Recipe
from srcdiff.surroundings import LIBRARIES, Surroundings
from srcdiff.trees import classes

CONSTANTS = (type(None), bool, int, float, str, bytes)


class NotStorable(Exception):
    """Something whose content cannot be compared with that in another process."""


@dataclass(frozen=True)
class Step:
    """A read: `how` and `source` say of what, `content` what was found."""

    how: str
    source: int
    name: str
    content: str


def key_of(function: FunctionType, form: Form, plan: str) -> str | None:
    """Return the key for a function and what else is known before lowering, if there can be one."""
    try:
        kinds = [_content(kind) for kind in classes(form.tree)]
        return repr((_source_digest(function), form, kinds, plan))
    except (NotStorable, SrcdiffError):
        return None


def load(key: str, function: FunctionType) -> tuple[Recipe, Surroundings] | None:
    """Return what was kept under `key`, if everything it depends on is still the same."""
    payload = lookup(key)
    if payload is None:
        return None
    try:
        steps, live, packed = pickle.loads(payload)
        reads = _repeat(steps, function)
        packed["globals"] = _unpacked(packed["globals"])
        packed["lent"] = _with_globals(packed["lent"], _unpacked)
        recipe = Recipe(**packed)
    except Exception:  # whatever an object that has changed raises is a miss
        return None
    captured = [_captured(reads[k]) for k in live]
    return recipe, Surroundings(reads, captured)


def save(key: str, function: FunctionType, made: Made) -> None:
    """Keep a recipe, unless what it depends on cannot be compared."""
    try:
        steps, reads = _record(function, made)
        live = [_read_of(each, reads) for each in made.lowered.captured]
        recipe = {each.name: getattr(made.recipe, each.name) for each in fields(Recipe)}
        if recipe["fixed"]:
            raise NotStorable
        recipe["globals"] = _packed(made.recipe.globals)
        recipe["lent"] = _with_globals(made.recipe.lent, _packed)
        payload = pickle.dumps((steps, live, recipe))
    except (NotStorable, pickle.PicklingError, AttributeError, TypeError):
        return
    store(key, payload)


def _with_globals(lent: LentRecipe | None, change: Callable[[Any], Any]) -> LentRecipe | None:
    """Return a recipe, if there is one, whose globals are packed, or unpacked."""
    if lent is None:
        return None
    return replace(lent, globals=change(lent.globals), buffers_globals=change(lent.buffers_globals))


def _captured(read: Read) -> Captured:
    return Captured(read.name, read.value, None)  # type: ignore[arg-type]


def _read_of(captured: Captured, reads: list[Read]) -> int:
    for k, read in enumerate(reads):
        if read.value is captured.array:
            return k
    raise NotStorable


# ---- recording and repeating reads ----


def _record(function: FunctionType, made: Made) -> tuple[list[Step], list[Read]]:
    """Return the reads that lowering made, as steps from `function`."""
    steps: list[Step] = []
    reads: list[Read] = []
    functions = [function]
    seen: set[tuple[int, str]] = set()
    for read in made.lowered.reads:
        if (id(read.owner), read.name) in seen:
            continue
        seen.add((id(read.owner), read.name))
        how, source, name = _origin(read, functions, reads)
        steps.append(Step(how, source, name, _content(read.value)))
        reads.append(read)
        functions += _inlined(read.value)
    for inlined in (source.function for source in made.lowered.sources):
        ours = inlined.__module__.partition(".")[0] == "srcdiff"
        if inlined not in functions and not ours:
            raise NotStorable
    return steps, reads


def _origin(read: Read, functions: list[FunctionType], reads: list[Read]) -> tuple[str, int, str]:
    if read.owner is vars(builtins):
        return "builtin", 0, read.name
    for k, function in enumerate(functions):
        if read.owner is function.__globals__:
            return "global", k, read.name
        if isinstance(read.owner, CellType):
            for name, cell in _cells(function):
                if cell is read.owner:
                    return "cell", k, name
    for k, earlier in enumerate(reads):
        if earlier.value is read.owner:
            return "attribute", k, read.name
    if isinstance(read.owner, type):
        _content(read.owner)
        return "class", 0, f"{read.owner.__module__}:{read.owner.__qualname__}:{read.name}"
    raise NotStorable


def _cells(function: FunctionType) -> list[tuple[str, CellType]]:
    return list(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))


def _repeat(steps: list[Step], function: FunctionType) -> list[Read]:
    """Make the reads again; raise if one finds something else."""
    reads: list[Read] = []
    functions = [function]
    for step in steps:
        read = _again(step, functions, reads)
        if _content(read.value) != step.content:
            raise NotStorable
        reads.append(read)
        functions += _inlined(read.value)
    for step in steps:
        shadowed = any(step.name in each.__globals__ for each in functions)
        if step.how == "builtin" and shadowed:
            raise NotStorable
    return reads


def _again(step: Step, functions: list[FunctionType], reads: list[Read]) -> Read:
    match step.how:
        case "builtin":
            return Read(vars(builtins), step.name, vars(builtins)[step.name])
        case "global":
            owner = functions[step.source].__globals__
            return Read(owner, step.name, owner[step.name])
        case "cell":
            cell = dict(_cells(functions[step.source]))[step.name]
            return Read(cell, "cell_contents", cell.cell_contents)
        case "class":
            module, qualname, name = step.name.split(":")
            importlib.import_module(module)
            found = _named(module, qualname)
            return Read(found, name, getattr(found, name))
    owner = reads[step.source].value
    return Read(owner, step.name, getattr(owner, step.name))


def _inlined(value: Any) -> list[FunctionType]:
    inner = value
    match value:
        case Dispatcher():
            inner = value.py_func
        case property():
            inner = value.fget
        case MethodType():
            inner = value.__func__
    return [inner] if isinstance(inner, FunctionType) else []


# ---- contents ----


def _content(value: Any) -> str:
    """Return a text that is equal in another process if and only if `value` is."""
    if custom_rule(value) is not None:
        raise NotStorable
    match value:
        case None | bool() | int() | float() | str() | bytes() if type(value) in CONSTANTS:
            return f"{type(value).__name__} {value!r}"
        case np.generic():
            return f"{type(value).__name__} {value!r}"
        case tuple() if type(value) is tuple:
            return f"({', '.join(map(_content, value))})"
        case np.ndarray():
            return f"array {kind_of(value)!r}"
        case ModuleType():
            return f"module {value.__name__}"
        case np.ufunc():
            return f"ufunc {value.__name__}"
        case Dispatcher():
            return f"njit {_content(value.py_func)}"
        case FunctionType() if value.__module__.partition(".")[0] not in ("numpy", "srcdiff"):
            return f"function {_source_digest(value)}"
        case property():
            return f"property {_content(value.fget)}"
        case MethodType() if isinstance(value.__self__, type):
            return f"classmethod {_content(value.__self__)} {_content(value.__func__)}"
        case type():
            return _class_content(value)
        case FunctionType() | BuiltinFunctionType() | NumpyFunction():
            return f"{value.__module__}.{value.__qualname__}"
    raise NotStorable


def _class_content(kind: type) -> str:
    """Return a text for a class that its name finds: what it has, and the defaults of its fields.

    What is used of it is among the reads; what it has besides decides that nothing else is used.
    """
    if _named(kind.__module__, kind.__qualname__) is not kind:
        raise NotStorable
    bases = [base for base in kind.__mro__ if base.__module__ not in LIBRARIES]
    parts = [
        (base.__qualname__, name, type(value).__name__, is_generated(value))
        for base in bases
        for name, value in sorted(vars(base).items())
    ]
    fields = getattr(kind, "__dataclass_fields__", {}).values()
    defaults = [(each.name, each.init, _default(each)) for each in fields]
    named = [(name, _content(each)) for name, each in getattr(kind, "_field_defaults", {}).items()]
    digest = hashlib.sha256(repr((parts, defaults, named)).encode()).hexdigest()
    return f"{kind.__module__}.{kind.__qualname__} {digest if bases else ''}"


def _default(field: Any) -> str:
    if field.default_factory is not dataclasses.MISSING:
        return _content(field.default_factory)
    return "" if field.default is dataclasses.MISSING else _content(field.default)


def _named(module: str, qualname: str) -> Any:
    """Return what a loaded module calls by a name; a class inside a function has none."""
    found: Any = sys.modules.get(module)
    for part in qualname.split("."):
        found = getattr(found, part, None)
    return found


def _source_digest(function: FunctionType) -> str:
    """Return a digest of a function's code, defaults and place, which the text quotes."""
    source = find_source(function)
    node = source.node
    lines = source.lines[node.lineno - 1 : node.end_lineno]
    defaults = (function.__defaults__ or (), sorted((function.__kwdefaults__ or {}).items()))
    parts = (
        fingerprint(function),
        source.file,
        source.path,
        node.lineno,
        lines,
        [_content(value) for value in defaults[0]],
        [(name, _content(value)) for name, value in defaults[1]],
    )
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _packed(namespace: dict[str, object]) -> dict[str, tuple[str, object]]:
    """Name what a pickle would not bring back as the same object: modules, compiled functions."""
    ours = {id(value): name for name, value in NAMES.items()}
    packed: dict[str, tuple[str, object]] = {}
    for name, value in namespace.items():
        if isinstance(value, ModuleType):
            packed[name] = ("module", value.__name__)
        elif id(value) in ours:
            packed[name] = ("runtime", ours[id(value)])
        elif isinstance(value, Dispatcher):
            raise NotStorable
        else:
            packed[name] = ("object", value)
    return packed


def _unpacked(namespace: dict[str, tuple[str, object]]) -> dict[str, object]:
    find: dict[str, Callable[[Any], object]] = {
        "module": importlib.import_module,
        "runtime": NAMES.__getitem__,
        "object": lambda value: value,
    }
    return {name: find[kind](value) for name, (kind, value) in namespace.items()}
