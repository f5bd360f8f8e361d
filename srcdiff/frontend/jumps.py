"""Make jumps into structure: after this pass a body has no break, continue or inner return.

    for i in range(n):                      .left1 = False
        if x[i] < 0:                        for i in range(n):           # leaves: .left1
            break                 becomes       if x[i] < 0:
        s += x[i]                                   .left1 = True
                                                else:
                                                    s += x[i]

What follows a branch that always leaves goes into the other branch, so `continue` needs nothing.
Names that start with a dot are flags, which no user's name can meet: `.left<n>` for the break of a
loop, `.skip<n>` for a continue that a branch does not always take, `.returned` and `.result`.
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field

RESULT = ".result"
RETURNED = ".returned"


@dataclass(frozen=True, eq=False)
class Structured:
    """A body without jumps, and for each loop that may be left the flags that leave it."""

    body: list[ast.stmt]
    leaves: dict[ast.stmt, tuple[str, ...]]


@dataclass
class _Part:
    """Statements, the flags they may set, whether they always leave, whether `rest` is in them."""

    body: list[ast.stmt]
    flags: tuple[str, ...] = ()
    always: bool = False
    took_rest: bool = False


@dataclass
class _Structurer:
    leaves: dict[ast.stmt, tuple[str, ...]] = field(default_factory=dict)
    loops: int = 0

    def block(self, body: Sequence[ast.stmt], loop: int) -> _Part:
        """Structure `body`, which stands in loop number `loop` (0: in none)."""
        done: list[ast.stmt] = []
        for position, statement in enumerate(body):
            rest = body[position + 1 :]
            match statement:
                case ast.Return() | ast.Break() | ast.Continue():
                    jump, flag = _jump(statement, loop)
                    return _Part([*done, *jump], (flag,), always=True)
                case ast.If():
                    part = self.branch(statement, rest, loop)
                case ast.For() | ast.While():
                    part = self.loop(statement, rest, loop)
                case ast.With():
                    part = self.scope(statement, loop)
                case _:
                    part = _Part([statement])
            done += part.body
            if part.took_rest:
                return _Part(done, part.flags, part.always)
        return _Part(done)

    def scope(self, statement: ast.With, loop: int) -> _Part:
        """Structure the body of a `with`, which no jump leaves (`frontend.syntax`)."""
        body = self.block(statement.body, loop).body
        return _Part([ast.copy_location(ast.With(statement.items, body), statement)])

    def branch(self, statement: ast.If, rest: Sequence[ast.stmt], loop: int) -> _Part:
        """Structure an `if`; a branch that leaves takes what follows into the other one."""
        then, orelse = self.block(statement.body, loop), self.block(statement.orelse, loop)
        flags = _join(then.flags, orelse.flags)
        if not flags:
            return _Part([_if(statement, then.body, orelse.body)])
        if then.always and not orelse.flags:
            other = self.block([*statement.orelse, *rest], loop)
            body = [_if(statement, then.body, other.body)]
            return _Part(body, _join(flags, other.flags), other.always, took_rest=True)
        if orelse.always and not then.flags:
            other = self.block([*statement.body, *rest], loop)
            body = [_if(statement, other.body, orelse.body)]
            return _Part(body, _join(flags, other.flags), other.always, took_rest=True)
        body = [_if(statement, then.body, orelse.body)]
        if then.always and orelse.always:
            return _Part(body, flags, always=True, took_rest=True)
        return self.guarded(body, flags, statement, rest, loop)

    def guarded(
        self,
        body: list[ast.stmt],
        flags: tuple[str, ...],
        statement: ast.stmt,
        rest: Sequence[ast.stmt],
        loop: int,
    ) -> _Part:
        """Append `rest`, run only if none of `flags` is set."""
        following = self.block(rest, loop)
        if following.body:
            body = [*body, _if(statement, following.body, [], test=_none_of(flags))]
        return _Part(body, _join(flags, following.flags), took_rest=True)

    def loop(self, statement: ast.For | ast.While, rest: Sequence[ast.stmt], loop: int) -> _Part:
        """Structure a loop: its break and return flags leave it, its else runs without a break."""
        self.loops += 1
        left, skip = f".left{self.loops}", f".skip{self.loops}"
        inner = self.block(statement.body, self.loops)
        body, before = inner.body, []
        if skip in inner.flags:
            body = [_lower_flag(skip, statement), *body]
        if left in inner.flags:
            before = [_lower_flag(left, statement)]
        match statement:
            case ast.For():
                new: ast.For | ast.While = ast.For(statement.target, statement.iter, body, [])
            case ast.While():
                new = ast.While(statement.test, body, [])
        ast.copy_location(new, statement)
        self.leaves[new] = tuple(flag for flag in inner.flags if flag in (left, RETURNED))
        orelse = list(statement.orelse)
        if orelse and left in inner.flags:
            orelse = [_if(statement, orelse, [], test=_none_of((left,)))]
        if RETURNED in inner.flags:
            return self.guarded([*before, new], (RETURNED,), statement, [*orelse, *rest], loop)
        if orelse:
            after = self.block([*orelse, *rest], loop)
            return _Part([*before, new, *after.body], after.flags, after.always, took_rest=True)
        return _Part([*before, new])


def structure(body: Sequence[ast.stmt]) -> Structured:
    """Return `body` without jumps; its value is in the name `.result`."""
    structurer = _Structurer()
    first = body[0] if body else ast.Pass(lineno=1, col_offset=0)
    start = [_lower_flag(RETURNED, first)]
    part = structurer.block(body, 0)
    return Structured([*start, *part.body], structurer.leaves)


def _join(*groups: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(flag for group in groups for flag in group))


def _jump(
    statement: ast.Return | ast.Break | ast.Continue, loop: int
) -> tuple[list[ast.stmt], str]:
    """Return what stands in place of a jump, and the flag that it sets."""
    match statement:
        case ast.Return():
            value = statement.value or ast.Constant(None)
            return [_assign(RESULT, value, statement), _raise_flag(RETURNED, statement)], RETURNED
        case ast.Break():
            flag = f".left{loop}"
        case ast.Continue():
            flag = f".skip{loop}"
    return [_raise_flag(flag, statement)], flag


def _assign(name: str, value: ast.expr, at: ast.stmt) -> ast.stmt:
    node = ast.Assign([ast.Name(name, ast.Store())], value)
    return ast.fix_missing_locations(ast.copy_location(node, at))


def _raise_flag(name: str, at: ast.stmt) -> ast.stmt:
    return _assign(name, ast.Constant(True), at)


def _lower_flag(name: str, at: ast.stmt) -> ast.stmt:
    return _assign(name, ast.Constant(False), at)


def _none_of(flags: tuple[str, ...]) -> ast.expr:
    names: list[ast.expr] = [ast.Name(flag, ast.Load()) for flag in flags]
    test = names[0] if len(names) == 1 else ast.BoolOp(ast.Or(), names)
    return ast.UnaryOp(ast.Not(), test)


def _if(
    at: ast.stmt, body: list[ast.stmt], orelse: list[ast.stmt], test: ast.expr | None = None
) -> ast.stmt:
    if test is None:
        assert isinstance(at, ast.If)
        test = at.test
    node = ast.If(test, body or [ast.Pass()], orelse)
    return ast.fix_missing_locations(ast.copy_location(node, at))
