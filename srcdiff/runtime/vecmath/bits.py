"""Formulas over LLVM values: what an elementary function is written in.

A `Value` is a scalar of the LLVM function that is being built. Its operators emit one instruction
each, so that a formula reads as a formula and costs no type inference. There is one text for both
precisions: `x.pick(double, single)` chooses constants. Nothing here branches, so that a loop over a
formula vectorises.
"""

import struct
from dataclasses import dataclass
from typing import Any, TypeAlias

from llvmlite import ir

from srcdiff.runtime.vecmath.machine import has_scaling

Operand: TypeAlias = "Value | float | int"
Coefficients: TypeAlias = tuple[float, ...]


@dataclass(frozen=True)
class Format:
    """A binary format of IEEE 754: its bits, the stored bits of its fraction, its exponent bias."""

    real: Any
    width: int
    fraction: int
    bias: int

    @property
    def whole(self) -> Any:
        return ir.IntType(self.width)

    @property
    def magic(self) -> float:
        """1.5 * 2**fraction: adding it rounds to an integer, which then is in the low bits."""
        return 1.5 * 2.0**self.fraction

    @property
    def magic_bits(self) -> int:
        code = "<q" if self.width == 64 else "<i"
        pack = "<d" if self.width == 64 else "<f"
        return int(struct.unpack(code, struct.pack(pack, self.magic))[0])

    @property
    def tiny(self) -> float:
        """The least normal number."""
        return float(2.0 ** (1 - self.bias))

    @property
    def largest(self) -> float:
        return float((2.0 - 2.0**-self.fraction) * 2.0**self.bias)


DOUBLE = Format(ir.DoubleType(), 64, 52, 1023)
SINGLE = Format(ir.FloatType(), 32, 23, 127)

# A flag without effect on the instruction. Numba adds the caller's fast-math flags to instructions
# that have none, and they would break error-compensated arithmetic.
KEEP = ("arcp",)
KEEP_DIVISION = ("contract",)


class Value:
    """A scalar in the function that is being built: real, whole (of equal width) or a truth."""

    __slots__ = ("builder", "format", "value")

    def __init__(self, builder: Any, value: Any, format: Format) -> None:
        self.builder = builder
        self.value = value
        self.format = format

    def pick(self, double: Any, single: Any) -> Any:
        """Return the constant for this precision."""
        return double if self.format is DOUBLE else single

    def new(self, value: Any) -> "Value":
        return Value(self.builder, value, self.format)

    def constant(self, value: float) -> "Value":
        """Return a constant of this value's type."""
        return self.new(ir.Constant(self.value.type, value))

    def operand(self, other: Operand) -> Any:
        if isinstance(other, Value):
            return other.value
        return ir.Constant(self.value.type, other)

    @property
    def is_real(self) -> bool:
        return bool(self.value.type == self.format.real)

    def binary(self, real: str, whole: str, a: Any, b: Any) -> "Value":
        if not self.is_real:
            return self.new(getattr(self.builder, whole)(a, b))
        flags = KEEP_DIVISION if real == "fdiv" else KEEP
        return self.new(getattr(self.builder, real)(a, b, flags=flags))

    def __add__(self, other: Operand) -> "Value":
        return self.binary("fadd", "add", self.value, self.operand(other))

    def __sub__(self, other: Operand) -> "Value":
        return self.binary("fsub", "sub", self.value, self.operand(other))

    def __rsub__(self, other: Operand) -> "Value":
        return self.binary("fsub", "sub", self.operand(other), self.value)

    def __mul__(self, other: Operand) -> "Value":
        return self.binary("fmul", "mul", self.value, self.operand(other))

    def __truediv__(self, other: Operand) -> "Value":
        return self.binary("fdiv", "sdiv", self.value, self.operand(other))

    def __rtruediv__(self, other: Operand) -> "Value":
        return self.binary("fdiv", "sdiv", self.operand(other), self.value)

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self) -> "Value":
        if self.is_real:
            return self.new(self.builder.fneg(self.value, flags=KEEP))
        return self.new(self.builder.neg(self.value))

    def __and__(self, other: Operand) -> "Value":
        return self.new(self.builder.and_(self.value, self.operand(other)))

    def __or__(self, other: Operand) -> "Value":
        return self.new(self.builder.or_(self.value, self.operand(other)))

    def __xor__(self, other: Operand) -> "Value":
        return self.new(self.builder.xor(self.value, self.operand(other)))

    def __lshift__(self, other: Operand) -> "Value":
        return self.new(self.builder.shl(self.value, self.operand(other)))

    def __rshift__(self, other: Operand) -> "Value":
        """Shift with the sign."""
        return self.new(self.builder.ashr(self.value, self.operand(other)))

    def compare(self, sign: str, other: Operand) -> "Value":
        right = self.operand(other)
        if not self.is_real:
            return self.new(self.builder.icmp_signed(sign, self.value, right))
        if sign == "!=":
            return self.new(self.builder.fcmp_unordered(sign, self.value, right, flags=KEEP))
        return self.new(self.builder.fcmp_ordered(sign, self.value, right, flags=KEEP))

    def __lt__(self, other: Operand) -> "Value":
        return self.compare("<", other)

    def __le__(self, other: Operand) -> "Value":
        return self.compare("<=", other)

    def __gt__(self, other: Operand) -> "Value":
        return self.compare(">", other)

    def __ge__(self, other: Operand) -> "Value":
        return self.compare(">=", other)

    def equals(self, other: Operand) -> "Value":
        return self.compare("==", other)

    def differs(self, other: Operand) -> "Value":
        """Say whether they differ; a nan differs from everything."""
        return self.compare("!=", other)

    def bits(self) -> "Value":
        """Return the bits of a real as a whole number."""
        return self.new(self.builder.bitcast(self.value, self.format.whole))

    def real(self) -> "Value":
        """Return the real that has these bits."""
        return self.new(self.builder.bitcast(self.value, self.format.real))


