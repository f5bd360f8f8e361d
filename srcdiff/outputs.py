"""What a function returns: its tree, and whether the derivative that is asked for exists."""

from dataclasses import dataclass
from typing import Any

from srcdiff.arguments import Elements, Kind, Known, Number, is_float
from srcdiff.errors import NotDifferentiable, SrcdiffError
from srcdiff.frontend.context import Entity, Static
from srcdiff.ir.nodes import Const, Value
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
    match entity:
        case tuple():
            children = tuple(_output_tree(item, kinds, subject) for item in entity)
            return Branch(tuple, tuple(map(str, range(len(entity)))), children)
        case Value() | Const():
            kinds.append(_kind(entity))
        case Static(value=value) if value is None or isinstance(value, str | bool):
            kinds.append(Known(type(value), value))
        case _:
            raise NotDifferentiable(
                f"`{subject.name}` returns something that is neither a number nor an array.",
                subject.result_span(),
                "Return numbers, arrays, and tuples of them.",
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


def check_output(output: Output, product: Product, subject: Subject, *, has_aux: bool) -> None:
    """Refuse an output that has no derivative of this kind."""
    name = subject.name
    if output.tree == LEAF and output.kinds[0] == Known(type(None), None):
        raise NotDifferentiable(
            f"`{name}` returns nothing, and no argument is named in `outputs=`.",
            subject.span(),
            "Return the result; `outputs=` is not built yet.",
        )
    if not product.differentiates:
        return
    if not product.of_number:
        if not any(map(is_float, output.kinds)):
            raise _not_float(output, subject)
        return
    tree = output.tree
    if has_aux:
        if not (isinstance(tree, Branch) and len(tree.children) == 2):
            raise NotDifferentiable(
                f"With `has_aux`, `{name}` must return a pair `(output, aux)`.",
                subject.result_span(),
                "Return two values, or leave out `has_aux`.",
            )
        tree = tree.children[0]
    if isinstance(tree, Branch):
        raise NotDifferentiable(
            f"`{name}` returns a tuple, without `has_aux`; a gradient is that of one number.",
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
