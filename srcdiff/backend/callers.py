"""Our objects called from the user's own compiled code, and from what Numba has cached of it.

Numba knows nothing of what a compiled caller of ours depends on: its cache keys hold the caller's
bytecode and closure, not the global objects it calls. So a call of a derivative leaves a `Guard`
in the caller: an environment, which Numba pickles with the machine code of every library that the
call is linked into, callers of callers included. When Numba loads such code, the guard finds the
derivative as it is now and compares identities. If they differ it raises an OSError, which Numba's
cache takes for a missing file: it compiles anew and replaces the entry.
"""

import hashlib
import inspect
import itertools
import pickle
import sys
import uuid
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, TypeAlias

from numba.core import types
from numba.core.compiler import CompileResult
from numba.core.environment import Environment
from numba.core.imputils import lower_constant, user_function
from numba.core.registry import cpu_target
from numba.extending import NativeValue, models, register_model, typeof_impl, unbox

Types: TypeAlias = tuple[Any, ...]
Place: TypeAlias = tuple[str, str]
Resolve: TypeAlias = Callable[[Any, Types], Any]

_CAN_GUARD = hasattr(Environment, "_memo") and hasattr(
    CompileResult, "_find_referenced_environments"
)


def register_callable(cls: type, resolve: Resolve) -> None:
    """Make instances of `cls` callable in `@numba.njit` functions, as globals and as arguments.

    `resolve` gives the dispatcher, made by `compile_function`, for an instance and the Numba types
    of its arguments. It is asked while Numba types a caller, and while it loads a cached one: it
    must not wait for a lock that another thread may hold while that thread compiles. Instances
    have to be hashed by identity and weakly referenceable; pickling serves the cache.
    """
    _RESOLVERS[cls] = resolve
    typeof_impl.register(cls)(lambda value, context: _type_of(value))


_RESOLVERS: dict[type, Resolve] = {}
_TYPES: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
_NUMBERS = itertools.count()
_ENVIRONMENTS: list[Any] = []


class CallableType(types.Callable, types.Dummy):
    """The Numba type of one instance of a registered class."""

    def __init__(self, content: str, number: int) -> None:
        self.content = content
        self.instance: Callable[[], Any] = lambda: None
        self.dispatchers: dict[Types, Any] = {}
        super().__init__(f"srcdiff({content}.{number})")

    def __reduce__(self) -> tuple[Any, ...]:
        return stored_type, (self.content,)

    def get_call_type(self, context: Any, args: Types, kws: Mapping[str, Any]) -> Any:
        """Specialise for these argument types, and return the signature."""
        args = tuple(map(_without_literal, args))
        kws = {name: _without_literal(kind) for name, kind in kws.items()}
        instance = self.instance()
        dispatcher = _resolve(instance, _positional(instance, args, kws))
        signature: Any = types.Dispatcher(dispatcher).get_call_type(context, args, kws)
        self.dispatchers[signature.args] = dispatcher
        return signature

    def get_call_signatures(self) -> tuple[tuple[()], bool]:
        """Return no signatures: they are made when asked for."""
        return (), False

    def get_impl_key(self, signature: Any) -> str:
        """Return the key of an implementation that calls the dispatcher and leaves a guard."""
        dispatcher = self.dispatchers[signature.args]
        guard = Guard((), None, signature.args, dispatcher.srcdiff_identity, self.instance)
        key = f"srcdiff call {uuid.uuid4().hex}"
        call = _guarded_call(dispatcher.overloads[signature.args], guard)
        cpu_target.target_context.insert_func_defn([(call, key, signature.args)])
        return key


register_model(CallableType)(models.OpaqueModel)
lower_constant(CallableType)(lambda context, builder, kind, value: context.get_dummy_value())
unbox(CallableType)(lambda kind, value, c: NativeValue(c.context.get_dummy_value()))


def _type_of(instance: Any) -> Any:
    kind = _TYPES.get(instance)
    if kind is None:
        # In one process two instances never have one type: what is equal when pickled by name
        # may have been redefined between.
        kind = CallableType(_content(instance), next(_NUMBERS))
        kind.instance = weakref.ref(instance)
        _TYPES[instance] = kind
    return kind


