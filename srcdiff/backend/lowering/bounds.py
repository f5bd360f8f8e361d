"""The least value of integers, as far as it follows from how they are made.

An index that cannot be negative need not be counted from the end: three instructions less, and one
reason less for LLVM not to vectorise.
"""

import operator
from collections import defaultdict
from typing import Any

from numba.core import ir, types
from numba.core.lowering import Lower

from srcdiff.backend.functions import larger
from srcdiff.runtime.opacity import opaque


class Bounds(Lower):
    """What is known of the integers of a function.

    A name may be that of several numbers: where one of them was assigned before in the same block,
    it is that one. A sum that overflows is taken for what it would be without; as an index it is
    wrong either way.
    """

    def pre_lower(self) -> None:
        super().pre_lower()
        self._assigns: dict[str, list[Any]] = defaultdict(list)
        self._places: dict[Any, tuple[Any, int]] = {}
        self._least: dict[str, int | None] = {}
        self._found: dict[str, None] = {}
        self._assumed: set[str] = set()
        for label, block in self.blocks.items():
            for position, assign in enumerate(block.find_insts(ir.Assign)):
                self._assigns[assign.target.name].append(assign)
                self._places[assign] = (label, position)

    def least(self, variable: Any, user: Any = None) -> int | None:
        """Return a number that a variable is never below where an assignment uses it, or None."""
        nearest = self._nearest(variable, user)
        if nearest is not None:
            return self._least_of(nearest)
        name = variable.name
        if name not in self._least:
            self._least[name] = self._settled(variable)
            self._found[name] = None
        elif name not in self._found:
            self._assumed.add(name)
        return self._least[name]

    def _settled(self, variable: Any) -> int | None:
        """Return the least value of a variable, which may be made of itself.

        Then it is not negative if it follows from itself not being so: by induction over time.
        """
        name, start = variable.name, len(self._found)
        for assumption in (0, None):
            self._least[name] = assumption
            bounds = [self._least_of(assign) for assign in self._leaves(variable)]
            known = [bound for bound in bounds if bound is not None]
            least = min(known) if known and len(known) == len(bounds) else None
            if name not in self._assumed or (least is not None and least >= 0):
                break
            for other in [*self._found][start:]:  # what followed from a wrong assumption
                del self._least[other], self._found[other]
        self._assumed.discard(name)
        return least

    def _nearest(self, variable: Any, user: Any) -> Any:
        """Return the assignment before `user` in its block, of a variable that has several."""
        assigns = self._assigns[variable.name]
        if user is None or len(assigns) < 2:
            return None
        label, position = self._places[user]
        near = (a for a in reversed(assigns) if self._places[a][0] == label)
        return next((a for a in near if self._places[a][1] < position), None)

    def _leaves(self, variable: Any) -> list[Any]:
        """Return the assignments of a variable, and of those that it is a copy of."""
        found: list[Any] = []
        pending, seen = [variable], {variable.name}
        while pending:
            for assign in self._assigns[pending.pop().name]:
                copied = self._copied(assign.value)
                if copied is None or self._nearest(copied, assign) is not None:
                    found.append(assign)
                elif copied.name not in seen:
                    seen.add(copied.name)
                    pending.append(copied)
        return found

    def _copied(self, value: Any) -> Any:
        """Return the variable that a value is, or None."""
        if isinstance(value, ir.Expr) and value.op == "call" and self._calls(value, opaque):
            return value.args[0]
        return value if isinstance(value, ir.Var) else None

    def maker(self, variable: Any) -> Any:
        """Return the assignment of a variable that has one, seen through copies."""
        assigns = self._assigns[variable.name]
        if len(assigns) != 1:
            return None
        value = assigns[0].value
        return self.maker(value) if isinstance(value, ir.Var) else assigns[0]

    def made(self, variable: Any) -> Any:
        """Return the expression of a variable that has one, seen through copies."""
        maker = self.maker(variable)
        return None if maker is None else maker.value

    def _least_of(self, assign: Any) -> int | None:
        copied = self._copied(assign.value)
        if copied is not None:
            return self.least(copied, assign)
        match assign.value:
            case ir.Const(value=int() as constant):
                return constant
            case ir.Expr(op="binop"):
                return self._of_operation(assign)
            case ir.Expr(op="pair_first") as pair:
                return self._of_counter(pair)
            case ir.Expr(op="call") as call if self._calls(call, larger):
                bounds = [self.least(arg, assign) for arg in call.args]
                return max((bound for bound in bounds if bound is not None), default=None)
            case ir.Expr(op="static_getitem") as item:
                return 0 if self._is_shape(item.value) else None
        return None

    def _of_operation(self, assign: Any) -> int | None:
        operation = assign.value
        left, right = (self.least(side, assign) for side in (operation.lhs, operation.rhs))
        if operation.fn is operator.mod and right is not None and right > 0:
            return 0
        if left is None or right is None:
            return None
        if operation.fn is operator.add:
            return left + right
        if operation.fn is operator.mul and min(left, right) >= 0:
            return left * right
        if operation.fn is operator.floordiv and left >= 0 and right >= 0:
            return 0
        if operation.fn is operator.sub and isinstance(self.made(operation.rhs), ir.Const):
            return left - right
        return None

    def _of_counter(self, pair: Any) -> int | None:
        following = self.made(pair.value)
        iterator = self.made(following.value) if isinstance(following, ir.Expr) else None
        assign = self.maker(iterator.value) if isinstance(iterator, ir.Expr) else None
        if assign is None:
            return None
        call, step = assign.value, self.step(assign.value)
        if step is None:
            return None
        if step > 0:
            return 0 if len(call.args) == 1 else self.least(call.args[0], assign)
        stop = self.least(call.args[1], assign)
        return None if stop is None else stop + 1

    def step(self, call: Any) -> int | None:
        """Return the step of a call of `range`, if it is a literal."""
        if not isinstance(call, ir.Expr) or call.op != "call":
            return None
        if not self._calls(call, range):
            return None
        if len(call.args) < 3:
            return 1
        step = self.made(call.args[2])
        return (step.value or None) if isinstance(step, ir.Const) else None

    def _calls(self, call: Any, function: Any) -> bool:
        return getattr(self.typeof(call.func.name), "typing_key", None) is function

    def _is_shape(self, variable: Any) -> bool:
        value = self.made(variable)
        if not isinstance(value, ir.Expr) or value.op != "getattr" or value.attr != "shape":
            return False
        return isinstance(self.typeof(value.value.name), types.Array)
