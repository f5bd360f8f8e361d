"""The text of one operation: operators with as few parentheses as Python needs, calls, literals."""

import builtins
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcdiff.ir.nodes import Call, Const, Operand, is_array
from srcdiff.ir.symbols import Symbols
from srcdiff.ir.types import Type
from srcdiff.words import cast

CONDITIONAL, OR, AND, NOT, COMPARISON, BIT_OR, BIT_XOR, BIT_AND, SHIFT = range(1, 10)
SUM, PRODUCT, SIGN, POWER, ATOM = range(10, 15)


@dataclass(frozen=True, slots=True)
class Piece:
    """The text of an expression and how tightly its outermost operator binds."""

    text: str
    level: int = ATOM

    def at(self, level: int) -> str:
        """Return the text for a place that takes operators of `level` and tighter ones."""
        return self.text if self.level >= level else f"({self.text})"

    def __str__(self) -> str:
        return self.text


BINARY: dict[Callable[..., Any], tuple[str, int]] = {
    np.add: ("+", SUM),
    np.subtract: ("-", SUM),
    np.multiply: ("*", PRODUCT),
    np.divide: ("/", PRODUCT),
    np.floor_divide: ("//", PRODUCT),
    np.remainder: ("%", PRODUCT),
    np.matmul: ("@", PRODUCT),
    np.left_shift: ("<<", SHIFT),
    np.right_shift: (">>", SHIFT),
    np.bitwise_and: ("&", BIT_AND),
    np.bitwise_xor: ("^", BIT_XOR),
    np.bitwise_or: ("|", BIT_OR),
}
COMPARISONS: dict[Callable[..., Any], str] = {
    np.less: "<",
    np.less_equal: "<=",
    np.greater: ">",
    np.greater_equal: ">=",
    np.equal: "==",
    np.not_equal: "!=",
}
NEGATED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}
BOOLEAN: dict[Callable[..., Any], tuple[str, int]] = {
    np.logical_and: ("and", AND),
    np.logical_or: ("or", OR),
}


def expression(call: Call, args: list[Piece], symbols: Symbols) -> Piece:
    """Return the text of `call` on arguments whose texts are `args`."""
    function = call.function
    if len(args) == 2 and function in BINARY:
        sign, level = BINARY[function]
        return Piece(f"{args[0].at(level)} {sign} {args[1].at(level + 1)}", level)
    if len(args) == 2 and function in COMPARISONS:
        return _comparison(COMPARISONS[function], args)
    if function is np.power:
        return Piece(f"{args[0].at(ATOM)}**{_exponent(call.args[1], args[1])}", POWER)
    if function is np.negative:
        return Piece(f"-{args[0].at(POWER)}", SIGN)
    if function is np.positive:
        # Of an array it is a copy, and of a number nothing.
        return Piece(f"+{args[0].at(POWER)}", SIGN) if is_array(call.args[0]) else args[0]
    special = _on_arrays if any(map(is_array, call.args)) else _on_scalars
    return special(call, args, symbols) or _call(call, args, symbols)


def _comparison(sign: str, args: list[Piece]) -> Piece:
    return Piece(f"{args[0].at(BIT_OR)} {sign} {args[1].at(BIT_OR)}", COMPARISON)


def _exponent(operand: Operand, piece: Piece) -> str:
    # Numba makes a product of x**2 and calls pow for x**2.0.
    if isinstance(operand, Const) and operand.type.dtype.kind == "f" and operand.value in (2, 3):
        return str(int(operand.value))
    return piece.at(SIGN)