def where(condition: Value, then: Operand, other: Operand) -> Value:
    """Choose without a branch; two numbers are reals."""
    model = next((x for x in (then, other) if isinstance(x, Value)), None)
    kind = condition.format.real if model is None else model.value.type
    options = [x.value if isinstance(x, Value) else ir.Constant(kind, x) for x in (then, other)]
    return condition.new(condition.builder.select(condition.value, *options))


def intrinsic(name: str, *args: Value) -> Value:
    """Call an LLVM intrinsic on reals of one format."""
    x = args[0]
    real = x.format.real
    kind = ir.FunctionType(real, [real] * len(args))
    function = x.builder.module.declare_intrinsic(f"llvm.{name}", [real], kind)
    return x.new(x.builder.call(function, [a.value for a in args]))


def fma(x: Value, y: Operand, z: Operand) -> Value:
    """Return x * y + z, rounded once."""
    return intrinsic("fma", x, x.new(x.operand(y)), x.new(x.operand(z)))


def sqrt(x: Value) -> Value:
    return intrinsic("sqrt", x)


def absolute(x: Value) -> Value:
    return intrinsic("fabs", x)


def copysign(x: Value, y: Value) -> Value:
    """Return x with the sign of y."""
    return intrinsic("copysign", x, y)


def minimum(x: Value, bound: Operand) -> Value:
    """Return the smaller of both, and nan for nan."""
    return where(x > bound, bound, x)


def maximum(x: Value, bound: Operand) -> Value:
    """Return the larger of both, and nan for nan."""
    return where(x < bound, bound, x)


def fast_sum(large: Value, small: Operand) -> tuple[Value, Value]:
    """Return the sum and its rounding error (Dekker), for |large| >= |small| or large = 0."""
    total = large + small
    return total, (large - total) + small


def divide(x: Value, x_rest: Operand, y: Value, y_rest: Value) -> Value:
    """Return (x + x_rest) / (y + y_rest), to little more than half an ulp."""
    inverse = 1.0 / y
    z = x * inverse
    return fma(fma(-z, y, x) + (x_rest - z * y_rest), inverse, z)


def horner(x: Value, coefficients: Coefficients) -> Value:
    """Return the polynomial with these coefficients, from the highest power to the lowest."""
    p = x.constant(coefficients[0])
    for c in coefficients[1:]:
        p = fma(p, x, c)
    return p


def paired(x: Value, coefficients: Coefficients) -> Value:
    """Return what `horner` does, by two chains of half the length."""
    last = len(coefficients) - 1
    square = x * x
    even = horner(square, coefficients[last % 2 :: 2])
    odd = horner(square, coefficients[1 - last % 2 :: 2])
    return fma(odd, x, even)


def nearest(x: Value, scale: float) -> tuple[Value, Value]:
    """Return x * scale rounded to an integer, as a real and as a whole number."""
    shifted = fma(x, scale, x.format.magic)
    return shifted - x.format.magic, shifted.bits() - x.format.magic_bits


def integer(x: Value) -> Value:
    """Return a whole number, under 2**51 in size (2**22 in single precision), as a real."""
    return (x + x.format.magic_bits).real() - x.format.magic


def power_of_two(k: Value) -> Value:
    """Return 2.0**k for a k for which it is a normal number."""
    return ((k + k.format.bias) << k.format.fraction).real()


def scale(x: Value, k: Value) -> Value:
    """Return x * 2**k, rounded once, for an x near 1 and any k of the format and one beyond."""
    if has_scaling():
        return scaled(x, k)
    half = k >> 1
    return x * power_of_two(half) * power_of_two(k - half)


def scaled(x: Value, k: Value) -> Value:
    """Return x * 2**k by one instruction."""
    builder, real, short = x.builder, x.format.real, ir.IntType(32)
    kind = ir.FunctionType(real, [real, short])
    function = builder.module.declare_intrinsic("llvm.ldexp", [real, short], kind)
    count = k.value if x.format is SINGLE else builder.trunc(k.value, short)
    return x.new(builder.call(function, [x.value, count]))
