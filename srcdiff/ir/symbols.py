"""The global names of a generated text: NumPy, the functions it calls, the errors it raises."""

import builtins
import keyword
import math
import random
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from srcdiff import runtime, words
from srcdiff.ir.nodes import Function

PRINTED_BUILTINS = ("range", "float", "int", "bool", "complex", "abs", "print")
RUNTIME = {id(function): name for name, function in runtime.NAMES.items()}
COMPILED: dict[object, Any] = {
    words.radd: runtime.NAMES["radd"],
    words.opaque: runtime.NAMES["opaque"],
    words.abreast: runtime.NAMES["abreast"],
    words.fetch: runtime.NAMES["fetch"],
    words.product: runtime.NAMES["product"],
}


class Symbols:
    """Names for objects outside the function; parameters keep theirs, so a symbol steps aside."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = set(taken)
        self._names: dict[int, str] = {}
        self.objects: dict[str, object] = {}
        self.np = self.name(np, "np")
        for wish in PRINTED_BUILTINS:
            self.name(getattr(builtins, wish), wish)

    def name(self, symbol: object, wish: str) -> str:
        """Return the name of `symbol`, the same at each call."""
        if id(symbol) not in self._names:
            name = unused(wish if wish.isidentifier() else "function", self._taken)
            self._taken.add(name)
            self._names[id(symbol)] = name
            if getattr(builtins, name, None) is not symbol:
                self.objects[name] = symbol
        return self._names[id(symbol)]

    def builtin(self, wish: str) -> str:
        """Return the name of a builtin."""
        return self.name(getattr(builtins, wish), wish)

    def function(self, function: Callable[..., Any]) -> str:
        """Return the expression that denotes `function`."""
        function = COMPILED.get(function, function)
        wish = RUNTIME.get(id(function)) or str(getattr(function, "__name__", "function"))
        if getattr(np, wish, None) is function:
            return f"{self.np}.{wish}"
        if getattr(np.linalg, wish, None) is function:
            return f"{self.np}.linalg.{wish}"
        if getattr(np.random, wish, None) == function:
            return f"{self.np}.random.{wish}"
        if getattr(random, wish, None) == function:
            return f"{self.name(random, 'random')}.{wish}"
        if getattr(math, wish, None) is function:
            return f"{self.name(math, 'math')}.{wish}"
        return self.name(function, wish)

    def function_name(self, function: Function) -> str:
        """Return the name of a function of the IR that has a text of its own."""
        assert function.recursion is not None
        return self.name(function.recursion, function.name)

    def dtype(self, dtype: np.dtype[Any]) -> str:
        """Return the expression that denotes a scalar type of NumPy."""
        return f"{self.np}.{'bool_' if dtype.kind == 'b' else dtype.name}"

    def taken(self) -> frozenset[str]:
        """Return the names that a local must not have."""
        return frozenset(self._names.values())


def unused(wish: str, taken: Iterable[str]) -> str:
    """Return `wish`, or else the first free one of `wish_1`, `wish_2`, ...."""
    name, number = wish, 0
    while name in taken or keyword.iskeyword(name):
        number += 1
        name = f"{wish}_{number}"
    return name
