"""Loops over `range(abreast(n))`, or `range(k, abreast(n))`: one vector, or vectors of four.

LLVM would unroll a loop that is so short, and makes no vectors of what is unrolled. It is told not
to, how many iterations make a vector, and that they touch nothing of each other, so that it need
not ask.
"""

from typing import Any

from llvmlite import ir as llvm
from llvmlite.ir.values import MDValue
from numba.core import ir

from srcdiff.backend.lowering.bounds import Bounds
from srcdiff.runtime.abreast import abreast

FOUR = 4
"""Iterations of a vector where their number is not known."""


class Vectors(Bounds):
    """What LLVM is told of short loops."""

    def pre_lower(self) -> None:
        super().pre_lower()
        self._labels = {id(block): label for label, block in self.blocks.items()}
        self._label = -1
        self._ends: dict[int, int] = {}
        self._facts: dict[int, Any] = {}
        self._groups: dict[int, Any] = {}
        for label, block in self.blocks.items():
            width = self._width(block)
            if width is None:
                continue
            back = (other for other, each in self.blocks.items() if _jumps(each, label))
            self._ends[label] = max(back, default=label)
            self._groups[label] = _Distinct(self.module, ())
            self._facts[label] = self._loop(width, self._groups[label])

    def lower_block(self, block: Any) -> None:
        self._label = self._labels[id(block)]
        super().lower_block(block)

    def lower_inst(self, inst: Any) -> None:
        super().lower_inst(inst)
        if isinstance(inst, ir.Jump) and self._ends.get(inst.target) == self._label:
            self.builder.block.terminator.set_metadata("llvm.loop", self._facts[inst.target])

    def group(self) -> Any:
        """Return what marks the accesses of the short loop at hand, None outside of such loops."""
        for head, end in self._ends.items():
            if head < self._label <= end:
                return self._groups[head]
        return None

    def _width(self, block: Any) -> int | None:
        """Return the number of iterations of the short loop whose head a block is, or None."""
        for assign in block.find_insts(ir.Assign):
            following = assign.value
            if not isinstance(following, ir.Expr) or following.op != "iternext":
                continue
            iterator = self.made(following.value)
            call: Any = self.made(iterator.value) if isinstance(iterator, ir.Expr) else None
            if self.step(call) == 1 and len(call.args) <= 2:
                return self._vector(self.made(call.args[-1]))
        return None

    def _vector(self, count: Any) -> int | None:
        if not isinstance(count, ir.Expr) or count.op != "call":
            return None
        if not self._calls(count, abreast):
            return None
        length = self.made(count.args[0])
        return int(length.value) if isinstance(length, ir.Const) else FOUR

    def _loop(self, width: int, group: Any) -> Any:
        """Return what LLVM is told of a loop."""
        number = llvm.IntType(32)
        facts = (
            ("llvm.loop.unroll.disable",),
            ("llvm.loop.vectorize.enable", llvm.IntType(1)(1)),
            ("llvm.loop.vectorize.width", number(width)),
            ("llvm.loop.interleave.count", number(1)),
            ("llvm.loop.parallel_accesses", group),
        )
        nodes = [self.module.add_metadata(fact) for fact in facts]
        return _Distinct(self.module, nodes, itself=True)


def _jumps(block: Any, label: int) -> bool:
    last = block.body[-1]
    return isinstance(last, ir.Jump) and last.target == label


class _Distinct(MDValue):
    """A node that is no other one, though they are equal; `llvmlite` has none.

    That of a loop refers to itself first.
    """

    def __init__(self, module: Any, values: Any, *, itself: bool = False) -> None:
        super().__init__(module, values, name=str(len(module.metadata)))
        self._itself = itself

    def descr(self, buf: Any) -> None:
        nodes = [self, *self.operands] if self._itself else self.operands
        operands = ", ".join(node.get_reference() for node in nodes)
        buf += (f"distinct !{{ {operands} }}", "\n")

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)
