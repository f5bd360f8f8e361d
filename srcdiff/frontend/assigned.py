"""Assignment before use: every name that is read has a value on every path that leads there.

    def f(x):
        if x > 0:                   # line 2
            y = x
        return y                    # refused: no value where the condition on line 2 is false

    state      = name -> assigned (None), or the gap: a path on which it is not
    out(if)    = out(then) | out(else), where a branch that leaves by a jump does not count
    out(loop)  = out(last iteration) | out(breaks), as if every loop ran at least once

That a loop runs no iteration, or leaves its first one early, is not taken for a gap, as in Numba:
a name that the whole body assigns may be read after the loop.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from srcdiff.errors import Span, UnsupportedSyntax
from srcdiff.frontend.tree import children


@dataclass(frozen=True, eq=False)
class _Gap:
    """A path on which a name has no value: `how`, which names the line of `node`."""

    node: ast.AST
    how: str


_State = dict[str, _Gap | None]
_Exit = tuple[_State | None, _Gap]


@dataclass
class _Loop:
    node: ast.For | ast.While
    breaks: list[_Exit] = field(default_factory=list)
    continues: list[_Exit] = field(default_factory=list)


def check_assigned(node: ast.FunctionDef | ast.Lambda, span: Callable[[ast.AST], Span]) -> None:
    """Raise `UnsupportedSyntax` where a local name is read on a path that does not assign it."""
    names = _local_names(node)
    state: _State = dict.fromkeys(_parameters(node))
    scope = _Scope(span, names)
    if isinstance(node, ast.Lambda):
        scope.read(node.body, state)
    else:
        scope.block(node.body, state)


@dataclass
class _Scope:
    """One function: its local names, the loops around, what its inner functions read."""

    span: Callable[[ast.AST], Span]
    names: frozenset[str]
    loops: list[_Loop] = field(default_factory=list)
    inner: dict[str, list[str]] = field(default_factory=dict)

    def block(self, body: list[ast.stmt], state: _State | None) -> _State | None:
        """Return the state after `body`; None if its end is not reached."""
        state = None if state is None else dict(state)
        for statement in body:
            if state is None:
                return None
            state = self.statement(statement, state)
        return state

    def statement(self, node: ast.stmt, state: _State) -> _State | None:
        match node:
            case ast.If():
                return self.branch(node, state)
            case ast.For() | ast.While():
                return self.loop(node, state)
            case ast.With():
                for item in node.items:
                    self.read(item, state)
                return self.block(node.body, state)
            case ast.Break() | ast.Continue():
                self.jump(node, state)
                return None
            case ast.Return() | ast.Raise():
                self.read(node, state)
                return None
            case _:
                self.simple(node, state)
                return state

    def simple(self, node: ast.stmt, state: _State) -> None:
        match node:
            case ast.FunctionDef():
                check_assigned(node, self.span)
                self.define(node.name, node, state)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda() as function):
                self.define(name, function, state)
            case ast.AugAssign(target=ast.Name() as target):
                self.read_name(target, target.id, state)
                self.assign(node, state)
            case ast.AnnAssign(value=None):
                pass
            case _:
                self.assign(node, state)

    def assign(self, node: ast.stmt, state: _State) -> None:
        self.read(node, state)
        state.update(dict.fromkeys(_stores(node)))

    def define(self, name: str, function: ast.FunctionDef | ast.Lambda, state: _State) -> None:
        """Bind a function: what its body reads must have a value where the function is used."""
        for default in _defaults(function):
            self.read(default, state)
        body = [function.body] if isinstance(function, ast.Lambda) else function.body
        hidden = _local_names(function)
        free = [read.id for part in body for read in _reads(part, hidden)]
        self.inner.setdefault(name, []).extend(free)
        state[name] = None

    def branch(self, node: ast.If, state: _State) -> _State | None:
        self.read(node.test, state)
        then, orelse = self.block(node.body, state), self.block(node.orelse, state)
        return _merge(
            [
                (then, _Gap(node, "where the condition on line {line} is true")),
                (orelse, _Gap(node, "where the condition on line {line} is false")),
            ]
        )

    def loop(self, node: ast.For | ast.While, state: _State) -> _State | None:
        self.read(node.iter if isinstance(node, ast.For) else node.test, state)
        targets = _stores(node.target) if isinstance(node, ast.For) else ()
        self.loops.append(_Loop(node))
        body = self.block(node.body, {**state, **dict.fromkeys(targets)})
        loop = self.loops.pop()
        gap = _Gap(node, "where no iteration of the loop on line {line} assigns it")
        last = _merge([(body, gap), *_excused(loop.continues, body)])
        last = {**state, **(last or {})}
        endless = isinstance(node, ast.While) and _is_true(node.test)
        after = None if endless else self.block(node.orelse, last)
        gap = _Gap(node, "where the loop on line {line} ends without `break`")
        return _merge([(after, gap), *_excused(loop.breaks, last)])

    def jump(self, node: ast.Break | ast.Continue, state: _State) -> None:
        loop = self.loops[-1]
        if isinstance(node, ast.Break):
            how = "where the loop is left by the `break` on line {line}"
            loop.breaks.append((state, _Gap(node, how)))
        else:
            how = "where each iteration ends at the `continue` on line {line}"
            loop.continues.append((state, _Gap(node, how)))

    def read(self, node: ast.AST, state: _State) -> None:
        for name in _reads(node, frozenset()):
            self.read_name(name, name.id, state)
            pending, seen = [name.id], {name.id}
            while pending:
                reader = pending.pop()
                for free in self.inner.get(reader, ()):
                    self.read_name(name, free, state, reader)
                    if free not in seen:
                        seen.add(free)
                        pending.append(free)

    def read_name(self, at: ast.Name, name: str, state: _State, reader: str = "") -> None:
        """Raise if `name`, read at `at` (by the inner function `reader`), may have no value."""
        if name not in self.names or (name in state and state[name] is None):
            return
        gap = state.get(name) or self.first_iteration(name)
        by = f" by `{reader}`" if reader else ""
        message = f"`{name}` is read{by} before it is assigned"
        hint = f"Give `{name}` a value first: it is local, because this function assigns it."
        if gap is not None:
            line = self.span(gap.node).line
            message += " " + gap.how.format(line=line)
            hint = f"Give `{name}` a value before line {line}."
        raise UnsupportedSyntax(message, self.span(at), hint)

    def first_iteration(self, name: str) -> _Gap | None:
        how = "in the first iteration of the loop on line {line}"
        for loop in reversed(self.loops):
            if any(name in _stores(statement) for statement in loop.node.body):
                return _Gap(loop.node, how)
        return None


def _merge(exits: list[_Exit]) -> _State | None:
    """Return the state where the paths of `exits` meet; those that are never taken are None."""
    taken = [(state, gap) for state, gap in exits if state is not None]
    if not taken:
        return None
    merged: _State = {}
    for name in dict.fromkeys(name for state, _ in taken for name in state):
        gaps = (state.get(name, gap) for state, gap in taken)
        merged[name] = next((gap for gap in gaps if gap is not None), None)
    return merged


def _excused(exits: list[_Exit], whole: _State | None) -> list[_Exit]:
    """Take for assigned at each exit what the whole body would have assigned."""
    return [({**(whole or {}), **(state or {})}, gap) for state, gap in exits]


def _is_true(test: ast.expr) -> bool:
    return isinstance(test, ast.Constant) and bool(test.value)


def _reads(node: ast.AST, hidden: frozenset[str]) -> Iterator[ast.Name]:
    """Yield the names that `node` reads, but for those that a scope inside it binds."""
    stack = [(node, hidden)]
    while stack:
        node, hidden = stack.pop()
        below = [(child, hidden) for child in children(node)]
        match node:
            case ast.Name(ctx=ast.Load()) if node.id not in hidden:
                yield node
            case ast.FunctionDef() | ast.Lambda():
                body = [node.body] if isinstance(node, ast.Lambda) else node.body
                inner = hidden | _local_names(node)
                below = [(default, hidden) for default in _defaults(node)]
                below += [(child, inner) for child in body]
            case ast.ListComp() | ast.DictComp():
                inner = hidden.union(*(_stores(part.target) for part in node.generators))
                below = [(child, inner) for child in children(node)]
            case ast.AnnAssign():
                below = [(child, hidden) for child in (node.target, node.value) if child]
            case _:
                pass
        stack += below[::-1]


def _stores(node: ast.AST) -> list[str]:
    """Return the names that `node` assigns in its own scope."""
    names: list[str] = []
    stack = [node]
    while stack:
        match stack.pop():
            case ast.Name(id=name, ctx=ast.Store()) | ast.FunctionDef(name=name):
                names.append(name)
            case ast.Lambda() | ast.ListComp() | ast.DictComp():
                pass
            case other:
                stack += children(other)
    return names


def _defaults(node: ast.FunctionDef | ast.Lambda) -> list[ast.expr]:
    return [*node.args.defaults, *filter(None, node.args.kw_defaults)]


def _parameters(node: ast.FunctionDef | ast.Lambda) -> list[str]:
    parameters = node.args
    several = [*parameters.posonlyargs, *parameters.args, *parameters.kwonlyargs]
    several += filter(None, (parameters.vararg, parameters.kwarg))
    return [parameter.arg for parameter in several]


def _local_names(node: ast.FunctionDef | ast.Lambda) -> frozenset[str]:
    body = [] if isinstance(node, ast.Lambda) else node.body
    return frozenset(_parameters(node)).union(*(_stores(statement) for statement in body))