def stored_type(content: str) -> Any:
    """Return the type that the index of a cached caller holds: that of an equal instance, if any.

    Indices that exist refer to this function by its name and argument, so it never fails.
    """
    for instance, kind in list(_TYPES.items()):
        if content and content == kind.content == _content(instance):
            return kind
    return CallableType(content, -1)


def _content(instance: Any) -> str:
    pickled = _pickled(instance)
    return hashlib.sha256(pickled).hexdigest()[:32] if pickled else ""


def _without_literal(kind: Any) -> Any:
    return types.unliteral(kind) if isinstance(kind, types.IntegerLiteral) else kind


def _positional(instance: Any, args: Types, kws: dict[str, Any]) -> Types:
    if not kws:
        return args
    bound = inspect.signature(instance).bind(*args, **kws)
    given = set(bound.arguments)
    bound.apply_defaults()
    return tuple(
        kind if name in given else types.Omitted(kind) for name, kind in bound.arguments.items()
    )


def _resolve(instance: Any, args: Types) -> Any:
    return _RESOLVERS[type(instance)](instance, args)


def _pickled(instance: Any) -> bytes | None:
    try:
        return pickle.dumps(instance)
    except Exception:  # a lambda, a local function; pickle raises almost anything
        return None


def _guarded_call(result: Any, guard: "Guard") -> Any:
    call = user_function(result.fndesc, [result.library])

    def guarded(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        guard.leave(context, builder)
        return call(context, builder, signature, args)

    guarded.__dict__.update(signature=call.signature, libs=call.libs)
    return guarded


class StaleCode(OSError):
    """Cached machine code calls a derivative that has changed; Numba compiles anew."""


@dataclass(frozen=True, eq=False)
class Guard:
    """What cached machine code that calls a derivative checks when it is loaded.

    `places` are the module variables that hold the derivative, `pickled` is it by the name of its
    function: one of them is how the caller came by it.
    """

    places: tuple[Place, ...]
    pickled: bytes | None
    args: Types
    identity: str
    instance: Callable[[], Any]

    def leave(self, context: Any, builder: Any) -> None:
        """Put this guard into the code being built, or keep that from being cached."""
        if not _CAN_GUARD:
            context.declare_env_global(builder.module, "numba.dynamic.globals.srcdiff")
            return
        environment = Environment({"__name__": __name__})
        environment.env_name = f"_ZN08NumbaEnv_srcdiff_guard_{uuid.uuid4().hex}"
        environment.consts.append(self)
        Environment._memo[environment.env_name] = environment
        _ENVIRONMENTS.append(environment)
        context.declare_env_global(builder.module, environment.env_name)

    def __reduce__(self) -> tuple[Any, ...]:
        instance = self.instance()
        places, pickled = self.places, self.pickled
        if instance is not None:
            places, pickled = _places(instance), _pickled(instance)
        return check_guard, (places, pickled, self.args, self.identity)


def check_guard(
    places: tuple[Place, ...], pickled: bytes | None, args: Types, identity: str
) -> Guard:
    """Return the guard that was pickled, or raise `StaleCode`.

    Caches that exist refer to this function by its name and arguments.
    """
    try:
        candidates = _candidates(places, pickled)
        now = [_resolve(candidate, args).srcdiff_identity for candidate in candidates]
    except Exception as error:  # what cannot be found or differentiated any more has changed
        raise StaleCode(str(error)) from error
    if not identity or set(now) != {identity}:
        raise StaleCode("a derivative that the cached code calls has changed")
    return Guard(places, pickled, args, identity, lambda: None)


def _places(instance: Any) -> tuple[Place, ...]:
    modules = [module for module in list(sys.modules.values()) if type(module) is ModuleType]
    return tuple(
        (module.__name__, name)
        for module in modules
        for name, value in list(vars(module).items())
        if value is instance
    )


def _candidates(places: tuple[Place, ...], pickled: bytes | None) -> list[Any]:
    """Return what the caller may call now: what its places hold, and what unpickles.

    A place that is gone was not the caller's, or the caller could not be compiled either.
    """
    modules = [(sys.modules.get(module), name) for module, name in places]
    found = [getattr(module, name) for module, name in modules if hasattr(module, name)]
    if pickled is not None and pickled not in map(_pickled, found):
        found.append(pickle.loads(pickled))
    return found
