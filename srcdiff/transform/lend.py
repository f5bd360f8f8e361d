"""Let the caller give the memory: arrays that are returned, and work arrays of the top level.

    def f_grad(x):                          def f_grad(x, x_bar, saved):
        saved = Alloc (n,)                      Guard saved has the shape (n,)
        x_bar = Alloc (m,), 0.0      ->         Guard x_bar has the shape (m,)
        ...                                     Store x_bar = 0.0
        return y, x_bar                         ...; return y

Another function gives new arrays of the shapes that are due.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from srcdiff.errors import ShapeError
from srcdiff.ir.build import Builder, extents
from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Call,
    Const,
    Function,
    Operand,
    Statement,
    Value,
    is_array,
)
from srcdiff.ir.symbols import unused
from srcdiff.ir.types import PYTHON_INT, Array
from srcdiff.ir.walk import substitute_block
from srcdiff.transform.eliminate import eliminate


@dataclass(frozen=True, eq=False)
class Lent:
    """A function that takes its memory, one that makes it, and how many arrays are returned."""

    function: Function
    buffers: Function
    returned: int


def lend(function: Function) -> Lent:
    """Return `function` with parameters for its memory: returned arrays first, then work arrays."""
    work = _Lender(function, {param.name for param in function.params})
    work.block()
    results = work.results()
    params = (*function.params, *work.given.values(), *work.work.values())
    mapping: dict[Value, Operand] = dict(work.replaced)
    body = substitute_block(Block(tuple(work.statements)), mapping)
    lent = replace(function, params=params, body=body, results=results)
    return Lent(lent, work.buffers(), len(work.given))


@dataclass(eq=False)
class _Lender:
    function: Function
    taken: set[str]
    statements: list[Statement] = field(default_factory=list)
    given: dict[int, Value] = field(default_factory=dict)
    """The parameter for each returned array, by the number of the result."""
    work: dict[Value, Value] = field(default_factory=dict)
    replaced: dict[Value, Value] = field(default_factory=dict)
    made: list[Statement] = field(default_factory=list)
    places: dict[Value, Value] = field(default_factory=dict)

    def block(self) -> None:
        """Replace the arrays that the top level makes."""
        numbers: dict[Operand, list[int]] = {}
        for k, result in enumerate(self.function.results):
            numbers.setdefault(result, []).append(k)
        for statement in self.function.body.statements:
            out = _new_array(statement)
            if out is None:
                self.keep(statement)
                continue
            returned = numbers.get(out, [])
            shape = out.shape if isinstance(statement, Alloc) else extents(_copied(statement))
            param = self.parameter(out, shape)
            if returned:
                self.given[returned[0]] = param
            else:
                self.work[out] = param
            self.replaced[out] = param
            self.place(param, shape)
            builder = Builder(statement.origin)
            _check(builder, param, shape)
            source = statement.fill if isinstance(statement, Alloc) else _copied(statement)
            if source is not None:
                builder.store(param, (), source)
            self.statements += builder.statements

    def keep(self, statement: Statement) -> None:
        self.statements.append(statement)
        self.made.append(statement)

    def place(self, param: Value, shape: tuple[Operand, ...]) -> None:
        """Make an array that is due for `param`, in the other function."""
        copy = Value(param.name, Array(param.type.dtype, len(shape)), shape)
        self.made.append(Alloc(copy, None))
        self.places[param] = copy

    def parameter(self, out: Value, due: tuple[Operand, ...]) -> Value:
        name = unused(out.name.lstrip("_"), self.taken)
        self.taken.add(name)
        shape = tuple(
            Value(f"_{name}_{axis}", PYTHON_INT) if isinstance(extent, Value) else extent
            for axis, extent in enumerate(due)
        )
        return Value(name, Array(out.type.dtype, len(shape)), shape)

    def results(self) -> tuple[Operand, ...]:
        """Store the returned arrays that are made in other ways; return the numbers."""
        rest: list[Operand] = []
        for k, result in enumerate(self.function.results):
            if not (isinstance(result, Value) and is_array(result)):
                rest.append(result)
            elif k not in self.given:
                param = self.parameter(result, result.shape)
                self.given[k] = param
                self.place(param, result.shape)
                builder = Builder()
                _check(builder, param, result.shape)
                builder.store(param, (), result)
                self.statements += builder.statements
        self.given = dict(sorted(self.given.items()))
        return tuple(rest)

    def buffers(self) -> Function:
        """Return the function that makes the arrays, and computes their extents alone."""
        places = [self.places[param] for param in (*self.given.values(), *self.work.values())]
        # What follows asks these arrays, too, for extents.
        mapping: dict[Value, Operand] = {
            out: self.places[param] for out, param in self.replaced.items()
        }
        function = replace(
            self.function,
            name=f"{self.function.name}_buffers",
            body=substitute_block(Block(tuple(self.made)), mapping),
            results=tuple(
                mapping.get(e, e) if isinstance(e, Value) else e for p in places for e in p.shape
            ),
            doc=f"Arrays to be passed to `{self.function.name}`.",
            notes=(),
        )
        function = eliminate(function)
        arrays = [Value(place.name, place.type, place.shape) for place in places]
        body = Block((*function.body.statements, *map(Alloc, arrays)))
        return replace(function, body=body, results=tuple(arrays))


def _new_array(statement: Statement) -> Value | None:
    """Return the array that a statement makes, if another one can take its place."""
    match statement:
        case Alloc(out=out):
            return out
        case Call(function=np.copy, out=out):
            return out
    return None


def _copied(statement: Statement) -> Value:
    """Return the array that a statement copies."""
    assert isinstance(statement, Call)
    (source,) = statement.args
    assert isinstance(source, Value)
    return source


def _check(builder: Builder, param: Value, due: tuple[Operand, ...]) -> None:
    """Append guards that an array has the shape that is due."""
    for axis, (extent, wanted) in enumerate(zip(param.shape, due, strict=True)):
        known = builder.extent(param, axis) if isinstance(extent, Const) else extent
        if isinstance(extent, Value):
            builder.call_into(extent, np.shape, (param,), (("axis", axis),))
        same = builder.call(np.equal, known, wanted)
        message = f"the array given for `{param.name}` has another shape"
        builder.guard(same, ShapeError, message)
