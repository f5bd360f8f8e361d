"""Products of matrices whose sums are added up in order: to the bit those of three nested loops.

A sum may have pairs of products as its terms.

A block of rows of the one matrix meets some columns of the other, which are packed so that they are
read in order. The sums of a block stay in registers, as in Goto and van de Geijn, "Anatomy of
high-performance matrix multiplication" (2008), and no multiplication is fused with an addition.

It is written in LLVM's code, once for each type: for the same in Python, Numba needs a second.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from srcdiff.runtime.allocation import new_array
from srcdiff.runtime.vecmath.machine import features
from srcdiff.words import FAR

COLUMNS = 8
"""Columns of a block: as many float64 as fit in a register of 512 bits."""
DEPTH = 256
"""Terms of a sum that are added up before the next block: what is packed fits in a fast cache."""
LINE = 64
"""Bytes that a cache reads at once; a vector that lies in two of them takes twice the time."""
PLACE = ir.IntType(64)


def _rows() -> int:
    """Return the rows of a block, so that its sums fit in the registers."""
    known = features()
    return 8 if "avx512f" in known else 4 if "avx" in known else 2


ROWS = _rows()


@intrinsic
def product(  # type: ignore[no-untyped-def]
    typing_context, x, y, u=None, v=None, first=None, last=None, lowest=None, highest=None
):
    """`words.product`."""
    result = types.Array(x.dtype, 2, "C")
    ends = (u, v, first, last, lowest, highest)
    given = [types.none if each is None else each for each in ends]
    factors = (x, y, u, v) if isinstance(u, types.Array) else (x, y)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        arrays = [
            make_array(kind)(context, builder, value)
            for kind, value in zip(factors, args, strict=False)
        ]
        rows, depth = cgutils.unpack_tuple(builder, arrays[0].shape, 2)
        width = cgutils.unpack_tuple(builder, arrays[1].shape, 2)[1]
        out = new_array(context, builder, result, [rows, width], zero=True)
        place = context.data_model_manager[result].get_field_position("data")
        data = builder.extract_value(out, place)
        ends = (-FAR, FAR, -FAR, FAR)
        band = [
            context.cast(builder, value, kind, types.int64)
            if isinstance(kind, types.Integer | types.IntegerLiteral)
            else PLACE(end)
            for value, kind, end in zip(args[4:], given[2:], ends, strict=True)
        ]
        matrices = [data]
        for array in arrays:
            matrices += [array.data, *cgutils.unpack_tuple(builder, array.strides, 2)]
        kernel = _kernel(builder.module, data.type.pointee, len(arrays) // 2)
        builder.call(kernel, [rows, depth, width, *band, *matrices])
        return out

    return result(x, y, *given), generate


def _kernel(module: Any, number: Any, pairs: int) -> Any:
    """Return the function that adds products to a matrix, made once in a module."""
    pointer = number.as_pointer()
    places = [PLACE] * 7 + [pointer] + [pointer, PLACE, PLACE] * 2 * pairs
    kind = ir.FunctionType(ir.VoidType(), places)
    function = cgutils.get_or_insert_function(module, kind, f"srcdiff_product_{number}_{pairs}")
    if not function.blocks:
        function.linkage = "internal"
        function.attributes.add("noinline")
        # The loops that matter are unrolled here; LLVM would take twice as long to do it to others.
        function.attributes.add("optsize")
        builder = ir.IRBuilder(function.append_basic_block("entry"))
        _Kernel(builder, number, function.args).emit()
        builder.ret_void()
    return function


class _Kernel:
    """The code of the function. Strides are in bytes, but for those of what is made here."""

    def __init__(self, builder: Any, number: Any, args: Any) -> None:
        self.builder, self.number = builder, number
        self.vector = ir.VectorType(number, COLUMNS)
        self.align = 4 if isinstance(number, ir.FloatType) else 8
        self.rows, self.depth, self.width = args[:3]
        self.first, self.last, self.lowest, self.highest = args[3:7]
        self.out = args[7]
        matrices = [args[k : k + 3] for k in range(8, len(args), 3)]
        self.pairs = list(zip(matrices[::2], matrices[1::2], strict=True))

    # ---- numbers and addresses ----

    def least(self, a: Any, b: Any) -> Any:
        return self.builder.select(self.builder.icmp_signed("<", a, b), a, b)

    def most(self, a: Any, b: Any) -> Any:
        return self.builder.select(self.builder.icmp_signed(">", a, b), a, b)

    def sum(self, *terms: Any) -> Any:
        total = terms[0]
        for term in terms[1:]:
            total = self.builder.add(total, PLACE(term) if isinstance(term, int) else term)
        return total

    def at(self, matrix: Any, row: Any, column: Any) -> Any:
        """Return the address of an element of a matrix that was given."""
        builder, (data, *strides) = self.builder, matrix
        offsets = [builder.mul(i, s) for i, s in zip((row, column), strides, strict=True)]
        start = builder.bitcast(data, ir.IntType(8).as_pointer())
        address = builder.gep(start, [builder.add(*offsets)])
        return builder.bitcast(address, self.number.as_pointer())

    def within(self, start: Any, row: Any, width: Any, column: Any) -> Any:
        """Return the address of an element of a matrix without gaps."""
        return self.builder.gep(start, [self.sum(self.builder.mul(row, width), column)])

    @contextmanager
    def loop(self, start: Any, stop: Any, step: int = 1) -> Iterator[Any]:
        with cgutils.for_range_slice(self.builder, start, stop, PLACE(step)) as (index, _):
            yield index

    def copy(
        self, rows: Any, columns: Any, source: Callable[..., Any], to: Callable[..., Any]
    ) -> None:
        """Append loops that copy some elements: both functions give the address of each."""
        with self.loop(PLACE(0), rows) as i, self.loop(PLACE(0), columns) as j:
            self.builder.store(self.builder.load(source(i, j)), to(i, j))

    # ---- the loops ----

    def emit(self) -> None:
        builder = self.builder
        size = ir.ArrayType(self.number, DEPTH * COLUMNS + LINE)
        self.packed = [self.aligned(builder.alloca(size)) for _ in self.pairs]
        self.tile = self.aligned(builder.alloca(ir.ArrayType(self.number, ROWS * COLUMNS + LINE)))
        with self.loop(PLACE(0), self.depth, DEPTH) as self.below:
            self.above = self.least(self.sum(self.below, DEPTH), self.depth)
            with self.loop(PLACE(0), self.width, COLUMNS) as column:
                left = builder.sub(self.width, column)
                columns = self.least(PLACE(COLUMNS), left)
                self.pack(column, columns)
                with self.loop(PLACE(0), self.rows, ROWS) as row:
                    self.block(row, column, columns)

    def aligned(self, array: Any) -> Any:
        """Return the address of the first element of an array that begins a line of the cache."""
        builder = self.builder
        address = self.sum(builder.ptrtoint(array, PLACE), LINE - 1)
        return builder.inttoptr(builder.and_(address, PLACE(-LINE)), self.number.as_pointer())

    def pack(self, column: Any, columns: Any) -> None:
        """Put some columns of `y` one row after the other; what is missing stays as it is."""
        for (_, matrix), packed in zip(self.pairs, self.packed, strict=True):
            self.pack_one(matrix, packed, column, columns)

    def pack_one(self, matrix: Any, packed: Any, column: Any, columns: Any) -> None:
        builder = self.builder
        with self.loop(self.below, self.above) as k:
            row = builder.sub(k, self.below)

            def put(j: Any) -> None:
                value = builder.load(self.at(matrix, k, self.sum(column, j)))
                builder.store(value, self.within(packed, row, PLACE(COLUMNS), j))

            whole = builder.icmp_signed("==", columns, PLACE(COLUMNS))
            with builder.if_else(whole) as (then, orelse):
                with then:
                    for j in range(COLUMNS):
                        put(PLACE(j))
                with orelse, self.loop(PLACE(0), columns) as j:
                    put(j)

    def block(self, row: Any, column: Any, columns: Any) -> None:
        """Append what adds to a block, unless nothing of it is asked for."""
        builder = self.builder
        count = self.least(PLACE(ROWS), builder.sub(self.rows, row))
        right = builder.sub(self.sum(column, columns, -1), row)
        left = builder.sub(self.sum(column, 1), self.sum(row, count))
        asked = builder.and_(
            builder.icmp_signed(">=", right, self.lowest),
            builder.icmp_signed("<=", left, self.highest),
        )
        with builder.if_then(asked):
            # The last rows are done together with some that have been done already.
            at = self.most(self.least(row, builder.sub(self.rows, PLACE(ROWS))), PLACE(0))
            top = builder.sub(row, at)
            full = builder.and_(
                builder.icmp_signed("==", columns, PLACE(COLUMNS)),
                builder.icmp_signed("==", count, PLACE(ROWS)),
            )
            place = self.within(self.out, row, self.width, column)
            with builder.if_else(full) as (then, orelse):
                with then:
                    self.add(place, self.width, at, row, count)
                with orelse:

                    def outside(i: Any, j: Any) -> Any:
                        return self.within(place, i, self.width, j)

                    def inside(i: Any, j: Any) -> Any:
                        return self.within(self.tile, self.sum(top, i), PLACE(COLUMNS), j)

                    self.copy(count, columns, outside, inside)
                    self.add(self.tile, PLACE(COLUMNS), at, row, count)
                    self.copy(count, columns, inside, outside)

    def add(self, target: Any, width: Any, at: Any, row: Any, count: Any) -> None:
        """Add the products of a block to what is at `target`, whose first row is row `at`.

        All rows have the terms from `low` to `high`; on both sides are terms of some of them.
        """
        builder = self.builder
        end = self.sum(row, count)
        inner = self.least(self.above, self.sum(end, -1, self.first))
        low = self.most(self.below, inner)
        high = self.most(low, self.least(self.above, self.sum(row, self.last, 1)))
        few = builder.icmp_signed("<", self.rows, PLACE(ROWS))
        low, high = (builder.select(few, self.above, each) for each in (low, high))

        def some(start: Any, stop: Any) -> None:
            with self.loop(row, end) as i:
                begin = self.most(start, self.sum(i, self.first))
                after = self.least(stop, self.sum(i, self.last, 1))
                line = self.within(target, builder.sub(i, at), width, PLACE(0))
                self.sums(1, line, width, i, begin, after)

        with builder.if_then(builder.icmp_signed(">", low, self.below)):
            some(self.below, low)
        with builder.if_then(builder.icmp_signed(">", high, low)):
            self.sums(ROWS, target, width, at, low, high)
        with builder.if_then(builder.icmp_signed(">", self.above, high)):
            some(high, self.above)

    def sums(self, rows: int, target: Any, width: Any, at: Any, low: Any, high: Any) -> None:
        """Add to some rows of 8 numbers their products with what is packed, low <= k < high."""
        builder = self.builder
        ends = [
            builder.bitcast(
                self.within(target, PLACE(r), width, PLACE(0)), self.vector.as_pointer()
            )
            for r in range(rows)
        ]
        before = builder.block
        sums = [builder.load(end, align=self.align) for end in ends]
        head, body, after = (builder.append_basic_block(name) for name in ("head", "body", "after"))
        builder.branch(head)
        builder.position_at_end(head)
        k = builder.phi(PLACE)
        phis = [builder.phi(self.vector) for _ in sums]
        builder.cbranch(builder.icmp_signed("<", k, high), body, after)
        builder.position_at_end(body)
        lines = [self.line(packed, k) for packed in self.packed]
        added = [
            builder.fadd(phi, self.term(self.sum(at, r), k, lines)) for r, phi in enumerate(phis)
        ]
        following = self.sum(k, 1)
        builder.branch(head)
        edges = zip((k, *phis), (low, *sums), (following, *added), strict=True)
        for phi, start, step in edges:
            phi.add_incoming(start, before)
            phi.add_incoming(step, body)
        builder.position_at_end(after)
        for phi, end in zip(phis, ends, strict=True):
            builder.store(phi, end, align=self.align)

    def line(self, packed: Any, k: Any) -> Any:
        """Return a row of what is packed."""
        builder = self.builder
        line = self.within(packed, builder.sub(k, self.below), PLACE(COLUMNS), PLACE(0))
        return builder.load(builder.bitcast(line, self.vector.as_pointer()), align=self.align)

    def term(self, row: Any, k: Any, lines: list[Any]) -> Any:
        """Return what is added to the sums of a row."""
        builder = self.builder
        first, *others = (
            builder.fmul(self.everywhere(matrix, row, k), line)
            for (matrix, _), line in zip(self.pairs, lines, strict=True)
        )
        return builder.fadd(first, *others) if others else first

    def everywhere(self, matrix: Any, row: Any, k: Any) -> Any:
        """Return an element of a matrix in all places of a vector."""
        builder = self.builder
        nothing = ir.Constant(self.vector, ir.Undefined)
        value = builder.load(self.at(matrix, row, k))
        one = builder.insert_element(nothing, value, ir.IntType(32)(0))
        places = ir.Constant(ir.VectorType(ir.IntType(32), COLUMNS), [0] * COLUMNS)
        return builder.shuffle_vector(one, nothing, places)
