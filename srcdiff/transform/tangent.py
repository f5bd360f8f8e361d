"""Forward mode: each statement is followed by its tangent.

    y = Call sin(x)                       y = Call sin(x)
    z = Call multiply(y, x)        ->     y_dot = Call multiply(cos(x), x_dot)
    return z                              z = Call multiply(y, x)
                                          z_dot = Call add(multiply(x, y_dot), multiply(y, x_dot))
                                          return z, z_dot

Every active array has a shadow, which is made, viewed, written, joined and carried as the array is,
so that control flow and aliasing need no thought of their own; adjoint code is differentiated like
any other. *Several tangents at once* are one more axis, the last, of every tangent.

A partial that may be infinite, times a tangent that is 0, gives 0.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from srcdiff.analysis.activity import Activity, activity
from srcdiff.analysis.aliasing import aliases
from srcdiff.analysis.dataflow import Dataflow, dataflow
from srcdiff.analysis.signs import Signs
from srcdiff.analysis.smooth import has_no_pole
from srcdiff.errors import UnknownFunction, UnsupportedSyntax
from srcdiff.ir.build import Builder, constant, extents, integer, is_constant
from srcdiff.ir.derivatives import floats, reverse
from srcdiff.ir.layout import layouts_of, view_layout
from srcdiff.ir.nodes import (
    NEW_AXIS,
    Alloc,
    Block,
    Broadcast,
    Call,
    Carried,
    Derive,
    For,
    Function,
    Guard,
    How,
    If,
    Increment,
    Index,
    Item,
    Join,
    Load,
    Operand,
    Reshape,
    Slice,
    Statement,
    Store,
    Transpose,
    Value,
    View,
    While,
    is_array,
)
from srcdiff.ir.symbols import unused
from srcdiff.ir.types import PYTHON_INT, Array, Scalar, Type
from srcdiff.ir.walk import blocks, map_blocks
from srcdiff.rules import elementwise_rule, is_zero
from srcdiff.rules.expression import Expression, Number
from srcdiff.rules.registry import Elementwise
from srcdiff.transform.jacobians import prologue
from srcdiff.transform.partials import added, instantiate, mentions, scaled, squared
from srcdiff.transform.titles import title
from srcdiff.words import cast, grow

FULL = Slice(None, None, None)


@dataclass(frozen=True, eq=False)
class Tangents:
    """What is asked for: tangents along `wrt`, one or `several` at once, and the results.

    The last `constant` results are returned but have no tangent.
    """

    wrt: tuple[Value, ...]
    with_value: bool = True
    several: bool = False
    name: str = ""
    constant: int = 0


def tangent(function: Function, request: Tangents) -> Function:
    """Return the function that computes the tangents of the results of `function`.

    Its parameters are one tangent for each of `request.wrt`, then those of `function`; it returns
    the results of `function`, if asked for, then the tangent of each float among them.
    """
    active = activity(function, request.wrt, aliases(function, through_edges=True))
    flow = dataflow(function)
    work = _Tangent(active, flow, Signs(flow))
    seeds = work.seed(request, {param.name for param in function.params})
    first, rest = prologue(function, function.params)
    work.head.statements += first
    work.rest(function.params)
    body = work.block(Block(tuple(rest)))
    differentiated = function.results[: len(function.results) - request.constant]
    builder = Builder()
    dots = [work.or_zero(builder, r) for r in differentiated if r.type.dtype.kind == "f"]
    return replace(
        function,
        name=request.name or f"{function.name}_tangent",
        params=(*seeds, *function.params),
        body=Block((*work.head.statements, *body.statements, *builder.statements)),
        results=(*(function.results if request.with_value else ()), *dots),
        doc=title("Tangent", function, "along", request.wrt),
    )


@dataclass(eq=False)
class _Tangent:
    """The tangents of the values seen so far; `width` is the number of tangents, if several."""

    activity: Activity
    flow: Dataflow
    signs: Signs
    dots: dict[Value, Operand] = field(default_factory=dict)
    width: Operand | None = None
    strided: set[Value] = field(default_factory=set)
    head: Builder = field(default_factory=Builder)
    builder: Builder = field(default_factory=Builder)

    def seed(self, request: Tangents, taken: set[str]) -> tuple[Value, ...]:
        """Return the parameters for the tangents of `wrt`, under names that are not `taken`."""
        if request.several:
            self.width = Value("width", PYTHON_INT)
        seeds: list[Value] = []
        for param in request.wrt:
            seed = self.shaped(param, unused(f"{param.name}_dot", taken), self.shape(param))
            taken.add(seed.name)
            if self.width is not None and not seeds:
                axis = (("axis", len(param.shape)),)
                self.head.call_into(self.width, np.shape, (seed,), axis)  # type: ignore[arg-type]
            self.dots[param] = seed
            seeds.append(seed)
        return tuple(seeds)

    def rest(self, params: Iterable[Value]) -> None:
        """Give a tangent of zeros to parameters that names are rebound to which have one."""
        for param in params:
            if param not in self.dots and self.is_active(param):
                self.dots[param] = self.zero(self.head, param)

    # ---- tangents ----

    def is_active(self, operand: Operand) -> bool:
        return self.activity.is_active(operand)

    def dot(self, operand: Operand) -> Operand | None:
        """Return the tangent of an operand, None if it is 0."""
        return self.dots.get(operand) if isinstance(operand, Value) else None

    def shape(self, operand: Operand) -> tuple[Operand, ...]:
        """Return the shape of the tangent of `operand`."""
        return extents(operand) if self.width is None else (*extents(operand), self.width)

    def like(self, value: Value) -> Value:
        """Return a new value for the tangent of a value.

        Extents that are asked of the primal, once it is there, are asked of the tangent: `asked`.
        """
        return self.shaped(value, f"{value.name}_dot", self.own_shape(value))

    def shaped(self, value: Value, name: str, shape: tuple[Operand, ...]) -> Value:
        dtype = value.type.dtype
        if not shape:
            return Value(name, Scalar(dtype))
        one = isinstance(value.type, Array) and self.width is None
        layout = value.type.layout if one and isinstance(value.type, Array) else "C"
        return Value(name, Array(dtype, len(shape), layout), shape)

    def own_shape(self, value: Value) -> tuple[Operand, ...]:
        return tuple(
            Value("_n", PYTHON_INT) if self.is_asked(extent, value) else extent
            for extent in self.shape(value)
        )

    def is_asked(self, extent: Operand, value: Value) -> bool:
        """Say whether an extent of a value is defined after it, by asking it."""
        found = self.flow.definitions.get(extent) if isinstance(extent, Value) else None
        statement = None if found is None else found.statement
        return isinstance(statement, Call) and statement.args == (value,)

    def asked(self, value: Value, dot: Value) -> list[Statement]:
        """Return the statements that ask a new tangent for extents of its own."""
        return [
            Call(own, np.shape, (dot,), (("axis", axis),))
            for axis, (own, extent) in enumerate(zip(dot.shape, self.shape(value), strict=True))
            if own is not extent and isinstance(own, Value)
        ]

    def zero(self, builder: Builder, operand: Operand) -> Operand:
        """Return a tangent that is 0."""
        shape = self.shape(operand)
        if not shape:
            return constant(0, Scalar(operand.type.dtype))
        return builder.zeros(shape, operand.type.dtype, "_zero")

    def or_zero(self, builder: Builder, operand: Operand) -> Operand:
        found = self.dot(operand)
        return self.zero(builder, operand) if found is None else found

    def or_nothing(self, operand: Operand) -> Operand:
        """Return a tangent, or a literal 0, which broadcasts to any shape."""
        found = self.dot(operand)
        return constant(0, Scalar(operand.type.dtype)) if found is None else found

    def widened(self, operand: Operand) -> Operand:
        """Return a primal array with an axis more, where tangents have one."""
        if self.width is None or not isinstance(operand, Value) or not is_array(operand):
            return operand
        items: tuple[Item, ...] = (*[FULL] * len(operand.shape), NEW_AXIS)
        type = Array(operand.type.dtype, len(items), "A")
        return self.builder.view(operand, Index(items), type, (*operand.shape, integer(1)))

    # ---- statements ----

    def block(self, block: Block) -> Block:
        outer, self.builder = self.builder, Builder()
        for statement in block.statements:
            self.builder.origin = statement.origin
            self.statement(statement)
        inner, self.builder = self.builder, outer
        return inner.block()

    def statement(self, statement: Statement) -> None:
        """Append a statement and its tangent."""
        match statement:
            case If():
                self.branch(statement)
                return
            case For() | While():
                self.loop(statement)
                return
        self.builder.append(statement)
        match statement:
            case Call(out=out) if self.is_active(out):
                self.call(statement)
            case Alloc(out=out) if self.is_active(out):
                self.alloc(statement)
            case View(out=out) if self.is_active(out):
                self.dots[out] = self.view(statement)
            case Load(out=out) if self.is_active(out):
                self.dots[out] = self.load(statement)
            case Store(ref=ref) | Increment(ref=ref) if self.is_active(ref):
                self.write(statement)
            case Derive() if any(map(self.is_active, statement.outs)):
                self.derive(statement)
            case Guard():
                pass

    def alloc(self, alloc: Alloc) -> None:
        """A new array has a new tangent, undefined where the array is."""
        out = alloc.out
        fill = alloc.fill if alloc.fill is None else self.or_nothing(alloc.fill)
        dot = self.like(out)
        wide = fill is not None and is_array(fill)
        self.builder.append(Alloc(dot, None if wide else fill, alloc.origin))
        if wide and fill is not None:
            self.builder.store(dot, (), fill)
        self.dots[out] = dot

    def view(self, view: View) -> Operand:
        base = self.dot(view.ref)
        assert isinstance(base, Value)
        out, how = view.out, self.wide_how(view.how)
        if isinstance(how, Reshape) and "C" not in layouts_of(base.type):
            base = self.ordered(view, base)
        shape = self.own_shape(out)
        assert isinstance(base.type, Array)
        type = Array(out.type.dtype, len(shape), view_layout(base.type, how))
        dot = self.builder.view(base, how, type, shape, f"{out.name}_dot")
        self.builder.statements += self.asked(out, dot)
        return dot

    def ordered(self, view: View, base: Value) -> Value:
        """Return a tangent in C order, in which it can be reshaped."""
        if self.activity.aliases.is_memory(view.ref):
            raise UnsupportedSyntax(
                "This reshape is of an array that is not in C order, and the array is written.",
                view.origin.span,
                "Make it a copy: `np.ascontiguousarray(a)`.",
            )
        return self.builder.copy(base)

    def wide_how(self, how: How) -> How:
        """Return the same way of viewing of an array with an axis more."""
        if self.width is None:
            return how
        match how:
            case Index(items=items):
                return Index((*items, FULL))
            case Transpose(axes=axes):
                return Transpose((*axes, len(axes)))
            case Reshape() | Broadcast():
                return how

    def load(self, load: Load) -> Operand:
        base = self.dot(load.ref)
        assert isinstance(base, Value)
        name = f"{load.out.name}_dot"
        if self.width is None:
            return self.builder.load(base, load.indices, name)
        row = self.row(base, load.indices)
        memory = self.activity.aliases.is_memory(load.ref)
        return self.builder.copy(row, name) if memory else row

    def row(self, base: Value, indices: tuple[Operand, ...]) -> Value:
        """Return the tangents of an element."""
        assert self.width is not None and isinstance(base.type, Array)
        how = Index((*indices, FULL))
        type = Array(base.type.dtype, 1, view_layout(base.type, how))
        return self.builder.view(base, how, type, (self.width,))

    def write(self, write: Store | Increment) -> None:
        """Write the tangent of what is written; an increment by a constant leaves it alone."""
        ref, dot = self.dot(write.ref), self.or_nothing(write.value)
        if write.origin.constant:
            dot = constant(0, Scalar(write.ref.type.dtype))
        assert isinstance(ref, Value)
        if isinstance(write, Increment) and is_constant(dot, 0):
            return
        indices = write.indices
        if self.width is not None and indices:
            ref, indices = self.row(ref, indices), ()
        self.builder.append(replace(write, ref=ref, indices=indices, value=dot))

    # ---- derivatives ----

    def derive(self, derive: Derive) -> None:
        """The tangent of a gradient is a gradient: see `transform.nested`."""
        assert derive.mode == "reverse", derive.mode
        function, args = derive.function, derive.args
        ahead = [k for k, arg in enumerate(args) if self.dot(arg) is not None]
        directions = tuple(function.params[k] for k in ahead)
        inner = tangent(function, Tangents(directions)) if directions else function
        dots = [self.or_zero(self.builder, args[k]) for k in ahead]
        seeds = [None if seed is None else self.dot(seed) for seed in derive.seeds]
        if self.width is None:
            made = self.derived(self.builder, derive, inner, dots, seeds)
        else:
            made = self.each_direction(derive, inner, dots, seeds)
        self.dots.update((k, v) for k, v in zip(derive.outs, made, strict=True) if v is not None)

    def derived(
        self,
        builder: Builder,
        derive: Derive,
        inner: Function,
        dots: Sequence[Operand],
        seeds: Sequence[Operand | None],
    ) -> list[Operand | None]:
        """Append a derivative along one direction; return the tangents of what `derive` gives."""
        count = len(derive.function.results)
        more = derive.seeds if dots else ()
        wrt = [len(dots) + k for k in derive.wrt]
        values, bars = reverse(builder, inner, wrt, (*seeds, *more), (*dots, *derive.args))
        tangents = dict(zip(floats(derive.function), values[count:], strict=False))
        return [*(tangents.get(k) for k in range(count)), *bars]

    def each_direction(
        self,
        derive: Derive,
        inner: Function,
        dots: Sequence[Operand],
        seeds: Sequence[Operand | None],
    ) -> list[Operand | None]:
        """Append a loop over the directions."""
        assert self.width is not None
        index, body = Value("direction", PYTHON_INT), Builder(self.builder.origin)
        one = [self.slice(body, dot, index) for dot in dots]
        given = [None if seed is None else self.slice(body, seed, index) for seed in seeds]
        made = self.derived(body, derive, inner, one, given)
        wide: list[Operand | None] = []
        for out, part in zip(derive.outs, made, strict=True):
            if part is None or not self.is_active(out):
                wide.append(None)
                continue
            whole = self.builder.alloc(self.shape(out), out.type.dtype, None, f"{out.name}_dot")
            body.store(self.slice(body, whole, index, writing=True), (), part)  # type: ignore[arg-type]
            wide.append(whole)
        loop = For(index, integer(0), self.width, integer(1), (), body.block(), origin=body.origin)
        self.builder.append(loop)
        return wide

    def slice(
        self, builder: Builder, dots: Operand, index: Value, *, writing: bool = False
    ) -> Operand:
        """Return one of several tangents."""
        assert isinstance(dots, Value)
        shape = dots.shape[:-1]
        if not shape and not writing:
            return builder.load(dots, (index,))
        how = Index((*[FULL] * len(shape), index))
        return builder.view(dots, how, Array(dots.type.dtype, len(shape), "A"), shape)

    # ---- calls ----

    def call(self, call: Call) -> None:
        function, out = call.function, call.out
        if function is np.sum:
            self.dots[out] = self.sum(call)
        elif function is np.matmul:
            self.dots[out] = self.matmul(call)
        elif function is np.copy:
            dot = self.or_zero(self.builder, call.args[0])
            assert isinstance(dot, Value)
            self.dots[out] = self.builder.copy(dot, f"{out.name}_dot")
        elif function is cast:
            dot = self.or_zero(self.builder, call.args[0])
            self.dots[out] = self.builder.cast(dot, out.type.dtype, f"{out.name}_dot")
        elif function is grow:
            self.dots[out] = self.grow(call)
        elif (rule := elementwise_rule(function)) is not None:
            self.dots[out] = self.elementwise(call, rule)
        elif not is_zero(function):
            name = getattr(function, "__name__", "this function")
            raise UnknownFunction(
                f"There is no derivative rule for {name}.",
                call.origin.span,
                "Write it out in NumPy and plain loops.",
            )

    def sum(self, call: Call) -> Operand:
        dot, out = self.or_zero(self.builder, call.args[0]), call.out
        shape = self.shape(out)
        type: Type = Array(out.type.dtype, len(shape)) if shape else Scalar(out.type.dtype)
        name = f"{out.name}_dot"
        return self.builder.call(np.sum, dot, name=name, type=type, shape=shape, static=call.static)

    def grow(self, call: Call) -> Operand:
        """The tangent of a tape grows with it."""
        tape, size = call.args
        dot = self.or_zero(self.builder, tape)
        shape = (Value("_n", PYTHON_INT), *self.shape(call.out)[1:])
        grown = Value(f"{call.out.name}_dot", Array(dot.type.dtype, len(shape)), shape)
        self.builder.call_into(grown, grow, (dot, size), ())
        self.builder.call_into(shape[0], np.shape, (grown,), (("axis", 0),))  # type: ignore[arg-type]
        return grown

    def matmul(self, call: Call) -> Operand:
        """C_dot = A_dot B + A B_dot."""
        left, right = call.args
        terms = []
        for first, second in ((self.dot(left), right), (left, self.dot(right))):
            if first is not None and second is not None:
                terms.append(self.product(call.out, first, second, wide_left=second is right))
        return self.total(terms, call.out)

    def product(self, out: Value, left: Operand, right: Operand, *, wide_left: bool) -> Operand:
        """Append a matrix product, one of whose factors is a tangent."""
        if self.width is None:
            type: Type = Array(out.type.dtype, len(out.shape)) if out.shape else out.type
            return self.builder.call(
                np.matmul, self.plain(left), self.plain(right), type=type, shape=out.shape
            )
        assert isinstance(left, Value) and isinstance(right, Value)
        rows = len(left.shape) - wide_left - 1
        columns = len(right.shape) - (not wide_left) - 1
        first = self.spread(left, [FULL] * rows + [FULL] + [NEW_AXIS] * columns, wide=wide_left)
        second = self.spread(right, [NEW_AXIS] * rows + [FULL] * (columns + 1), wide=not wide_left)
        return self.builder.sum(self.builder.call(np.multiply, first, second), (rows,))

    def spread(self, array: Value, items: Sequence[Item], *, wide: bool) -> Value:
        """Return a view with new axes where `items` says so, the tangents' own axis at the end."""
        items = [*items, FULL if wide else NEW_AXIS]
        old = iter(array.shape)
        shape = tuple(integer(1) if item is NEW_AXIS else next(old) for item in items)
        type = Array(array.type.dtype, len(items), "A")
        return self.builder.view(array, Index(tuple(items)), type, shape)

    def plain(self, operand: Operand) -> Operand:
        """Return an array that BLAS takes without a warning."""
        strided = isinstance(operand.type, Array) and operand.type.layout == "A"
        return self.builder.copy(operand) if strided and isinstance(operand, Value) else operand

    # ---- elementwise functions ----

    def elementwise(self, call: Call, rule: Elementwise) -> Operand:
        """out_dot = sum of partial times arg_dot."""
        args, rule = squared(call, rule)
        call = replace(call, args=args)
        if rule.choice is not None:
            return self.full(self.chosen(call, rule.choice), call.out)
        terms = []
        for arg, partial in zip(args, rule.partials, strict=True):
            dot = self.dot(arg)
            if dot is not None and partial is not None:
                term = self.term(call, rule, partial, dot)
                if term is not None:
                    memory = term is dot and self.activity.aliases.is_memory(arg)
                    terms.append(self.builder.copy(dot) if memory else term)  # type: ignore[arg-type]
        return self.total(terms, call.out)

    def chosen(self, call: Call, choice: Expression) -> Operand:
        """The result is one of two arguments, and so is its tangent."""
        then, orelse = (self.or_nothing(arg) for arg in call.args[-2:])
        condition = self.widened(self.instantiated(call, choice))
        return self.builder.call(np.where, condition, then, orelse, name=f"{call.out.name}_dot")

    def term(
        self, call: Call, rule: Elementwise, partial: Expression, dot: Operand
    ) -> Operand | None:
        """Return a partial times a tangent, None if the partial is 0."""
        guarded = rule.singular and not isinstance(partial, Number)
        guarded = guarded and not has_no_pole(call, self.signs)

        def get(expression: Expression) -> Operand:
            return self.widened(self.instantiated(call, expression))

        product = scaled(self.builder, dot, partial, get, "_t")
        if product is None or not guarded:
            return product
        zero = constant(0, Scalar(dot.type.dtype))
        silent = self.builder.call(np.equal, dot, zero)
        return self.builder.call(np.where, silent, zero, product)

    def instantiated(self, call: Call, expression: Expression) -> Operand:
        """Append the computation of a partial from the operands of a call."""
        read, uses_result = mentions(expression)
        type = Scalar(call.out.type.dtype)
        args = [self.operand(a, type) if k in read else None for k, a in enumerate(call.args)]
        out = call.out if uses_result else None
        return instantiate(self.builder, expression, args, out, type)

    def operand(self, arg: Operand, type: Scalar) -> Operand:
        """Return an argument in the dtype of the result, as its rule reads it."""
        if arg.type.dtype.kind == "f" and arg.type.dtype != type.dtype:
            return self.builder.cast(arg, type.dtype)
        return arg

    def total(self, terms: Sequence[Operand], out: Value) -> Operand:
        """Append the sum of terms: the tangent of `out`."""
        if not terms:
            return self.zero(self.builder, out)
        result = terms[0]
        for term in terms[1:]:
            result = added(self.builder, result, term, f"{out.name}_dot")
        return self.full(result, out)

    def full(self, dot: Operand, out: Value) -> Operand:
        """Return a tangent in the shape of `out`'s: one that was broadcast is written out."""
        shape = self.shape(out)
        ones = [is_constant(extent, 1) for extent in extents(dot)]
        if ones == [is_constant(extent, 1) for extent in shape]:
            return dot
        result = self.builder.alloc(shape, out.type.dtype, None, f"{out.name}_dot")
        self.builder.store(result, (), dot)
        return result

    # ---- control flow ----

    def branch(self, statement: If) -> None:
        then, orelse = self.block(statement.then), self.block(statement.orelse)
        sides = Builder(statement.origin), Builder(statement.origin)
        joins = list(statement.joins)
        for join in statement.joins:
            if self.is_active(join.out):
                first = self.or_zero(sides[0], join.then)
                second = self.or_zero(sides[1], join.orelse)
                out = self.common(join.out, first, second)
                self.dots[join.out] = out
                joins.append(Join(out, first, second))
        first_block, second_block = (
            Block((*block.statements, *side.statements))
            for block, side in zip((then, orelse), sides, strict=True)
        )
        new = replace(statement, then=first_block, orelse=second_block, joins=tuple(joins))
        self.builder.append(new)
        self.ask([join.out for join in statement.joins])

    def common(self, primal: Value, first: Operand, second: Operand) -> Value:
        """Return a value for what is one of two tangents."""
        out = self.like(primal)
        if not (_agrees(out.type, first.type) and _agrees(out.type, second.type)):
            assert isinstance(out.type, Array)
            return Value(out.name, replace(out.type, layout="A"), out.shape)
        return out

    def loop(self, loop: For | While) -> None:
        """Carry the tangents of what is carried."""
        inits = {
            entry: self.or_zero(self.builder, entry.init)
            for entry in loop.carried
            if self.is_active(entry.phi) or self.is_active(entry.out)
        }
        while True:
            phis = {entry: self.carried(entry.phi, init) for entry, init in inits.items()}
            self.dots.update((entry.phi, phi) for entry, phi in phis.items())
            inner = [self.block(block) for block in blocks(loop)]
            end = Builder(loop.origin)
            nexts = {entry: self.or_zero(end, entry.next) for entry in inits}
            wrong = [e.phi for e, phi in phis.items() if not _agrees(phi.type, nexts[e].type)]
            if not wrong:
                break
            self.strided.update(wrong)
        asked = [s for entry, phi in phis.items() for s in self.asked(entry.phi, phi)]
        inner[0] = Block((*asked, *inner[0].statements))
        inner[-1] = Block((*inner[-1].statements, *end.statements))
        entries = []
        for entry, init in inits.items():
            out = Value(f"{entry.out.name}_dot", phis[entry].type, self.own_shape(entry.out))
            self.dots[entry.out] = out
            entries.append(Carried(phis[entry], init, nexts[entry], out))
        following = iter(inner)
        new = map_blocks(loop, lambda _: next(following))
        self.builder.append(replace(new, carried=(*loop.carried, *entries)))
        self.ask([entry.out for entry in inits])

    def ask(self, values: Iterable[Value]) -> None:
        """Append what asks the tangents of values for their extents."""
        for value in values:
            dot = self.dots.get(value)
            if isinstance(dot, Value):
                self.builder.statements += self.asked(value, dot)

    def carried(self, primal: Value, init: Operand) -> Value:
        """Return the tangent of a phi; a layout is claimed until one of its sources has another."""
        phi = self.like(primal)
        claims = isinstance(phi.type, Array)
        if claims and (primal in self.strided or not _agrees(phi.type, init.type)):
            assert isinstance(phi.type, Array)
            return Value(phi.name, replace(phi.type, layout="A"), phi.shape)
        return phi


def _agrees(claimed: Type, source: Type) -> bool:
    """Say whether an array of type `source` has the layout of `claimed`."""
    return not isinstance(claimed, Array) or claimed.layout in layouts_of(source)
