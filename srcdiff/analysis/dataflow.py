"""Where each value is defined, and who uses it."""

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Literal

from srcdiff.analysis.indices import Indices, indices_of
from srcdiff.ir.nodes import Block, For, Function, If, Statement, Value, While
from srcdiff.ir.walk import NESTED, blocks, definitions, operands

Kind = Literal["param", "index", "phi", "out", "trips", "join", "simple"]


@dataclass(eq=False, slots=True)
class Definition:
    """A value's definition: its block, the position there, the statement, and what it is there."""

    block: Block
    position: int
    statement: Statement | None
    kind: Kind


@dataclass(eq=False, slots=True)
class Use:
    """A use of a value by a statement at a position of a block."""

    block: Block
    position: int
    statement: Statement


@dataclass(eq=False)
class Dataflow:
    """Definitions and uses of all values, and the statement and block around each block."""

    body: Block
    definitions: dict[Value, Definition] = field(default_factory=dict)
    parents: dict[Block, tuple[Block, int, Statement]] = field(default_factory=dict)

    @cached_property
    def uses(self) -> dict[Value, list[Use]]:
        """Who uses each value, in the order of the text."""
        found: dict[Value, list[Use]] = {}
        _note_uses(self.body, found)
        return found

    @cached_property
    def integers(self) -> Indices:
        """What is known about the integers of the function."""
        return indices_of(self.body)

    def ancestors(self, block: Block) -> list[tuple[Block, int, Statement]]:
        """Return (block, position, statement) for each statement around `block`, inside out."""
        result = []
        while block in self.parents:
            result.append(self.parents[block])
            block = self.parents[block][0]
        return result


@lru_cache(maxsize=4)
def dataflow(function: Function) -> Dataflow:
    """Return the definitions and uses of `function`."""
    result = Dataflow(function.body)
    for param in function.params:
        result.definitions[param] = Definition(function.body, -1, None, "param")
    _scan(function.body, result)
    return result


def _note_uses(block: Block, found: dict[Value, list[Use]]) -> None:
    for position, statement in enumerate(block.statements):
        use = Use(block, position, statement)
        for operand in operands(statement):
            if isinstance(operand, Value):
                found.setdefault(operand, []).append(use)
        for nested in blocks(statement):
            _note_uses(nested, found)


def _scan(block: Block, result: Dataflow) -> None:
    for position, statement in enumerate(block.statements):
        if not isinstance(statement, NESTED):
            for value in definitions(statement):
                result.definitions[value] = Definition(block, position, statement, "simple")
            continue
        for value in definitions(statement):
            kind = _kind(statement, value)
            result.definitions[value] = Definition(block, position, statement, kind)
        _scan_inner(statement, result)
        for nested in blocks(statement):
            result.parents[nested] = (block, position, statement)
            _scan(nested, result)


def _kind(statement: If | For | While, value: Value) -> Kind:
    if isinstance(statement, If):
        return "join"
    return "trips" if value is statement.trips else "out"


def _scan_inner(statement: Statement, result: Dataflow) -> None:
    match statement:
        case For():
            place = statement.body
            result.definitions[statement.index] = Definition(place, -1, statement, "index")
        case While():
            place = statement.head
        case _:
            return
    for entry in statement.carried:
        result.definitions[entry.phi] = Definition(place, -1, statement, "phi")
