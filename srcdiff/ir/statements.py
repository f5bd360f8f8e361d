"""The text of statements: assignments, loops, branches, and the copies that leave SSA form."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from typing_extensions import assert_never

from srcdiff.ir.comments import Comments, section_marks
from srcdiff.ir.expressions import Expressions, quoted
from srcdiff.ir.nesting import read_classes
from srcdiff.ir.nodes import (
    NOWHERE,
    Alloc,
    Block,
    Call,
    Const,
    Derive,
    For,
    Guard,
    If,
    Increment,
    Load,
    Operand,
    Origin,
    Statement,
    Store,
    Value,
    View,
    While,
    is_array,
)
from srcdiff.ir.operators import PRODUCT, literal
from srcdiff.words import EFFECTS, HINTS

AUGMENTED: dict[Callable[..., Any], str] = {
    np.add: "+",
    np.subtract: "-",
    np.multiply: "*",
    np.divide: "/",
}
Copy = tuple[Value, Operand]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the text; `depth` counts levels of indentation."""

    depth: int
    text: str
    comment: str = ""


@dataclass(eq=False)
class Printer:
    """Prints statements one after another into `lines`."""

    expressions: Expressions
    comments: Comments
    lines: list[Line] = field(default_factory=list)
    depth: int = 1

    def block(self, block: Block) -> None:
        """Print the statements of a block that have lines of their own."""
        printed = [each for each in block.statements if not self._is_nested(each)]
        marks = section_marks(printed) if self.comments.enabled else {}
        for statement in printed:
            if statement in marks:
                self._mark(marks[statement])
            self._statement(statement)

    def _is_nested(self, statement: Statement) -> bool:
        match statement:
            case Call(out=out) | View(out=out) | Load(out=out):
                return out in self.expressions.nesting.inside
            case _:
                return False

    def _mark(self, part: str) -> None:
        if self.depth == 1:
            self.lines.append(Line(0, ""))
            self._line(f"# ---- {part} sweep ----")
        else:
            self._line(f"# ---- {part} ----")

    def _line(self, text: str, origin: Origin = NOWHERE) -> None:
        self.lines.append(Line(self.depth, text, self.comments.of(origin)))

    def _statement(self, statement: Statement) -> None:
        origin = statement.origin
        match statement:
            case Call(out=out):
                self._line(self._call(out, statement), origin)
            case Alloc(out=out) | View(out=out) | Load(out=out):
                text = self.expressions.definition(statement).text
                self._line(f"{self._name(out)} = {text}", origin)
            case Store(ref=ref, indices=indices, value=value):
                place = self._place(ref, indices, read=False)
                self._line(f"{place} = {self.expressions.text(value)}", origin)
            case Increment():
                self._line(self._increment(statement), origin)
            case Guard(condition=condition, error=error, message=message):
                self._line(f"if {self.expressions.opposite(condition)}:", origin)
                name = self.expressions.symbols.name(error, error.__name__)
                self._nested(f"raise {name}({quoted(message)})")
            case Derive():
                self._derive(statement)
            case If():
                self._branch(statement)
            case For():
                self._for(statement)
            case While():
                self._while(statement)
            case _:
                assert_never(statement)

    def _derive(self, derive: Derive) -> None:
        outs = ", ".join(self._name(out) for out in derive.outs)
        if derive.function.recursion is not None and derive.mode == "call":
            name = self.expressions.symbols.function_name(derive.function)
            args = ", ".join(str(self.expressions.text(arg)) for arg in derive.args)
            self._line(f"{outs} = {name}({args})" if outs else f"{name}({args})", derive.origin)
            return
        given = [seed for seed in derive.seeds if seed is not None]
        args = ", ".join(str(self.expressions.text(o)) for o in (*given, *derive.args))
        self._line(f"{outs} = {derive.mode}({derive.function.name})({args})", derive.origin)

    def _name(self, value: Value) -> str:
        return self.expressions.names[value]

    def _nested(self, text: str) -> None:
        self.lines.append(Line(self.depth + 1, text))

    def _call(self, out: Value, call: Call) -> str:
        if call.function in EFFECTS | HINTS and out not in self.expressions.nesting.used:
            return str(self.expressions.definition(call))
        name = self._name(out)
        sign = AUGMENTED.get(call.function) if len(call.args) == 2 else None
        # With arrays `v += w` would write into the array that v denotes.
        if sign is not None and not is_array(out) and self._denotes(call.args[0], name):
            value = call.args[1]
            inner = self._negated(value) if sign == "+" else None
            if inner is not None:
                value, sign = inner, "-"
            return f"{name} {sign}= {self.expressions.text(value)}"
        return f"{name} = {self.expressions.definition(call)}"

    def _denotes(self, operand: Operand, name: str) -> bool:
        nested = operand in self.expressions.nesting.inside
        return isinstance(operand, Value) and not nested and self._name(operand) == name

    def _place(self, ref: Value, indices: tuple[Operand, ...], *, read: bool) -> str:
        if indices:
            return self.expressions.element(ref, indices)
        return self.expressions.whole(ref, read=read)

    def _increment(self, statement: Increment) -> str:
        value, sign = statement.value, "+"
        inner = self._negated(value)
        if inner is not None:
            value, sign = inner, "-"
        place = self._place(statement.ref, statement.indices, read=True)
        piece = self.expressions.piece(value)
        classes = self.expressions.nesting.classes
        # Numba reads what it has already written if both sides of += overlap.
        if classes.of(statement.ref) in read_classes(self.expressions.nesting, value):
            source = place if self._is_view(statement.ref) else self.expressions.text(statement.ref)
            return f"{place} = {source} {sign} {piece.at(PRODUCT)}"
        return f"{place} {sign}= {piece}"

    def _negated(self, value: Operand) -> Operand | None:
        """Return what `value` is the negative of, if that is printed inside its use."""
        inner = self.expressions.nesting.inside.get(value) if isinstance(value, Value) else None
        if isinstance(inner, Call) and inner.function is np.negative:
            return inner.args[0]
        return None

    def _is_view(self, ref: Value) -> bool:
        return ref in self.expressions.nesting.inside

    def copies(self, pairs: Sequence[Copy]) -> None:
        """Print assignments that happen at the same time."""
        pending = [pair for pair in pairs if self._moves(*pair)]
        while pending:
            first = min((self._must_precede(pair, pending) for pair in pending), key=len)
            targets = ", ".join(self._name(target) for target, _ in first)
            sources = ", ".join(self._source(*pair) for pair in first)
            self._line(f"{targets} = {sources}")
            pending = [pair for pair in pending if pair not in first]

    def _moves(self, target: Value, source: Operand) -> bool:
        used = target in self.expressions.nesting.used
        return used and not self._denotes(source, self._name(target))

    def _source(self, target: Value, source: Operand) -> str:
        if isinstance(source, Const):
            return literal(source.value, target.type, self.expressions.symbols).text
        return self.expressions.piece(source).text

    def _must_precede(self, pair: Copy, pairs: list[Copy]) -> list[Copy]:
        """Return `pair` and those of `pairs` that cannot come after it, in the order of `pairs`."""
        found, new = {pair}, [pair]
        while new:
            name = self._name(new.pop()[0])
            for other in pairs:
                if other not in found and self._reads(other[1], name):
                    found.add(other)
                    new.append(other)
        return [other for other in pairs if other in found]

    def _reads(self, operand: Operand, name: str) -> bool:
        leaves = self.expressions.nesting.leaves(operand)
        return any(self._name(leaf) == name for leaf in leaves)

    def _body(self, *parts: Block | Sequence[Copy]) -> list[Line]:
        """Print blocks and copies one level deeper, and return their lines."""
        outer, self.lines = self.lines, []
        self.depth += 1
        for part in parts:
            if isinstance(part, Block):
                self.block(part)
            else:
                self.copies(part)
        self.depth -= 1
        inner, self.lines = self.lines, outer
        return inner

    def _pass(self) -> list[Line]:
        return [Line(self.depth + 1, "pass")]

    def _branch(self, statement: If) -> None:
        condition = statement.condition
        header = Line(self.depth, "", self.comments.of(statement.origin))
        then = self._body(statement.then, [(join.out, join.then) for join in statement.joins])
        orelse = self._body(statement.orelse, [(join.out, join.orelse) for join in statement.joins])
        if orelse and not then:
            text = f"if {self.expressions.opposite(condition)}:"
            self.lines += [Line(self.depth, text, header.comment), *orelse]
            return
        text = f"if {self.expressions.text(condition)}:"
        self.lines += [Line(self.depth, text, header.comment), *(then or self._pass())]
        self.lines += _as_elif(orelse, self.depth)

    def _for(self, loop: For) -> None:
        self._before(loop)
        span = [loop.start, loop.stop, loop.step]
        texts = [self.expressions.text(bound) for bound in span]
        if texts[2] == "1":
            texts = texts[1:2] if texts[0] == "0" else texts[:2]
        words = f"{self.expressions.symbols.builtin('range')}({', '.join(texts)})"
        self._line(f"for {self._name(loop.index)} in {words}:", loop.origin)
        self._started(loop)
        self.lines += self._body(loop.body)
        self._after(loop)

    def _while(self, loop: While) -> None:
        self._before(loop)
        comment = self.comments.of(loop.origin)
        head = self._body(loop.head)
        simple = not head
        text = self.expressions.text(loop.condition) if simple else "True"
        self.lines += [Line(self.depth, f"while {text}:", comment), *head]
        if head:
            self._nested(f"if {self.expressions.opposite(loop.condition)}:")
            self.lines.append(Line(self.depth + 2, "break"))
        self._started(loop)
        self.lines += self._body(loop.body)
        self._after(loop)

    def _before(self, loop: For | While) -> None:
        pairs: list[Copy] = [(entry.phi, entry.init) for entry in loop.carried]
        if self._counts(loop) and loop.trips is not None:
            pairs.append((loop.trips, Const(0, loop.trips.type)))
        self.copies(pairs)

    def _counts(self, loop: For | While) -> bool:
        return loop.trips is not None and loop.trips in self.expressions.nesting.used

    def _started(self, loop: For | While) -> None:
        if self._counts(loop) and loop.trips is not None:
            self._nested(f"{self._name(loop.trips)} += 1")

    def _after(self, loop: For | While) -> None:
        """Print the end of the body, and the copies that follow the loop."""
        held = self.expressions.nesting.held.get(loop)
        self.depth += 1
        if held is not None and loop.leave is not None:
            self._line(f"{self._name(held)} = {self.expressions.text(loop.leave)}")
        self.copies([(entry.phi, entry.next) for entry in loop.carried])
        if loop.leave is not None:
            self._line(f"if {self.expressions.text(held or loop.leave)}:")
            self._nested("break")
        self.depth -= 1
        if self.lines[-1].depth <= self.depth:
            self.lines += self._pass()
        self.copies([(entry.out, entry.phi) for entry in loop.carried])


def _as_elif(orelse: list[Line], depth: int) -> list[Line]:
    """Return the lines of an `else` part, as `elif` if it is nothing but a branch."""
    if not orelse:
        return []
    rest = (line for line in orelse[1:] if line.depth == depth + 1)
    alone = all(line.text.startswith(("elif ", "else:")) for line in rest)
    if alone and orelse[0].text.startswith("if "):
        first = Line(depth, f"el{orelse[0].text}", orelse[0].comment)
        return [first, *(Line(line.depth - 1, line.text, line.comment) for line in orelse[1:])]
    return [Line(depth, "else:"), *orelse]
