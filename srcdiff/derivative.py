"""The class of all derivatives: callable, and a window on the generated code."""

import functools
import inspect
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any
from weakref import WeakSet, WeakValueDictionary

import numpy as np
from numba.core.types import Omitted, int64

from srcdiff.arguments import Elements, Form, form_of
from srcdiff.backend.callers import register_callable
from srcdiff.backend.numba import dispatch
from srcdiff.callee import callee
from srcdiff.collector import put_off
from srcdiff.errors import (
    BoundsError,
    ShapeError,
    SrcdiffError,
    TypeInferenceError,
    UnknownFunction,
)
from srcdiff.export import write_module
from srcdiff.front import Front, NotDirect, fit, is_direct, same_watched, strict
from srcdiff.lending import LentRecipe
from srcdiff.options import Options
from srcdiff.products import Argnums, Product, Transform
from srcdiff.signatures import form_of_types, types_of
from srcdiff.specialisation import Specialisation
from srcdiff.specialise import Made, lending, make
from srcdiff.store import key_of, load, save
from srcdiff.subject import Subject, subject_of
from srcdiff.trees import LEAF

if TYPE_CHECKING:
    from srcdiff.explain import Explanation

MOST_VARIANTS = 8
"""How many specialisations are kept that differ only in what surrounds the function."""

SEED_NAMES = {"cotangents": "out_bar", "tangents": "tangents"}


@dataclass(frozen=True)
class Plan:
    """What a derivative computes, whatever the function."""

    product: Product
    argnums: Argnums
    has_aux: bool
    options: Options

    def describe(self) -> str:
        """Return a text that is the same in every process."""
        return repr((self.product, self.argnums, self.has_aux, self.options.describe()))


# What the long way answers, or raises with the user's line.
AGAIN = (NotDirect, OverflowError, ShapeError, BoundsError)