def _on_scalars(call: Call, args: list[Piece], symbols: Symbols) -> Piece | None:
    function = call.function
    logical = all(arg.type.dtype.kind == "b" for arg in call.args)
    if function in BOOLEAN and logical:
        word, level = BOOLEAN[function]
        return Piece(f"{args[0].at(level)} {word} {args[1].at(level)}", level)
    if function is np.logical_not or (function is np.invert and logical):
        return Piece(f"not {args[0].at(NOT)}", NOT)
    if function is np.invert:
        return Piece(f"~{args[0].at(POWER)}", SIGN)
    if function is np.logical_xor and logical:
        return _comparison("!=", args)
    if function is np.where:
        condition, then, orelse = args
        text = f"{then.at(OR)} if {condition.at(OR)} else {orelse.at(CONDITIONAL)}"
        return Piece(text, CONDITIONAL)
    if function is np.absolute or function is builtins.abs:
        return Piece(f"{symbols.builtin('abs')}({args[0]})")
    if function is cast:
        return Piece(f"{_converter(call, symbols)}({args[0]})")
    return None


def _converter(call: Call, symbols: Symbols) -> str:
    # Numba's float() and int() leave the width as it is, and its float() takes no bool.
    dtype, source = dict(call.static)["dtype"], call.args[0].type.dtype
    if dtype == np.float64 and source.kind in "iu":
        return symbols.builtin("float")
    if dtype == np.int64 and source.kind == "f":
        return symbols.builtin("int")
    if dtype == np.bool_:
        return symbols.builtin("bool")
    return symbols.dtype(np.dtype(dtype))


def _on_arrays(call: Call, args: list[Piece], symbols: Symbols) -> Piece | None:
    function, static = call.function, dict(call.static)
    if function is np.shape and "axis" in static:
        return Piece(f"{args[0].at(ATOM)}.shape[{static['axis']}]")
    if function is np.copy:
        return Piece(f"{args[0].at(ATOM)}.copy()")
    if function is np.invert:
        return Piece(f"~{args[0].at(POWER)}", SIGN)
    if function is cast:
        return Piece(f"{args[0].at(ATOM)}.astype({symbols.dtype(np.dtype(static['dtype']))})")
    if function is np.absolute:
        return Piece(f"{symbols.np}.abs({args[0]})")
    return None


def _call(call: Call, args: list[Piece], symbols: Symbols) -> Piece:
    parts = [piece.text for piece in args]
    for name, value in call.static:
        if not (name == "axis" and value is None) and not (name == "keepdims" and value is False):
            parts.append(f"{name}={_static(value, symbols)}")
    return Piece(f"{symbols.function(call.function)}({', '.join(parts)})")


def _static(value: Any, symbols: Symbols) -> str:
    if isinstance(value, np.dtype):
        return symbols.dtype(value)
    return symbols.function(value) if callable(value) else repr(value)


def negation(condition: Call, args: list[Piece]) -> Piece | None:
    """Return the opposite of a comparison, if it has one also where an operand is a nan."""
    sign = COMPARISONS.get(condition.function)
    if sign in ("==", "!=") or (
        sign is not None and all(arg.type.dtype.kind in "iub" for arg in condition.args)
    ):
        return _comparison(NEGATED[sign], args)
    return None


def literal(value: Any, type: Type, symbols: Symbols) -> Piece:
    """Return the text of a number that has exactly `type` in Python and in Numba."""
    match type.dtype.kind:
        case "b":
            return Piece(str(bool(value)))
        case "i" | "u":
            piece = _signed(repr(int(value)))
            wide = type.dtype == np.int64
        case "f":
            piece = _real(value, type, symbols)
            wide = type.dtype == np.float64
        case _:
            value = complex(value)
            real, imag = (_real(part, type, symbols).text for part in (value.real, value.imag))
            piece = Piece(f"{symbols.builtin('complex')}({real}, {imag})")
            wide = type.dtype == np.complex128
    return piece if wide else Piece(f"{symbols.dtype(type.dtype)}({piece})")


def _signed(text: str) -> Piece:
    return Piece(text, SIGN if text.startswith("-") else ATOM)


def _real(value: float, type: Type, symbols: Symbols) -> Piece:
    value = float(value)
    if math.isnan(value):
        return Piece(f"{symbols.np}.nan")
    if math.isinf(value):
        return _signed(f"{'-' if value < 0 else ''}{symbols.np}.inf")
    short = str(np.float32(value)) if type.dtype == np.float32 else ""
    return _signed(short if short and float(np.float32(short)) == value else repr(value))
