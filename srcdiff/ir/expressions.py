"""The text of operands: names, literals, and definitions that are printed inside their use."""

import builtins
from dataclasses import dataclass

import numpy as np
from typing_extensions import assert_never

from srcdiff.ir.nesting import Nesting, array_like
from srcdiff.ir.nodes import (
    Alloc,
    Broadcast,
    Call,
    Const,
    Index,
    Item,
    Load,
    NewAxis,
    Operand,
    Reshape,
    Slice,
    Transpose,
    Value,
    View,
)
from srcdiff.ir.operators import ATOM, NOT, Piece, expression, literal, negation
from srcdiff.ir.symbols import Symbols
from srcdiff.ir.types import Array


@dataclass(frozen=True, eq=False)
class Expressions:
    """Prints operands, given the names of the values that have a line of their own."""

    nesting: Nesting
    names: dict[Value, str]
    symbols: Symbols

    def piece(self, operand: Operand) -> Piece:
        """Return the text of an operand."""
        if isinstance(operand, Const):
            return literal(operand.value, operand.type, self.symbols)
        inner = self.nesting.inside.get(operand)
        return Piece(self.names[operand]) if inner is None else self.definition(inner)

    def text(self, operand: Operand) -> str:
        """Return the text of an operand where nothing stands beside it."""
        return self.piece(operand).text

    def definition(self, statement: Call | Alloc | View | Load) -> Piece:
        """Return the right side of a definition."""
        match statement:
            case Call(function=builtins.print, args=args, static=(("parts", parts),)):
                texts = iter([self.text(arg) for arg in args])
                inner = (next(texts) if part is None else quoted(part) for part in parts)
                return Piece(f"{self.symbols.builtin('print')}({', '.join(inner)})")
            case Call(args=args):
                return expression(statement, [self.piece(arg) for arg in args], self.symbols)
            case Alloc(out=out, fill=fill):
                return self._alloc(out, fill)
            case View():
                return self._view(statement)
            case Load(ref=ref, indices=indices):
                return Piece(self.element(ref, indices))
            case _:
                assert_never(statement)

    def opposite(self, condition: Operand) -> str:
        """Return the text of a condition that holds where `condition` does not."""
        if isinstance(condition, Const):
            return str(not condition.value)
        inner = self.nesting.inside.get(condition)
        if isinstance(inner, Call):
            args = [self.piece(arg) for arg in inner.args]
            if inner.function is np.logical_not and inner.args[0].type.dtype.kind == "b":
                return args[0].text
            opposite = negation(inner, args)
            if opposite is not None:
                return opposite.text
        return f"not {self.piece(condition).at(NOT)}"

    def element(self, ref: Value, indices: tuple[Operand, ...]) -> str:
        """Return the text of one element."""
        inner = self.nesting.inside.get(ref)
        if indices and isinstance(inner, View) and isinstance(inner.how, Index):
            return self._subscript(inner.ref, _compose(inner.how.items, indices))
        return self._subscript(ref, indices)

    def whole(self, ref: Value, *, read: bool = False) -> str:
        """Return the text of all elements of `ref`, to be written, or to be read and written."""
        inner = self.nesting.inside.get(ref)
        if isinstance(inner, View) and isinstance(inner.how, Index):
            return self.definition(inner).text
        rank = ref.type.ndim if isinstance(ref.type, Array) else 0
        # Numba does not read x[...].
        short = rank > 1 and not read
        items = "..." if short else ", ".join(":" * rank) or "()"
        return f"{self.piece(ref).at(ATOM)}[{items}]"

    def shape(self, extents: tuple[Operand, ...], *, single: bool) -> str:
        """Return the text of a shape; `single` says whether rank 1 needs no tuple."""
        parts = [self.text(extent) for extent in extents]
        if len(parts) == 1:
            return parts[0] if single else f"({parts[0]},)"
        return f"({', '.join(parts)})"

    def _subscript(self, ref: Value, items: tuple[Item, ...]) -> str:
        parts = ", ".join(self._item(item) for item in items)
        return f"{self.piece(ref).at(ATOM)}[{parts or '()'}]"

    def _item(self, item: Item) -> str:
        match item:
            case Value() | Const():
                return self.text(item)
            case Slice(start=start, stop=stop, step=step):
                first, last = ("" if part is None else self.text(part) for part in (start, stop))
                return f"{first}:{last}" + ("" if step is None else f":{self.text(step)}")
            case NewAxis():
                return "None"
            case _:
                assert_never(item)

    def _view(self, view: View) -> Piece:
        base = self.piece(view.ref).at(ATOM)
        match view.how:
            case Index(items=items):
                return Piece(self._subscript(view.ref, _without_trailing(items)))
            case Transpose(axes=axes):
                if axes == tuple(range(len(axes)))[::-1]:
                    return Piece(f"{base}.T")
                return Piece(f"{self.symbols.np}.transpose({self.text(view.ref)}, {axes})")
            case Reshape():
                return Piece(f"{base}.reshape({self.shape(view.out.shape, single=True)})")
            case Broadcast():
                shape = self.shape(view.out.shape, single=False)
                return Piece(f"{self.symbols.np}.broadcast_to({self.text(view.ref)}, {shape})")
            case _:
                assert_never(view.how)

    def _alloc(self, out: Value, fill: Operand | None) -> Piece:
        assert isinstance(out.type, Array)
        kind, value = self._fill(out, fill)
        like = array_like(self.nesting, out)
        if like is not None:
            return Piece(f"{self.symbols.np}.{kind}_like({', '.join([self.text(like), *value])})")
        # Numba's np.empty makes C order only.
        turned = out.type.layout == "F" and out.type.ndim > 1
        shape = self.shape(out.shape[::-1] if turned else out.shape, single=True)
        dtype, implied = out.type.dtype, np.dtype(np.float64)
        if kind == "full" and fill is not None:
            implied = fill.type.dtype
        if dtype != implied:
            value = [*value, f"dtype={self.symbols.dtype(dtype)}"]
        text = f"{self.symbols.np}.{kind}({', '.join([shape, *value])})"
        return Piece(f"{text}.T" if turned else text)

    def _fill(self, out: Value, fill: Operand | None) -> tuple[str, list[str]]:
        match fill:
            case None:
                return "empty", []
            case Const(value=value) if value == 0 and not str(value).startswith("-"):
                return "zeros", []
            case Const(value=value) if value == 1:
                return "ones", []
            case Const(value=value):
                return "full", [literal(value, out.type, self.symbols).text]
            case Value():
                return "full", [self.text(fill)]
            case _:
                assert_never(fill)


def _without_trailing(items: tuple[Item, ...]) -> tuple[Item, ...]:
    while len(items) > 1 and is_full(items[-1]):
        items = items[:-1]
    return items


def is_full(item: Item) -> bool:
    """Say whether an item is a bare colon."""
    return isinstance(item, Slice) and item.start is item.stop is item.step is None


def _compose(items: tuple[Item, ...], indices: tuple[Operand, ...]) -> tuple[Item, ...]:
    rest = iter(indices)
    return tuple(next(rest) if is_full(item) else item for item in items)


def quoted(message: str) -> str:
    """Return a string as a literal."""
    plain = '"' not in message and "\\" not in message and message.isprintable()
    return f'"{message}"' if plain else repr(message)
