"""What the user gets: an expression of what the text returns, as trees and NumPy numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcdiff.analysis.aliasing import aliases
from srcdiff.arguments import Differentiated, Form, Known, Number, is_float
from srcdiff.ir.nodes import Broadcast, Const, Function, Value, View, is_array
from srcdiff.ir.walk import statements
from srcdiff.outputs import Output, Product
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

    def expression(self, *, plain: bool) -> tuple[str, dict[str, Any]]:
        """Return the expression of the result `r`, and what it names."""
        names: dict[str, Any] = {}
        results = self._results(names, plain=plain)
        returned = self.product.with_value or self.has_aux
        values = self._values(results, names)
        value = expression(self.output.tree, values, names) if returned else ""
        gradient = self._gradient(results, names)
        match self.product.name:
            case "primal":
                return value, names
            case "grad" if self.has_aux:
                aux = expression(*self._aux(plain=plain, names=names), names)
                return f"({gradient}, {aux})", names
            case "grad" | "cotangents":
                return gradient, names
        return f"({value}, {gradient})", names

    def _aux(self, *, plain: bool, names: dict[str, Any]) -> tuple[Tree, Iterator[str]]:
        tree = self.output.tree
        assert isinstance(tree, Branch)
        values = self._values(self._results(names, plain=plain), names)
        next(values)
        return tree.children[1], values

    def _results(self, names: dict[str, Any], *, plain: bool) -> Iterator[str]:
        """Iterate over the expressions of the results: owned by the user, and of NumPy's types."""
        shared = shared_results(self.final)
        count = len(self.final.results)
        for k, result in enumerate(self.final.results):
            text = "r" if count == 1 else f"r[{k}]"
            if is_array(result):
                yield f"{text}.copy()" if k in shared else text
            else:
                yield _converted(text, result, names, plain=plain)

    def _values(self, results: Iterator[str], names: dict[str, Any]) -> Iterator[str]:
        for kind in self.output.kinds:
            if isinstance(kind, Known):
                names[f"_known_{len(names)}"] = kind.value
                yield list(names)[-1]
            else:
                yield next(results)

    def _gradient(self, results: Iterator[str], names: dict[str, Any]) -> str:
        parts = [
            expression(one.tree, self._bars(one, results, names), names) for one in self.wanted
        ]
        if self.as_tuple:
            return f"({''.join(f'{part}, ' for part in parts).rstrip()})"
        return parts[0] if parts else ""

    def _bars(
        self, one: Differentiated, results: Iterator[str], names: dict[str, Any]
    ) -> Iterator[str]:
        for leaf in one.leaves():
            kind = self.form.kinds[leaf]
            if not is_float(kind):
                yield "None"
                continue
            text = next(results)
            strong = isinstance(kind, Number) and not kind.type.weak
            if strong and kind.type.dtype == np.float64:  # type: ignore[union-attr]
                names["_float64"] = np.float64
                text = f"_float64({text})"
            yield text


def _converted(text: str, result: Value | Const, names: dict[str, Any], *, plain: bool) -> str:
    """Return a number as Python's float, int or bool, or as NumPy's where that differs."""
    dtype = result.type.dtype
    builtin = {"float64": "float", "int64": "int", "bool": "bool"}.get(dtype.name)
    if builtin is None:
        names[f"_{dtype.name}"] = dtype.type
        return f"_{dtype.name}({text})"
    # Compiled code returns Python's own.
    return f"{builtin}({text})" if plain or isinstance(result, Const) else text


def shared_results(function: Function) -> set[int]:
    """Return the numbers of the results that may share memory with a parameter or another one."""
    classes = aliases(function)
    seen = {classes.root(param) for param in function.params if is_array(param)}
    broadcast = {
        each.out
        for each in statements(function.body)
        if isinstance(each, View) and isinstance(each.how, Broadcast)
    }
    shared = set()
    for k, result in enumerate(function.results):
        if isinstance(result, Value) and is_array(result):
            if classes.root(result) in seen or result in broadcast:
                shared.add(k)
            seen.add(classes.root(result))
    return shared