class Derivative:
    """A derivative of a function, specialised to the types of the arguments when it is called.

    Can be called from `@numba.njit` functions, too. `grad` and the like make it.
    """

    is_derivative = True

    def __init__(self, subject: Subject, plan: Plan) -> None:
        self._subject = subject
        self._plan = plan
        # Reading and writing a dict is atomic; there is no lock that a fork could leave closed.
        self._variants: dict[Form, tuple[Specialisation, ...]] = {}
        self._fronts: dict[tuple[type, ...], Front | None] = {}
        self._callees: dict[Any, Any] = {}
        self._latest: Specialisation | None = None
        _LIVE.add(self)
        functools.update_wrapper(self, subject.f, updated=())
        if plan.product.seeded:
            self.__signature__ = _with_seed(subject.f, SEED_NAMES[plan.product.seeds])

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        # Every name that is looked up here counts: a call may cost a microsecond.
        front = None if kwargs else self._fronts.get(tuple(map(type, args)))
        if front is None:
            return self._call(args, kwargs)
        call, arrays, watched, finish, like = front
        if like and args[0].shape != args[like].shape:
            return self._call(args, kwargs)
        for k in arrays:
            if 1 in args[k].shape:
                return self._call(args, kwargs)
        for get, name, value in watched:
            if get(name, None) is not value:
                return self._call(args, kwargs)
        try:
            result = call(*args)
        except AGAIN:
            return self._call(args, kwargs)
        return result if finish is None else finish(result)

    def forget(self) -> None:
        """Specialise anew from now on."""
        self._variants, self._fronts, self._callees, self._latest = {}, {}, {}, None

    def __repr__(self) -> str:
        return f"<{self._plan.product.name} of {self._subject.name}>"

    def __reduce__(self) -> Any:
        if _is_global(self):
            return getattr(self, "__qualname__")  # noqa: B009
        return remake, (self._subject.f, self._plan)

    @property
    def transform(self) -> Transform:
        """What is derived, as other derivatives need to know it."""
        plan = self._plan
        outputs = plan.options.outputs
        return Transform(plan.product, self._subject.f, plan.argnums, plan.has_aux, outputs)

    @property
    def primal(self) -> Any:
        """The function that is differentiated."""
        return self._subject.f

    @property
    def signatures(self) -> list[str]:
        """The argument types that are compiled, as Numba writes them."""
        compiled = [each for found in self._variants.values() for each in found if each.compiled]
        texts = (
            ", ".join(map(str, signature))
            for each in compiled
            for signature in each.function.signatures
        )
        return list(dict.fromkeys(texts))

    def source(self, *example: Any, stage: str = "readable") -> str:
        """Return the generated text for example arguments, a signature, or the latest call."""
        if stage not in ("readable", "compiled"):
            message = f"There is no stage {stage!r}."
            raise TypeInferenceError(message, hint="Give 'readable' or 'compiled'.")
        return self._example(example).recipe.text

    def stages(self, *example: Any) -> dict[str, str]:
        """Return the text after each pass, by the name of the pass."""
        form = self._form(example)
        return self._make(form).stages.texts()

    def compile(self, signature: object) -> None:
        """Compile for a signature: `"float64[::1], float64"`, or a tuple of Numba types."""
        types = types_of(signature)
        first = self._seed_count()
        found = self._find(form_of_types(types[first:]))
        if found.compiled:
            found.function.compile(types)

    def export(self, path: Any, *signature: Any, stage: str = "readable") -> None:
        """Write the derivative for a signature to a file that needs only NumPy and Numba."""
        write_module(path, self._example(signature).recipe)

    def workspace(self, *args: Any) -> tuple[Any, ...]:
        """Return new arrays to pass as `work=` with arguments of the same types and shapes.

        A call with `out=` and `work=` allocates nothing, but where a loop keeps values of which
        only the run time knows how many there are.
        """
        first = self._seed_count()
        inputs = args[first:]
        form, leaves = form_of(inputs, {}, self._subject.parameters(len(inputs)))
        found = self._find(form)
        seeds = found.seeds(args[0], leaves, None) if first else ()
        return found.lending.workspace(found.values([_base(leaf) for leaf in leaves], seeds))

    def explain(self, *example: Any) -> "Explanation":
        """Return which arrays are made for example arguments: by line, in bytes, and what for."""
        from srcdiff.explain import explain

        return explain(self._subject, self._make, example, self._seed_count())

    def graph(self, *args: Any) -> Any:
        """Raise: not built yet."""
        raise self._not_built("`graph`")

    def _not_built(self, what: str) -> SrcdiffError:
        return UnknownFunction(f"{what} is not built yet.", self._subject.span(), "Leave it out.")

    # ---- a call ----

    def _call(self, args: tuple[Any, ...], kwargs: Mapping[str, Any], shapes: Any = None) -> Any:
        try:
            return self._run(args, kwargs, shapes)
        except SrcdiffError as error:
            if error.span is not None:
                raise
            raise self._subject.locate(error) from error.__cause__

    def pull(self, out_bar: Any, primals: tuple[Any, ...], shapes: tuple[Any, ...]) -> Any:
        """Call with a cotangent of an output whose leaves have these shapes."""
        return self._call((out_bar, *primals), {}, shapes)

    def _run(self, args: tuple[Any, ...], kwargs: Mapping[str, Any], shapes: Any) -> Any:
        seeded = self._plan.product.seeded
        if seeded and not args:
            what = self._plan.product.seeds
            raise TypeInferenceError(f"No {what} are given.", hint="Pass them first.")
        inputs = args[1:] if seeded else args
        lent, kwargs = self._lent(kwargs)
        names = self._subject.parameters(len(inputs))
        form, leaves = form_of(inputs, kwargs, names)
        found = self._find(form)
        seeds = found.seeds(args[0], leaves, shapes) if seeded else ()
        if lent is None and not kwargs and shapes is None:
            self._open_front(args, form, found)
        return found([_base(leaf) for leaf in leaves], seeds, lent)

    def _lent(self, kwargs: Mapping[str, Any]) -> tuple[tuple[Any, Any] | None, dict[str, Any]]:
        """Return the memory that is given, if any, and the other keyword arguments."""
        rest, found = dict(kwargs), []
        taken = self._subject.all_names() if rest else ()
        for name in ("out", "work"):
            found.append(rest.pop(f"sd_{name}" if name in taken else name, None))
        out, work = found
        return (None if out is None and work is None else (out, work)), rest

    def _find(self, form: Form) -> Specialisation:
        """Return the specialisation for argument types, and for globals as they are now."""
        variants = self._variants.get(form, ())
        for each in variants:
            if each.surroundings.hold():
                self._latest = each
                return each
        new = self._new(form)
        # Another thread may have made one meanwhile; one of them is enough to compile.
        for each in self._variants.get(form, ()):
            if each not in variants and each.surroundings.hold():
                return each
        self._variants[form] = (new, *self._variants.get(form, ())[: MOST_VARIANTS - 1])
        self._latest = new
        return new

    @put_off()
    def _new(self, form: Form) -> Specialisation:
        options = self._plan.options
        function = self._subject.function(len(form.positional), tuple(form.keywords))
        lasts = options.cache and options.compiles and not self._subject.is_bound
        key = key_of(function, form, self._plan.describe()) if lasts else None
        kept = load(key, function) if key is not None else None
        if kept is None:
            made = self._make(form)
            if key is not None:
                save(key, function, made)
            kept = made.recipe, made.surroundings
        return Specialisation(*kept, options, partial(self._lend, form, key, function))

    def _lend(self, form: Form, key: str | None, function: FunctionType) -> LentRecipe:
        """Run the passes again, for calls into given memory; the cache keeps both."""
        made = lending(self._make(form))
        if key is not None:
            save(key, function, made)
        assert made.recipe.lent is not None
        return made.recipe.lent

    def _make(self, form: Form) -> Made:
        plan = self._plan
        options = plan.options
        return make(
            self._subject,
            form,
            plan.product,
            plan.argnums,
            has_aux=plan.has_aux,
            outputs=options.outputs,
            states=options.checkpoint,
        )

    # ---- the front ----

    def _open_front(self, args: tuple[Any, ...], form: Form, found: Specialisation) -> None:
        """Let Numba's table answer calls with arguments of the same classes from now on."""
        key = tuple(map(type, args))
        if key in self._fronts and self._fronts[key] is None:
            return
        if not found.is_direct or not all(map(is_direct, key)):
            return
        spec = found.recipe.seeds
        if spec is not None and spec.tree != LEAF:
            return
        if any(isinstance(kind, Elements) and any(kind.ones) for kind in form.kinds):
            return
        front = self._fronts.get(key)
        if front is not None and front.watched == found.surroundings.watched:
            return
        self._fronts[key] = self._new_front(key, found)

    def _new_front(self, key: tuple[type, ...], found: Specialisation) -> Front:
        recipe, first = found.recipe, self._seed_count()
        watched = found.surroundings.watched

        def specialise(types: tuple[Any, ...]) -> Any:
            if any(k is int and type is not int64 for k, type in zip(key, types, strict=True)):
                raise NotDirect  # an integer of more than 64 bits
            one = self._find(strict(form_of_types(types[first:]), key[first:]))
            alike = one.is_direct and fit(types[:first], one.recipe.seeds)
            alike = alike and one.recipe.finish == recipe.finish
            alike = alike and one.recipe.names == recipe.names
            if not alike or not same_watched(one.surroundings.watched, watched):
                self._fronts[key] = None
                raise NotDirect
            return one.function

        names = [f"x{k}" for k in range(len(key))]
        arrays = tuple(k for k, kind in enumerate(key) if kind is np.ndarray)
        finish = None if recipe.finish == "r" else found.finish
        like = [k + first for k in recipe.along if key[k + first] is np.ndarray]
        return Front(dispatch(names, specialise), arrays, watched, finish, like[0] if like else 0)

    # ---- calls from compiled code ----

    def _compiled(self, types: tuple[Any, ...]) -> Any:
        """Return a dispatcher for arguments of these Numba types."""
        types = _without_omitted(types)
        first = self._seed_count()
        found = self._find(form_of_types(types[first:]))
        key = (found, types[:first])
        if key not in self._callees:
            self._callees[key] = callee(found, types, first)
        return self._callees[key]

    # ---- examples ----

    def _seed_count(self) -> int:
        return 1 if self._plan.product.seeded else 0

    def _example(self, example: tuple[Any, ...]) -> Specialisation:
        if not example:
            if self._latest is None:
                raise TypeInferenceError(
                    f"{self!r} was not called yet.",
                    self._subject.span(),
                    'Give example arguments, or a signature: "float64[::1], float64".',
                )
            return self._latest
        return self._find(self._form(example))

    def _form(self, example: tuple[Any, ...]) -> Form:
        first = self._seed_count()
        if not example and self._latest is not None:
            return next(form for form, each in self._variants.items() if self._latest in each)
        if len(example) == 1 and isinstance(example[0], str):
            return form_of_types(types_of(example[0])[first:])
        inputs = example[first:]
        return form_of(inputs, {}, self._subject.parameters(len(inputs)))[0]


