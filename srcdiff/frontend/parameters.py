"""What the parameters of a function denote, as Python binds arguments."""

import ast
from collections.abc import Mapping
from types import FunctionType

from srcdiff.frontend.context import Context, Entity, Record, Static
from srcdiff.frontend.objects import from_object


def python_defaults(c: Context, node: ast.AST, function: FunctionType) -> dict[str, Entity]:
    """Return the defaults of a function, by parameter name."""
    code = function.__code__
    values = function.__defaults__ or ()
    names = code.co_varnames[: code.co_argcount][code.co_argcount - len(values) :]
    given = dict(zip(names, values, strict=True)) | (function.__kwdefaults__ or {})
    return {name: from_object(c, node, value, name) for name, value in given.items()}


def bind_arguments(
    c: Context,
    node: ast.AST,
    definition: ast.FunctionDef | ast.Lambda,
    args: tuple[Entity, ...],
    kwargs: Mapping[str, Entity],
    given: dict[str, Entity],
) -> dict[str, Entity]:
    """Return what each parameter denotes, as Python binds arguments."""
    title = getattr(definition, "name", "this lambda")
    spec = definition.args
    positional = [arg.arg for arg in (*spec.posonlyargs, *spec.args)]
    names: dict[str, Entity] = dict(zip(positional, args, strict=False))
    if len(args) > len(positional):
        if spec.vararg is None:
            c.fail(
                node,
                f"`{title}` takes {len(positional)} arguments, {len(args)} were given.",
                "Leave out the rest.",
            )
        names[spec.vararg.arg] = tuple(args[len(positional) :])
    elif spec.vararg is not None:
        names[spec.vararg.arg] = ()
    known = {*positional, *(arg.arg for arg in spec.kwonlyargs)} - {
        arg.arg for arg in spec.posonlyargs
    }
    rest: dict[str, Entity] = {}
    for name, entity in kwargs.items():
        if name not in known and spec.kwarg is not None:
            rest[name] = entity
            continue
        if name not in known or name in names:
            what = "twice" if name in names else "which it does not have"
            c.fail(node, f"`{title}` is given the argument `{name}` {what}.", "Mend the call.")
        names[name] = entity
    for name in (*positional, *(arg.arg for arg in spec.kwonlyargs)):
        if name not in names and name not in given:
            c.fail(node, f"`{title}` needs the argument `{name}`.", "Pass it.")
        names.setdefault(name, given.get(name, Static(None)))
    if spec.kwarg is not None:
        names[spec.kwarg.arg] = Record(dict, tuple(rest), tuple(rest.values()), c.made_at(node))
    return names
