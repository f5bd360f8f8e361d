"""Products of matrices whose sums are added up in order: to the bit those of three nested loops.

A block of rows of the one matrix meets some columns of the other, which are packed so that they are
read in order. The sums of a block stay in registers, as in Goto and van de Geijn, "Anatomy of
high-performance matrix multiplication" (2008), and no multiplication is fused with an addition.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from srcdiff.runtime.vecmath.machine import features
from srcdiff.words import FAR

COLUMNS = 8
"""Columns of a block: as many float64 as fit in a register of 512 bits."""
DEPTH = 256
"""Terms of a sum that are added up before the next block: what is packed fits in a fast cache."""
LINE = 64
"""Bytes that a cache reads at once; a vector that lies in two of them takes twice the time."""


def _rows() -> int:
    """Return the rows of a block, so that its sums fit in the registers."""
    known = features()
    return 8 if "avx512f" in known else 4 if "avx" in known else 2


ROWS = _rows()


def _adder(rows: int) -> Any:
    """Return what adds to `rows` rows of 8 numbers the product of rows of `x` and what is packed.

    out[row + r, column + j] += x[at + r, k] * packed[start + 8 k + j]   for low <= k < high
    """

    @intrinsic
    def add(typingctx, out, row, column, x, at, low, high, packed, start):  # type: ignore[no-untyped-def]
        place = types.intp
        signature = types.void(out, place, place, x, place, place, place, packed, place)

        def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
            out, x, packed = (
                _Array(builder, context.make_array(signature.args[k])(context, builder, args[k]))
                for k in (0, 3, 7)
            )
            block = _Block(builder, context.get_value_type(signature.args[0].dtype), rows)
            block.emit((out, *args[1:3]), (x, args[4]), args[5:7], (packed, args[8]))
            return context.get_dummy_value()

        return signature, codegen

    return add


class _Array:
    """Addresses of the elements of an array."""

    def __init__(self, builder: Any, array: Any) -> None:
        self.builder, self.array = builder, array

    def at(self, row: Any, column: Any, kind: Any) -> Any:
        """Return the address of an element of a matrix."""
        builder, strides = self.builder, self.array.strides
        offsets = [
            builder.mul(index, builder.extract_value(strides, axis))
            for axis, index in enumerate((row, column))
        ]
        base = builder.bitcast(self.array.data, ir.IntType(8).as_pointer())
        address = builder.gep(base, [builder.add(*offsets)])
        return builder.bitcast(address, kind.as_pointer())

    def in_row(self, index: Any, kind: Any) -> Any:
        """Return the address of an element of an array of one axis, without gaps."""
        return self.builder.bitcast(self.builder.gep(self.array.data, [index]), kind.as_pointer())


class _Block:
    """LLVM code of a block of some rows, whose sums are in registers."""

    def __init__(self, builder: Any, number: Any, rows: int) -> None:
        self.builder, self.number, self.rows = builder, number, rows
        self.vector = ir.VectorType(number, COLUMNS)
        self.align = 4 if isinstance(number, ir.FloatType) else 8

    def emit(self, out: Any, x: Any, bounds: Any, packed: Any) -> None:
        builder, place = self.builder, bounds[0].type
        target, row, column = out
        ends = [
            target.at(builder.add(row, place(r)), column, self.vector) for r in range(self.rows)
        ]
        before = builder.block
        sums = [builder.load(end, align=self.align) for end in ends]
        head, body, after = (builder.append_basic_block(name) for name in ("head", "body", "after"))
        builder.branch(head)
        builder.position_at_end(head)
        k = builder.phi(place)
        phis = [builder.phi(self.vector) for _ in sums]
        builder.cbranch(builder.icmp_signed("<", k, bounds[1]), body, after)
        builder.position_at_end(body)
        columns = self.columns(packed, k)
        added = [
            builder.fadd(phi, builder.fmul(self.everywhere(x, r, k), columns))
            for r, phi in enumerate(phis)
        ]
        following = builder.add(k, place(1))
        builder.branch(head)
        edges = zip((k, *phis), (bounds[0], *sums), (following, *added), strict=True)
        for phi, start, step in edges:
            phi.add_incoming(start, before)
            phi.add_incoming(step, body)
        builder.position_at_end(after)
        for phi, end in zip(phis, ends, strict=True):
            builder.store(phi, end, align=self.align)

    def columns(self, packed: Any, k: Any) -> Any:
        """Return the row of what is packed that the terms `k` are products with."""
        builder, (array, start) = self.builder, packed
        index = builder.add(start, builder.mul(k, k.type(COLUMNS)))
        return builder.load(array.in_row(index, self.vector), align=self.align)

    def everywhere(self, x: Any, row: int, k: Any) -> Any:
        """Return an element of `x` in all places of a vector."""
        builder, (matrix, at) = self.builder, x
        address = matrix.at(builder.add(at, k.type(row)), k, self.number)
        nothing = ir.Constant(self.vector, ir.Undefined)
        one = builder.insert_element(nothing, builder.load(address), ir.IntType(32)(0))
        places = ir.Constant(ir.VectorType(ir.IntType(32), COLUMNS), [0] * COLUMNS)
        return builder.shuffle_vector(one, nothing, places)


_add_block, _add_row = _adder(ROWS), _adder(1)


@intrinsic
def _skipped(typingctx, array):  # type: ignore[no-untyped-def]
    """Return how many elements stand before the first that begins a line of the cache."""

    def codegen(context, builder, signature, args):  # type: ignore[no-untyped-def]
        made = context.make_array(signature.args[0])(context, builder, args[0])
        place = ir.IntType(64)
        address = builder.ptrtoint(made.data, place)
        beyond = builder.and_(builder.neg(address), place(LINE - 1))
        return builder.udiv(beyond, place(context.get_abi_sizeof(made.data.type.pointee)))

    return types.intp(array), codegen


def _product(x, y, first=-FAR, last=FAR, lowest=-FAR, highest=FAR):  # type: ignore[no-untyped-def]
    rows, depth, width = x.shape[0], x.shape[1], y.shape[1]
    out = np.zeros((rows, width), x.dtype)
    packed = np.zeros(DEPTH * COLUMNS + LINE, x.dtype)
    begin = _skipped(packed)
    tile = np.zeros((ROWS, COLUMNS), x.dtype)
    for below in range(0, depth, DEPTH):
        above = min(below + DEPTH, depth)
        for column in range(0, width, COLUMNS):
            columns = min(COLUMNS, width - column)
            start = begin - below * COLUMNS
            for k in range(below, above):
                if columns == COLUMNS:
                    for j in range(COLUMNS):
                        packed[start + k * COLUMNS + j] = y[k, column + j]
                else:
                    for j in range(columns):
                        packed[start + k * COLUMNS + j] = y[k, column + j]
            for row in range(0, rows, ROWS):
                count = min(ROWS, rows - row)
                if column + columns - 1 - row < lowest or column - row - count + 1 > highest:
                    continue
                # The last rows are done together with some that have been done already.
                at = max(min(row, rows - ROWS), 0)
                # The terms that all rows have; on both sides are some that only some of them have.
                low = max(below, min(above, row + count - 1 + first))
                high = max(low, min(above, row + last + 1))
                if rows < ROWS:
                    low = high = above
                whole = columns == COLUMNS and at == row and rows >= ROWS
                if whole:
                    target, top, left = out, row, column
                else:
                    target, top, left = tile, 0, 0
                    for i in range(count):
                        for j in range(columns):
                            tile[row - at + i, j] = out[row + i, column + j]
                if low > below:
                    for i in range(row, row + count):
                        begin_k, stop = max(below, i + first), min(low, i + last + 1)
                        _add_row(target, top + i - at, left, x, i, begin_k, stop, packed, start)
                if high > low:
                    _add_block(target, top, left, x, at, low, high, packed, start)
                if above > high:
                    for i in range(row, row + count):
                        begin_k, stop = max(high, i + first), min(above, i + last + 1)
                        _add_row(target, top + i - at, left, x, i, begin_k, stop, packed, start)
                if not whole:
                    for i in range(count):
                        for j in range(columns):
                            out[row + i, column + j] = tile[row - at + i, j]
    return out


product: Any = njit(error_model="numpy", nogil=True)(_product)