_LIVE: "WeakSet[Derivative]" = WeakSet()


def forget_all() -> None:
    """Let all derivatives specialise anew: a rule has been added."""
    for each in list(_LIVE):
        each.forget()


def remake(f: object, plan: Plan) -> Derivative:
    """Return the derivative that was pickled; pickles name this function."""
    return derivative_of(Identity(f), plan)


@dataclass(frozen=True, eq=False)
class Identity:
    """A function, equal to nothing but itself; a method is made anew each time it is named."""

    f: Any

    def _parts(self) -> tuple[Any, ...]:
        if isinstance(self.f, MethodType):
            return id(self.f.__func__), id(self.f.__self__)
        return (id(self.f),)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Identity) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash(self._parts())


_ALIVE: WeakValueDictionary[tuple[Identity, Plan], Derivative] = WeakValueDictionary()


@functools.lru_cache(maxsize=256)
def derivative_of(f: Identity, plan: Plan) -> Derivative:
    """Return the derivative of a function; the same one when asked again.

    The last ones stay alive; of others there is one as long as somebody has it.
    """
    found = _ALIVE.get((f, plan))
    return (
        _ALIVE.setdefault((f, plan), Derivative(subject_of(f.f), plan)) if found is None else found
    )


def _without_omitted(types: tuple[Any, ...]) -> tuple[Any, ...]:
    """Leave out the arguments at the end whose defaults are used."""
    while types and isinstance(types[-1], Omitted):
        types = types[:-1]
    return types


def _base(leaf: Any) -> Any:
    """Return an array of NumPy's own class; Numba knows no other."""
    return np.asarray(leaf) if type(leaf) is np.memmap else leaf


def _with_seed(f: Any, name: str) -> inspect.Signature | None:
    """Return the signature of what takes cotangents or tangents first."""
    try:
        signature = inspect.signature(f)
    except (TypeError, ValueError):
        return None
    seed = inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY)
    rest = [p for p in signature.parameters.values() if p.name != name]
    return signature.replace(parameters=[seed, *rest])


def _is_global(derivative: Derivative) -> bool:
    """Say whether a derivative stands where its name says, in place of the function."""
    found: Any = sys.modules.get(getattr(derivative, "__module__", None) or "")
    for part in getattr(derivative, "__qualname__", "").split("."):
        found = getattr(found, part, None)
    return found is derivative


# ---- calls from compiled code ----


def resolve(derivative: Derivative, types: tuple[Any, ...]) -> Any:
    """Return the dispatcher that compiled code calls with arguments of these Numba types."""
    try:
        return derivative._compiled(types)
    except SrcdiffError as error:
        raise derivative._subject.locate(error) from error.__cause__


register_callable(Derivative, resolve)
