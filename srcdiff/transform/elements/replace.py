"""Put the elements of small arrays in their place: the writes to them become values.

    r = Alloc (2,)
    Store r[0] = a                        r_0 = a
    Increment r[0] += b            ->     r_0' = Call add(r_0, b)
    c = Load r[0]                         (c is r_0')

Where branches join, and where a loop begins and ends, an element is joined and carried as any
number is. What nobody has written is 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from typing_extensions import assert_never

from srcdiff.analysis.aliasing import Aliases, aliases
from srcdiff.ir.build import Builder, constant, integer
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Broadcast,
    Call,
    Carried,
    Const,
    For,
    Function,
    If,
    Increment,
    Index,
    Join,
    Load,
    Operand,
    Reshape,
    Statement,
    Store,
    Transpose,
    Value,
    View,
    While,
    is_array,
)
from srcdiff.ir.types import Scalar
from srcdiff.ir.walk import rename, substitute
from srcdiff.transform.elements.choose import extents_of, places
from srcdiff.transform.fusion.scalars import emit


@dataclass(frozen=True, eq=False)
class Cell:
    """An element of an array of the class `root`: `name` is what its values are to be called."""

    name: str
    type: Scalar
    root: Value


Cells = Any
"""An array of NumPy that holds cells, or what is in them."""
Contents = dict[Cell, Operand]


def replaced(function: Function, chosen: set[Value]) -> Function:
    """Replace the arrays of `function` that are chosen."""
    work = _Replacer(chosen, aliases(function), frozenset(function.params))
    body, _ = work.part(function.body, (), {})
    results = tuple(work.find(result) for result in function.results)
    if work.names:
        mapping: dict[Value, Operand] = {}
        body = rename(body, work.names, mapping)
        results = tuple(mapping.get(r, r) if isinstance(r, Value) else r for r in results)
    return replace(function, body=body, results=results)


@dataclass(eq=False)
class _Replacer:
    chosen: set[Value]
    aliases: Aliases
    params: frozenset[Value]
    cells: dict[Value, Cells] = field(default_factory=dict)
    mapping: dict[Value, Operand] = field(default_factory=dict)
    names: dict[Value, str] = field(default_factory=dict)
    """Temporaries that become what the user calls an element or a name for it."""
    builder: Builder = field(default_factory=Builder)

    def find(self, operand: Operand) -> Operand:
        return self.mapping.get(operand, operand) if isinstance(operand, Value) else operand

    # ---- elements ----

    def make(self, array: Value) -> Cells:
        """Return the elements of a new array."""
        shape = extents_of(array)
        assert shape is not None
        cells = np.empty(shape, dtype=object)
        type, root = Scalar(array.type.dtype), self.aliases.root(array)
        for place in np.ndindex(shape):
            cells[place] = Cell(_name(array, place), type, root)
        self.cells[array] = cells
        return cells

    def seen(self, view: View) -> Cells:
        """Return the elements that a view shows."""
        cells, shape = self.cells[view.ref], extents_of(view.out)
        assert shape is not None
        match view.how:
            case Index():
                return cells[places(view)]
            case Transpose(axes=axes):
                return cells.transpose(axes)
            case Reshape():
                return cells.reshape(shape)
            case Broadcast():
                return np.broadcast_to(cells, shape)
            case _:
                assert_never(view.how)

    def read(self, operand: Operand, shape: tuple[int, ...], now: Contents) -> Cells:
        """Return what is broadcast to `shape`, element by element; load it where it is memory."""
        result = np.empty(shape, dtype=object)
        if not isinstance(operand, Value) or not is_array(operand):
            result.fill(self.find(operand))
            return result
        if operand in self.cells:
            cells: Cells = np.broadcast_to(self.cells[operand], shape)
            for place in np.ndindex(shape):
                result[place] = now[cells[place]]
            return result
        one = [isinstance(extent, Const) and extent.value == 1 for extent in operand.shape]
        loaded: dict[tuple[int, ...], Operand] = {}
        for place in np.ndindex(shape):
            own = place[len(shape) - len(one) :]
            key = tuple(0 if single else k for single, k in zip(one, own, strict=True))
            if key not in loaded:
                loaded[key] = self.builder.load(operand, tuple(map(integer, key)))
            result[place] = loaded[key]
        return result

    def called(self, operand: Operand, name: str) -> Operand:
        """Give a temporary the name of an element, if it has not got one yet."""
        if isinstance(operand, Value) and operand.name.startswith("_"):
            if not name.startswith("_") and operand not in self.params:
                self.names.setdefault(operand, name)
        return operand

    # ---- statements ----

    def keep(self, statement: Statement) -> None:
        self.builder.append(substitute(statement, self.mapping))

    def statement(self, statement: Statement, now: Contents) -> None:
        match statement:
            case Alloc(out=out, fill=fill) if out in self.chosen:
                for cell in self.make(out).flat:
                    now[cell] = constant(0, cell.type) if fill is None else self.find(fill)
            case View(out=out) if out in self.chosen:
                self.cells[out] = self.seen(statement)
            case Load(ref=ref) if ref in self.chosen:
                self.load(statement, now)
            case Store() | Increment() if self.is_taken_apart(statement):
                self.write(statement, now)
            case Call(function=np.shape, args=(Value() as ref,)) if ref in self.chosen:
                axis = dict(statement.static)["axis"]
                self.mapping[statement.out] = ref.shape[axis]
            case Call() if self.is_operation(statement):
                self.call(statement, now)
            case If():
                self.branch(statement, now)
            case For() | While():
                self.loop(statement, now)
            case _:
                self.keep(statement)

    def load(self, load: Load, now: Contents) -> None:
        value = now[self.cells[load.ref][_place(load.indices)]]
        if isinstance(value, Value) and value.name.startswith("_"):
            self.called(value, load.out.name)
        elif not load.out.name.startswith("_") and _name_of(value) != load.out.name:
            self.builder.call_into(load.out, np.positive, (value,), ())
            return
        self.mapping[load.out] = value

    def is_taken_apart(self, write: Store | Increment) -> bool:
        return write.ref in self.chosen or write.value in self.chosen

    def write(self, write: Store | Increment, now: Contents) -> None:
        """Write into elements, or the elements of a small array into memory."""
        ref = self.find(write.ref)
        assert isinstance(ref, Value)
        shape = extents_of(write.ref)
        assert shape is not None
        whole = list(np.ndindex(shape))
        targets = whole if not write.indices else [_place(write.indices)]
        if write.indices:
            found = {targets[0]: self.find(write.value)}
        else:
            values = self.read(write.value, shape, now)
            found = {place: values[place] for place in whole}
        if write.ref not in self.cells:
            for place in whole:
                at = tuple(map(integer, place))
                self.builder.append(replace(write, ref=ref, indices=at, value=found[place]))
            return
        cells = self.cells[write.ref]
        for place in targets:
            self.set(write, cells[place], found[place], now)

    def set(self, write: Store | Increment, cell: Cell, value: Operand, now: Contents) -> None:
        if isinstance(write, Increment):
            args = (now[cell], value)
            value = emit(self.builder, np.add, args, (), cell.type.dtype, cell.name)
        now[cell] = self.called(value, cell.name)

    # ---- operations ----

    def is_operation(self, call: Call) -> bool:
        if call.out in self.chosen:
            return True
        return not is_array(call.out) and any(arg in self.chosen for arg in call.args)

    def call(self, call: Call, now: Contents) -> None:
        if not is_array(call.out):
            results: Cells = np.empty((), dtype=object)
            self.fold(call, results, (call.out.name,), now)
            value = results[()]
            self.called(value, call.out.name)
            self.mapping[call.out] = value
            return
        shape = extents_of(call.out)
        assert shape is not None
        cells = self.make(call.out)
        results = np.empty(shape, dtype=object)
        names = tuple(cell.name for cell in cells.flat)
        if call.function in (np.sum, np.matmul):
            self.fold(call, results, names, now)
        else:
            args = [self.read(arg, shape, now) for arg in call.args]
            for place, name in zip(np.ndindex(shape), names, strict=True):
                parts = tuple(arg[place] for arg in args)
                dtype = call.out.type.dtype
                results[place] = emit(self.builder, call.function, parts, call.static, dtype, name)
        for cell, value in zip(cells.flat, results.flat, strict=True):
            now[cell] = self.called(value, cell.name)

    def fold(self, call: Call, results: Cells, names: Sequence[str], now: Contents) -> None:
        """Write out sums: of the elements of an array, or of products."""
        arrays = [self.read(arg, extents_of(arg) or (), now) for arg in call.args]
        if call.function is np.sum:
            terms = _summed(arrays[0], dict(call.static))
        else:
            terms = self.products(*arrays)
        terms = terms.reshape((*results.shape, -1))
        for place, name in zip(np.ndindex(results.shape), names, strict=True):
            total, *rest = terms[place]
            for k, term in enumerate(rest, 1):
                wish = name if k == len(rest) else "_t"
                total = self.builder.call(np.add, total, term, name=wish)
            results[place] = total

    def products(self, left: Cells, right: Cells) -> Cells:
        """Return the terms of a matrix product, along the last axis."""
        columns = right if right.ndim == 1 else right.T
        rows = left
        if left.ndim == 2 and right.ndim == 2:
            rows, columns = left[:, None, :], columns[None, :, :]
        pairs: Cells = np.broadcast_arrays(rows, columns)
        terms: Cells = np.empty(pairs[0].shape, dtype=object)
        for place in np.ndindex(terms.shape):
            terms[place] = self.builder.call(np.multiply, pairs[0][place], pairs[1][place])
        return terms

    # ---- control flow ----

    def branch(self, branch: If, now: Contents) -> None:
        """Join what the branches have changed."""
        condition = self.find(branch.condition)
        if isinstance(condition, Const):
            self.decided(branch, bool(condition.value), now)
            return
        arrays = [join for join in branch.joins if join.out in self.chosen]
        one, other = dict(now), dict(now)
        then, left = self.part(branch.then, [(j.out, j.then) for j in arrays], one)
        orelse, right = self.part(branch.orelse, [(j.out, j.orelse) for j in arrays], other)
        joins = [
            Join(self.defined(join.out), self.find(join.then), self.find(join.orelse))
            for join in branch.joins
            if join.out not in self.chosen
        ]
        changed = [cell for cell in now if one[cell] is not other[cell]]
        now.update((cell, one[cell]) for cell in now)
        made = [cell for join in arrays for cell in self.make(join.out).flat]
        left += [one[cell] for cell in changed]
        right += [other[cell] for cell in changed]
        for cell, *sides in zip([*made, *changed], left, right, strict=True):
            now[cell] = out = Value(cell.name, cell.type)
            joins.append(Join(out, *sides))
        shell = replace(branch, condition=condition, joins=tuple(joins))
        self.builder.append(replace(shell, then=then, orelse=orelse))

    def decided(self, branch: If, condition: bool, now: Contents) -> None:
        """Run the branch that is taken in place of a branch whose condition is a literal."""
        for statement in (branch.then if condition else branch.orelse).statements:
            self.builder.origin = statement.origin
            self.statement(statement, now)
        for join in branch.joins:
            side = join.then if condition else join.orelse
            if join.out in self.chosen:
                self.hand_on(side, join.out, now)
            else:
                self.mapping[join.out] = self.find(side)

    def hand_on(self, source: Operand, array: Value, now: Contents) -> None:
        contents = self.read(source, extents_of(array) or (), now)
        now.update(zip(self.make(array).flat, contents.flat, strict=True))

    def part(
        self, block: Block, arrays: Sequence[tuple[Value, Operand]], now: Contents
    ) -> tuple[Block, list[Operand]]:
        """Replace the arrays in a block; return also the elements of arrays at its end."""
        outer, self.builder = self.builder, Builder()
        for statement in block.statements:
            self.builder.origin = statement.origin
            self.statement(statement, now)
        found = [self.read(source, extents_of(array) or (), now) for array, source in arrays]
        done, self.builder = self.builder.block(), outer
        return done, [value for contents in found for value in contents.flat]

    def loop(self, loop: For | While, now: Contents) -> None:
        """Carry the elements that a loop writes, and those of the arrays that it carries."""
        written = self.aliases.writes[loop]
        arrays = [entry for entry in loop.carried if entry.phi in self.chosen]
        cells = [cell for cell in now if cell.root in written]
        inits = [now[cell] for cell in cells]
        for entry in arrays:
            inits += self.read(entry.init, extents_of(entry.phi) or (), now).flat
        own = [*cells, *(cell for entry in arrays for cell in self.make(entry.phi).flat)]
        phis = {cell: Value(cell.name, cell.type) for cell in own}
        others = [e for e in loop.carried if e.phi not in self.chosen]
        carried = [replace(e, phi=self.defined(e.phi), init=self.find(e.init)) for e in others]
        loop, ends = self.inside(loop, [(e.phi, e.next) for e in arrays], {**now, **phis}, cells)
        carried = [replace(e, next=self.find(e.next), out=self.defined(e.out)) for e in carried]
        own = [*cells, *(cell for entry in arrays for cell in self.make(entry.out).flat)]
        outs = {cell: Value(cell.name, cell.type) for cell in own}
        carried += map(Carried, phis.values(), inits, ends, outs.values())
        now.update(outs)
        self.builder.append(replace(loop, carried=tuple(carried)))

    def inside(
        self,
        loop: For | While,
        arrays: Sequence[tuple[Value, Operand]],
        now: Contents,
        cells: Sequence[Cell],
    ) -> tuple[For | While, list[Operand]]:
        """Replace the arrays in a loop; return also what its elements are when the body ends."""
        find = self.find
        if isinstance(loop, While):
            head, _ = self.part(loop.head, (), now)
            loop = replace(loop, head=head, condition=find(loop.condition))
        else:
            start, stop, step = map(find, (loop.start, loop.stop, loop.step))
            loop = replace(loop, start=start, stop=stop, step=step)
        body, ends = self.part(loop.body, arrays, now)
        leave = None if loop.leave is None else find(loop.leave)
        return replace(loop, body=body, leave=leave), [*(now[cell] for cell in cells), *ends]

    def defined(self, value: Value) -> Value:
        shape = tuple(map(self.find, value.shape))
        if all(a is b for a, b in zip(shape, value.shape, strict=True)):
            return value
        new = Value(value.name, value.type, shape)
        self.mapping[value] = new
        return new


def _name(array: Value, place: tuple[int, ...]) -> str:
    if array.name.startswith("_"):
        return array.name
    return "_".join((array.name, *map(str, place)))


def _name_of(operand: Operand) -> str:
    return operand.name if isinstance(operand, Value) else ""


def _place(indices: Sequence[Operand]) -> tuple[int, ...]:
    return tuple(int(index.value) for index in indices if isinstance(index, Const))


def _summed(cells: Cells, static: dict[str, Any]) -> Cells:
    """Return the terms of a sum, those of one result along the last axis."""
    axis = static.get("axis")
    axes = tuple(range(cells.ndim)) if axis is None else tuple(axis)
    kept = [k for k in range(cells.ndim) if k not in axes]
    turned = cells.transpose((*kept, *axes))
    return turned.reshape((*(cells.shape[k] for k in kept), -1))
