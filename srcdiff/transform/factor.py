"""Take the common factor out of products of matrices that are added to one array.

    Increment x_bar += a @ b
    Increment x_bar += a @ c        ->      Increment x_bar += a @ (b + c)

A sum costs much less than a product. Only in the adjoint sweep, whose sums may be taken in any
order; transposes are looked through, as `x.T @ x` has both of its contributions in one array. Two
triangles that are 0 elsewhere make one matrix.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from srcdiff import words
from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.analysis.dependence import dependence_of
from srcdiff.analysis.memory import Memory, memory
from srcdiff.analysis.reorder import accesses
from srcdiff.ir.build import Builder, Static, is_zeros
from srcdiff.ir.nodes import (
    Block,
    Call,
    Function,
    Increment,
    Operand,
    Statement,
    Transpose,
    Value,
    View,
)
from srcdiff.ir.types import Array
from srcdiff.ir.walk import map_blocks, renewed, statements
from srcdiff.transform.assign_first import assign_first
from srcdiff.transform.eliminate import eliminate


def factor(function: Function) -> Function:
    """Merge products of `function` that have a factor in common and are added to one array."""
    if not any(isinstance(s, Call) and _is_term(s) for s in statements(function.body)):
        return function
    flow, known = dataflow(function), memory(function)
    work = _Factoring(flow, known, _Triangles(function, flow, known))
    body = work.block(function.body)
    # What has been added to zeros first may be all that is added now.
    if body is function.body:
        return function
    return assign_first(eliminate(replace(function, body=body)))


@dataclass(frozen=True, eq=False)
class Matrix:
    """An array, or its transpose."""

    array: Value
    flipped: bool

    def is_like(self, other: "Matrix") -> bool:
        return self.array is other.array and self.flipped == other.flipped

    def turned(self) -> "Matrix":
        return Matrix(self.array, not self.flipped)


@dataclass(frozen=True, eq=False)
class Term:
    """What an increment adds: `left @ right`, in the order of the memory unless of a triangle."""

    increment: Increment
    call: Call
    target: Matrix
    left: Matrix
    right: Matrix


@dataclass(eq=False)
class _Factoring:
    flow: Dataflow
    memory: Memory
    triangles: "_Triangles"

    def block(self, block: Block) -> Block:
        done: list[Statement] = []
        waiting: list[Term] = []
        sums: Sums = {}
        for position, statement in enumerate(block.statements):
            statement = map_blocks(statement, self.block)
            term = self.term(statement, block.statements[:position])
            waiting = [t for t in waiting if self.can_wait(t, statement, adds=term is not None)]
            written = self.memory.writes(statement)
            sums = {
                k: s
                for k, s in sums.items()
                if not any(self.memory.root(m) in written for m, _ in k)
            }
            partner = None if term is None else self.partner(term, waiting)
            if term is not None and partner is not None:
                done = [s for s in done if s not in (partner.increment, partner.call, term.call)]
                done += _merged(partner, term, sums)
                waiting.remove(partner)
                continue
            done.append(statement)
            if term is not None:
                waiting.append(term)
        return renewed(block, done)

    def can_wait(self, term: Term, statement: Statement, *, adds: bool) -> bool:
        """Say whether a term may be added behind a statement; two sums have no order."""
        written = self.memory.writes(statement)
        touched = frozenset[Value]() if adds else written | self.memory.reads(statement)
        return not (self.factors(term) & written or self.memory.root(term.target.array) in touched)

    def factors(self, term: Term) -> frozenset[Value]:
        return frozenset(self.memory.root(matrix.array) for matrix in (term.left, term.right))

    def term(self, statement: Statement, before: tuple[Statement, ...]) -> Term | None:
        """Return what a statement adds to a whole array, if that is a product made for it."""
        if not isinstance(statement, Increment) or statement.indices:
            return None
        value = statement.value
        if statement.origin.sweep != "adjoint" or not isinstance(value, Value):
            return None
        made = matrix_of(self.flow, value)
        call = self.flow.definitions[made.array].statement
        if not isinstance(call, Call) or not _is_term(call) or call not in before:
            return None
        matrices = [matrix_of(self.flow, arg) for arg in call.args if isinstance(arg, Value)]
        flat = any(len(m.array.shape) != 2 for m in matrices)
        if flat or any(len(self.flow.uses[each]) != 1 for each in (value, made.array)):
            return None
        left, right = matrices
        target = matrix_of(self.flow, statement.ref)
        flipped = target.flipped != made.flipped
        if flipped and not call.static:
            left, right, flipped = right.turned(), left.turned(), False
        term = Term(statement, call, Matrix(target.array, flipped), left, right)
        between = before[before.index(call) + 1 :]
        changes = any(self.factors(term) & self.memory.writes(s) for s in between)
        return None if changes else term

    def partner(self, term: Term, waiting: list[Term]) -> Term | None:
        """Return an earlier term of the same array that has a factor in common with `term`."""
        for other in waiting:
            if other.call.function is not term.call.function:
                continue
            shared = other.left.is_like(term.left) or other.right.is_like(term.right)
            if other.target.is_like(term.target) and shared and self.counts_all(other, term):
                return other
        return None

    def counts_all(self, one: Term, other: Term) -> bool:
        """Say whether all elements of the factors count, or those that do not are 0.

        What each of two triangles leaves out, the other one has: nothing more is read of the rest.
        """
        if not one.call.static and not other.call.static:
            return True
        if not one.right.is_like(other.right) or not _is_whole(one.call.static + other.call.static):
            return False
        return all(self.triangles.holds(t.left, t.call.static) for t in (one, other))


Sums = dict[frozenset[tuple[Value, bool]], Value]
"""Sums of two matrices that have been made, each flipped or not."""


def _merged(first: Term, second: Term, sums: Sums) -> list[Statement]:
    """Return what adds both terms at once, where the second one was added."""
    builder = Builder(second.increment.origin)
    if first.left.is_like(second.left):
        left = view_of(builder, second.left)
        right = _sum(builder, first.right, second.right, sums)
    else:
        left = _sum(builder, first.left, second.left, sums)
        right = view_of(builder, second.right)
    shape = (left.shape[0], right.shape[1])
    type = Array(left.type.dtype, 2)
    product = builder.call(second.call.function, left, right, type=type, shape=shape)
    builder.increment(view_of(builder, second.target), (), product)
    return builder.statements


@dataclass(eq=False)
class _Triangles:
    """Which matrices are 0 but for a triangle."""

    function: Function
    flow: Dataflow
    memory: Memory

    def holds(self, matrix: Matrix, static: Static) -> bool:
        """Say whether elements of a matrix that do not count are 0."""
        made = self.flow.definitions[matrix.array].statement
        found = accesses(self.function, self.memory, matrix.array) if is_zeros(made) else None
        dependence = dependence_of(self.flow)
        for touch in found or ():
            if not touch.writes:
                continue
            if touch.statement.ref is not matrix.array or len(touch.statement.indices) != 2:
                return False
            row, column = map(dependence.form, touch.statement.indices)
            beyond = row - column if matrix.flipped else column - row
            for name, end in static:
                outside = beyond - (end + 1) if name == "last" else -beyond + (end - 1)
                if not all(map(dependence.is_natural, touch.statement.indices)):
                    return False
                if not dependence.never([outside]):
                    return False
        return found is not None


def _is_whole(ends: Static) -> bool:
    """Say whether two triangles, together, are all of a matrix."""
    known = dict(ends)
    return (
        len(ends) == len(known) == 2
        and {"first", "last"} == set(known)
        and (known["first"] <= known["last"] + 1)
    )


PRODUCTS: frozenset[Any] = frozenset({np.matmul, words.product})


def is_product(call: Call) -> bool:
    """Say whether a call multiplies arrays, all of whose elements count."""
    return call.function in PRODUCTS and not call.static and len(call.args) == 2


def _is_term(call: Call) -> bool:
    """Say whether a call multiplies arrays, maybe those of a triangle and another one."""
    triangle = len(call.static) == 1 and call.static[0][0] in ("first", "last")
    return call.function in PRODUCTS and len(call.args) == 2 and (triangle or not call.static)


def matrix_of(flow: Dataflow, array: Operand) -> Matrix:
    """Return what an array is, or is the transpose of."""
    assert isinstance(array, Value)
    return Matrix(*untransposed(flow, array))


def view_of(builder: Builder, matrix: Matrix) -> Value:
    """Append the view that a matrix is, unless it is the array itself."""
    return builder.transposed(matrix.array) if matrix.flipped else matrix.array


def _sum(builder: Builder, first: Matrix, second: Matrix, sums: Sums) -> Value:
    both = sorted((first, second), key=lambda matrix: matrix.flipped)
    key = frozenset((matrix.array, matrix.flipped) for matrix in both)
    if key not in sums:
        sums[key] = builder.call(np.add, *(view_of(builder, matrix) for matrix in both))
    return sums[key]


def untransposed(flow: Dataflow, matrix: Value) -> tuple[Value, bool]:
    """Return what a matrix is the transpose of, and whether it is one."""
    flipped = False
    while True:
        view = flow.definitions[matrix].statement
        if not isinstance(view, View) or not isinstance(view.how, Transpose):
            return matrix, flipped
        matrix, flipped = view.ref, flipped != (view.how.axes == (1, 0))
