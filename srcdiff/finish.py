"""What the user gets: an expression of what the text returns, as trees and NumPy numbers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from srcdiff.analysis.aliasing import shared_results
from srcdiff.arguments import Differentiated, Elements, Form, Kind, Known, Number, is_float
from srcdiff.ir.nodes import Const, Function, Value, is_array
from srcdiff.outputs import Output
from srcdiff.products import Product
from srcdiff.trees import Branch, Tree, expression


@dataclass(eq=False)
class Scheme:
    """How the results of the text become what the user gets."""

    product: Product
    form: Form
    wanted: list[Differentiated]
    output: Output
    final: Function
    has_aux: bool
    as_tuple: bool = False
    lent: bool = False
    """Whether the text returns the numbers alone, and its arrays are given: `b`."""

    def expression(self, *, plain: bool) -> tuple[str, dict[str, Any]]:
        """Return the expression of the result `r`, and what it names."""
        names: dict[str, Any] = {}
        results = self._results(names, plain=plain)
        returned = self.product.with_value or self.has_aux
        values = self._values(results, names)
        value = expression(self.output.tree, values, names) if returned else ""
        if not self.product.differentiates:
            return value, names
        derivative = self._derivative(results, names)
        if self.product.with_value:
            return f"({value}, {derivative})", names
        if self.has_aux:
            aux = expression(*self._aux(plain=plain, names=names), names)
            return f"({derivative}, {aux})", names
        return derivative, names

    def _derivative(self, results: Iterator[str], names: dict[str, Any]) -> str:
        """Return the derivative as a tree: of the output, the arguments, or one in the other."""
        match self.product.mode:
            case "forward" | "taylor":
                parts = (next(results) if is_float(kind) else "None" for kind in self.output.kinds)
                return expression(self.output.tree, parts, names)
            case "jacfwd" | "jacrev" | "jacobian":
                blocks = (
                    self._gradient(results, names, isinstance(kind, Number))
                    if is_float(kind)
                    else "None"
                    for kind in self.output.kinds
                )
                return expression(self.output.tree, blocks, names)
            case "hessian":
                return self._arranged(lambda kind: self._row(kind, results, names), names)
        return self._gradient(results, names)

    def _row(self, kind: Kind, results: Iterator[str], names: dict[str, Any]) -> str:
        """Return the blocks of a Hessian that belong to one leaf of the arguments."""
        return self._gradient(results, names, isinstance(kind, Number))

    def seeds(self) -> Output | None:
        """Return the tree and the leaves of what the text is called with before the arguments."""
        match self.product.seeds:
            case "cotangents":
                return Output(self.output.tree, tuple(map(_in_c_order, self.output.kinds)))
            case "tangents":
                tree = Branch(
                    tuple,
                    tuple(map(str, range(len(self.wanted)))),
                    tuple(w.tree for w in self.wanted),
                )
                kinds = tuple(self.form.kinds[k] for k in self.along())
                return Output(tree if self.as_tuple else tree.children[0], kinds)
        return None

    def along(self) -> tuple[int, ...]:
        """Return the numbers of the leaves that tangents are given for."""
        if self.product.seeds != "tangents":
            return ()
        return tuple(leaf for one in self.wanted for leaf in one.leaves())

    def _aux(self, *, plain: bool, names: dict[str, Any]) -> tuple[Tree, Iterator[str]]:
        tree = self.output.tree
        assert isinstance(tree, Branch)
        values = self._values(self._results(names, plain=plain), names)
        next(values)
        return tree.children[1], values

    def _results(self, names: dict[str, Any], *, plain: bool) -> Iterator[str]:
        """Iterate over the expressions of the results: owned by the user, and of NumPy's types."""
        if self.lent:
            yield from self._lent_results(names, plain=plain)
            return
        shared = shared_results(self.final)
        count = len(self.final.results)
        for k, result in enumerate(self.final.results):
            text = "r" if count == 1 else f"r[{k}]"
            if is_array(result):
                yield f"{text}.copy()" if k in shared else text
            else:
                yield _converted(text, result, names, plain=plain)

    def _lent_results(self, names: dict[str, Any], *, plain: bool) -> Iterator[str]:
        count = sum(not is_array(result) for result in self.final.results)
        arrays = numbers = 0
        for result in self.final.results:
            if is_array(result):
                yield f"b[{arrays}]"
                arrays += 1
            else:
                text = "r" if count == 1 else f"r[{numbers}]"
                yield _converted(text, result, names, plain=plain)
                numbers += 1

    def _values(self, results: Iterator[str], names: dict[str, Any]) -> Iterator[str]:
        for kind in self.output.kinds:
            if isinstance(kind, Known):
                names[f"_known_{len(names)}"] = kind.value
                yield list(names)[-1]
            else:
                yield next(results)

    def _gradient(
        self, results: Iterator[str], names: dict[str, Any], of_number: bool = True
    ) -> str:
        """Return the derivative of one number, or of one leaf of the output, by the arguments."""

        def bar(kind: Kind) -> str:
            text = next(results)
            strong = isinstance(kind, Number) and not kind.type.weak
            if of_number and strong and kind.type.dtype == np.float64:  # type: ignore[union-attr]
                names["_float64"] = np.float64
                return f"_float64({text})"
            return text

        return self._arranged(bar, names)

    def _arranged(self, part: Callable[[Kind], str], names: dict[str, Any]) -> str:
        """Return a tree of the arguments that are differentiated by, with `part` for each leaf."""
        parts = []
        for one in self.wanted:
            kinds = [self.form.kinds[leaf] for leaf in one.leaves()]
            leaves = (part(kind) if is_float(kind) else "None" for kind in kinds)
            parts.append(expression(one.tree, leaves, names))
        if self.as_tuple:
            return f"({''.join(f'{text}, ' for text in parts).rstrip()})"
        return parts[0] if parts else ""


def _converted(text: str, result: Value | Const, names: dict[str, Any], *, plain: bool) -> str:
    """Return a number as Python's float, int or bool, or as NumPy's where that differs."""
    dtype = result.type.dtype
    builtin = {"float64": "float", "int64": "int", "bool": "bool"}.get(dtype.name)
    if builtin is None:
        names[f"_{dtype.name}"] = dtype.type
        return f"_{dtype.name}({text})"
    # Compiled code returns Python's own.
    return f"{builtin}({text})" if plain or isinstance(result, Const) else text


def _in_c_order(kind: Kind) -> Kind:
    if isinstance(kind, Elements):
        return replace(kind, type=replace(kind.type, layout="C"))
    return kind
