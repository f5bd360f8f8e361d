"""Nodes with other parts: what does not change stays one object, and what is known of it holds."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from srcdiff.ir.nodes import Carried, Function, Join, Operand, Statement, Value

N = TypeVar("N", bound=Statement | Carried | Join | Function)


def updated(node: N, **parts: Any) -> N:
    """Replace parts of a node; without a change it is returned itself."""
    for name, part in parts.items():
        if getattr(node, name) != part:  # nodes compare by identity
            return replace(node, **parts)
    return node


def entries(
    carried: Sequence[Carried],
    phis: Sequence[Value],
    inits: Sequence[Operand],
    nexts: Sequence[Operand],
    outs: Sequence[Value],
) -> tuple[Carried, ...]:
    """Return carried entries with these parts."""
    parts = zip(carried, phis, inits, nexts, outs, strict=True)
    return tuple(updated(e, phi=p, init=i, next=n, out=o) for e, p, i, n, o in parts)
