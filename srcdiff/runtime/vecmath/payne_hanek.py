"""The reduction of large arguments of the trigonometric functions, by Payne and Hanek (1983)."""

from typing import Any

from llvmlite import ir

from srcdiff.runtime.vecmath.bits import Value, absolute, fast_sum, fma, where

# fmt: off
TWO_OVER_PI = (
    0x0000000000000000, 0xA2F9836E4E441529, 0xFC2757D1F534DDC0, 0xDB6295993C439041,
    0xFE5163ABDEBBC561, 0xB7246E3A424DD2E0, 0x06492EEA09D1921C, 0xFE1DEB1CB129A73E,
    0xE88235F52EBB4484, 0xE99C7026B45F7E41, 0x3991D639835339F4, 0x9C845F8BBDF9283B,
    0x1FF897FFDE05980F, 0xEF2F118B5A0A6D1F, 0x6D367ECF27CB09B7, 0x4F463F669E5FEA2D,
    0x7527BAC7EBE5F17B, 0x3D0739F78A5292EA, 0x6BFB5FB11F8D5D08, 0x56033046FC7B6BAB,
)
# fmt: on
"""64 zeros, and the first 1216 bits of 2 / pi after its point."""

HALF_PI = 1.5707963267948966
HALF_PI_REST = 6.123233995736766e-17

WORD = ir.IntType(64)
WIDE = ir.IntType(128)


def reduce_far(x: Value) -> tuple[Value, Value, Value]:
    """Return k modulo 4, r and its rest, where |x| is 2**-8 or more, a double; nan of infinity.

    x = m 2**e. Of 2/pi 2**e the bits that weigh 4 or more do not matter, since m is an integer; the
    next 192 leave an error under 2**-126 in the fraction, and none is closer to 0 than 2**-62.
    """
    bits = absolute(x).bits()
    e = (bits >> 52) - 1075
    m = (bits & (2**52 - 1)) | 2**52
    first, second, third = window(e + 62)
    low = to(WIDE, m) * to(WIDE, third)
    turns = to(WIDE, m) * to(WIDE, second) + shift_down(low, 64) + (to(WIDE, m * first) << 64)
    fraction = turns << 2
    k = to(WORD, shift_down(turns, 126)) - to(WORD, fraction >> 127)
    a = number(fraction >> 80) * 2.0**-48
    b = number(shift_down(fraction, 32) & (2**48 - 1)) * 2.0**-96
    c = number(fraction & (2**32 - 1)) * 2.0**-128
    high, rest = fast_sum(a, b)
    rest = rest + c
    r = high * HALF_PI
    rest = fma(high, HALF_PI, -r) + fma(high, HALF_PI_REST, rest * HALF_PI)
    r, rest = fast_sum(r, rest)
    left = x < 0.0
    r = where(absolute(x) < float("inf"), where(left, -r, r), float("nan"))
    return where(left, -k, k), r, where(left, -rest, rest)


def window(position: Value) -> list[Value]:
    """Return three words of 2 / pi that begin at this bit."""
    builder = position.builder
    index, shift = position >> 6, position & 63
    bits, zero = table(builder.module), ir.Constant(WORD, 0)
    places = [builder.gep(bits, [zero, (index + i).value], inbounds=True) for i in range(4)]
    words = [builder.load(place) for place in places]
    kind = ir.FunctionType(WORD, [WORD] * 3)
    funnel = builder.module.declare_intrinsic("llvm.fshl", [WORD], kind)
    shifted = [builder.call(funnel, [*words[i : i + 2], shift.value]) for i in range(3)]
    return [position.new(word) for word in shifted]


def table(module: Any) -> Any:
    name = "srcdiff.two_over_pi"
    if name in module.globals:
        return module.globals[name]
    kind = ir.ArrayType(WORD, len(TWO_OVER_PI))
    constant = ir.GlobalVariable(module, kind, name)
    constant.linkage = "internal"
    constant.global_constant = True
    constant.initializer = ir.Constant(kind, [ir.Constant(WORD, w) for w in TWO_OVER_PI])
    return constant


def to(kind: Any, n: Value) -> Value:
    """Return n with fewer bits or with zeros before it."""
    builder = n.builder
    change = builder.zext if n.value.type.width < kind.width else builder.trunc
    return n.new(change(n.value, kind))


def shift_down(n: Value, count: int) -> Value:
    """Shift without the sign."""
    return n.new(n.builder.lshr(n.value, ir.Constant(n.value.type, count)))


def number(n: Value) -> Value:
    """Return a wide number of less than 53 bits as a real."""
    return n.new(n.builder.sitofp(to(WORD, n).value, n.format.real))
