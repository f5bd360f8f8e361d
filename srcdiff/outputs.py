"""What a function returns: its tree, and whether the derivative that is asked for exists."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from srcdiff.arguments import Elements, Kind, Known, Number, is_float
from srcdiff.errors import NotDifferentiable, SrcdiffError
from srcdiff.frontend.context import Entity, Record, Static, children, keys_of, leaves
from srcdiff.ir.nodes import Const, Value, is_array
from srcdiff.ir.types import Array, Scalar
from srcdiff.products import Product
from srcdiff.subject import Subject
from srcdiff.trees import LEAF, Branch, Tree


@dataclass(frozen=True, eq=False)
class Output:
    """The tree of what the function returns, and the kind of each leaf."""

    tree: Tree
    kinds: tuple[Kind, ...]


def output_of(entity: Entity, subject: Subject) -> Output:
    kinds: list[Kind] = []
    tree = _output_tree(entity, kinds, subject)
    return Output(tree, tuple(kinds))


def _output_tree(entity: Entity, kinds: list[Kind], subject: Subject) -> Tree:
    inner = children(entity)
    if inner is not None:
        kind = entity.kind if isinstance(entity, Record) else tuple
        parts = tuple(_output_tree(item, kinds, subject) for item in inner)
        return Branch(kind, keys_of(entity), parts)
    match entity:
        case Value() | Const():
            kinds.append(_kind(entity))
        case Static(value=value) if value is None or isinstance(value, str | bool):
            kinds.append(Known(type(value), value))
        case _:
            raise NotDifferentiable(
                f"`{subject.name}` returns something that is neither a number nor an array.",
                subject.result_span(),
                "Return numbers, arrays, None, bools, strings, and trees of them.",
            )
    return LEAF


def _kind(operand: Value | Const) -> Kind:
    match operand.type:
        case Array() as type:
            ones = tuple(isinstance(e, Const) and e.value == 1 for e in _shape(operand))
            return Elements(type, ones)
        case Scalar() as type:
            return Number(type)


def _shape(operand: Value | Const) -> tuple[Any, ...]:
    return operand.shape if isinstance(operand, Value) else ()


def aux_results(output: Output) -> int:
    """Return how many numbers and arrays the second of two parts has."""
    return sum(not isinstance(kind, Known) for kind in output.kinds[1:])


def check_outputs(outputs: object, product: Product, subject: Subject) -> None:
    """Refuse `outputs` where the derivative is that of one number."""
    if outputs is not None and product.of_number:
        raise NotDifferentiable(
            f"`{product.name}` is of the number that a function returns, and takes no `outputs`.",
            subject.span(),
            "Use `vjp`, `jvp` or `jacobian`, or return a number that is computed from the arrays.",
        )


def contents_of(
    outputs: str | tuple[str, ...],
    arguments: Mapping[str, Entity],
    returned: Entity,
    subject: Subject,
) -> Entity:
    """Return the arguments that are the output of a function, which must return nothing."""
    if not (isinstance(returned, Static) and returned.value is None):
        raise NotDifferentiable(
            f"`{subject.name}` returns something, and `outputs=` names its output besides.",
            subject.result_span(),
            "Leave out `outputs=`, or return nothing: an argument can be returned, too.",
        )
    for name in (outputs,) if isinstance(outputs, str) else outputs:
        entity = arguments.get(name)
        arrays = [] if entity is None else list(filter(_is_array, leaves(entity)))
        if not arrays:
            what = "not given" if entity is None else "no array, and cannot be written"
            raise NotDifferentiable(
                f"`outputs=` names the argument `{name}`, which is {what}.",
                subject.span(),
                "Name array arguments that the function writes into.",
            )
    if isinstance(outputs, str):
        return arguments[outputs]
    return tuple(arguments[name] for name in outputs)


def _is_array(entity: Entity) -> bool:
    return isinstance(entity, Value) and is_array(entity)


def check_output(output: Output, product: Product, subject: Subject, *, has_aux: bool) -> None:
    """Refuse an output that has no derivative of this kind."""
    name = subject.name
    if output.tree == LEAF and output.kinds[0] == Known(type(None), None):
        raise NotDifferentiable(
            f"`{name}` returns nothing, and no argument is named in `outputs=`.",
            subject.span(),
            "Return the result; `vjp`, `jvp` and `jacobian` can take the arguments that it writes: "
            '`outputs=("a", "b")`.',
        )
    if not product.differentiates:
        return
    if not product.of_number:
        if not any(map(is_float, output.kinds)):
            raise _not_float(output, subject)
        return
    tree = output.tree
    if has_aux:
        if not (isinstance(tree, Branch) and tree.kind is tuple and len(tree.children) == 2):
            raise NotDifferentiable(
                f"With `has_aux`, `{name}` must return a pair `(output, aux)`.",
                subject.result_span(),
                "Return two values, or leave out `has_aux`.",
            )
        tree = tree.children[0]
    if isinstance(tree, Branch):
        raise NotDifferentiable(
            f"`{name}` returns a {tree.kind.__name__}, without `has_aux`; a gradient is that of "
            "one number.",
            subject.result_span(),
            "With `has_aux=True` the first of two values is differentiated; `vjp` and `jacobian` "
            "differentiate all of them.",
        )
    _check_number(output, subject)


def _check_number(output: Output, subject: Subject) -> None:
    kind = output.kinds[0]
    if isinstance(kind, Elements):
        raise NotDifferentiable(
            f"`{subject.name}` returns an array ({kind.type}); a gradient is that of one number, "
            "`jacobian` and `vjp` are for arrays.",
            subject.result_span(),
            "Return a sum of it, or use one of these.",
        )
    if not is_float(kind):
        raise _not_float(output, subject)


def _not_float(output: Output, subject: Subject) -> SrcdiffError:
    kind = next((kind for kind in output.kinds if not is_float(kind)), output.kinds[0])
    what = kind.kind.__name__ if isinstance(kind, Known) else str(kind.type)
    return NotDifferentiable(
        f"`{subject.name}` returns `{what}`, which has no derivative.",
        subject.result_span(),
        "Return a floating-point number.",
    )
