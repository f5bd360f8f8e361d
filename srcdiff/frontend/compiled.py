"""The syntax tree that compiles to a given code object.

The top-level statements at the code's line are compiled, and what is found at its name and line is
compared with it: a file edited since its import holds no such tree. Several lambdas on one line are
told apart by their code; where that is equal, so is what they compute.
"""

import __future__

import ast
import contextlib
import copy
import functools
import operator
import sys
import threading
import warnings
from collections.abc import Iterator
from types import CodeType
from typing import Any, Literal, get_args

from typing_extensions import assert_never

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

Key = tuple[str, int]
"""A function's name and first line, as in its code object."""

Context = Literal["module", "cell", "pytest", "whole"]
"""How the text was compiled: as a file, a statement at a time, by pytest, or in an unusual way."""

CONTEXTS: tuple[Context, ...] = get_args(Context)
FUTURE_FLAGS = functools.reduce(
    operator.or_,
    (getattr(__future__, name).compiler_flag for name in __future__.all_feature_names),
)
COMPARED = (
    *("co_name", "co_flags", "co_argcount", "co_posonlyargcount", "co_kwonlyargcount"),
    *("co_names", "co_varnames", "co_freevars", "co_cellvars", "co_code", "co_exceptiontable"),
)
MARK = 1 << 24
"""A line number that no file has."""

# Entering and leaving `catch_warnings` in two threads at a time would leave the filters wrong.
_warnings_lock = threading.Lock()


@functools.lru_cache(maxsize=64)
def matching_node(code: CodeType, text: str) -> FunctionNode | None:
    """Return the node of `text` that compiles to `code`, if there is one."""
    key, flags = (code.co_name, code.co_firstlineno), code.co_flags & FUTURE_FLAGS
    # A file that is just being edited need not be Python.
    with contextlib.suppress(SyntaxError, ValueError):
        block = _block(text, code.co_firstlineno)
        nodes = _nodes(text, block).get(key, [])
        for node in nodes:
            for found in _codes_of(node, key, text, block, flags, alone=len(nodes) == 1):
                if _same_code(found, code):
                    return node
    return None


@functools.lru_cache(maxsize=32)
def _tree(text: str) -> ast.Module:
    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _block(text: str, line: int) -> range:
    """Return the places, in the module's body, of the statements that reach over `line`."""
    inside = [
        place
        for place, statement in enumerate(_tree(text).body)
        if _first_line(statement) <= line <= (statement.end_lineno or 0)
    ]
    return range(inside[0], inside[-1] + 1) if inside else range(0)


def _first_line(node: ast.stmt | ast.expr) -> int:
    """Return the line where `node` begins: as for code objects, that of its first decorator."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


@functools.lru_cache(maxsize=512)
def _nodes(text: str, block: range) -> dict[Key, list[FunctionNode]]:
    """Return the functions of `block` by name and first line."""
    nodes: dict[Key, list[FunctionNode]] = {}
    for statement in _tree(text).body[block.start : block.stop]:
        for node in ast.walk(statement):
            if isinstance(node, FunctionNode):
                name = "<lambda>" if isinstance(node, ast.Lambda) else node.name
                nodes.setdefault((name, _first_line(node)), []).append(node)
    return nodes


def _codes_of(
    node: FunctionNode, key: Key, text: str, block: range, flags: int, *, alone: bool
) -> Iterator[CodeType]:
    """Return what `node` may have been compiled to; `alone`: no other function has its `key`."""
    if alone:
        for context in CONTEXTS:
            yield from _codes(text, block, flags, context).get(key, [])
        return
    # On a line of its own, a copy's code is told from that of its neighbours.
    for context in ("module", "cell"):
        copies: dict[int, Any] = {}
        statements = copy.deepcopy(_statements(text, block, context), copies)
        mark = copies[id(node)]
        mark.lineno = mark.end_lineno = MARK
        mark.col_offset = mark.end_col_offset = 0
        yield from _compile(statements, flags).get((key[0], MARK), [])


@functools.lru_cache(maxsize=512)
def _codes(text: str, block: range, flags: int, context: Context) -> dict[Key, list[CodeType]]:
    return _compile(_statements(text, block, context), flags)


def _statements(text: str, block: range, context: Context) -> list[ast.stmt]:
    """Return what the compiler was given, as far as the code of the functions in `block` shows."""
    tree = _tree(text)
    statements = tree.body[block.start : block.stop]
    match context:
        case "module":
            # CPython calls `np.sin` in another way where it sees that `np` is imported.
            return [*_imports(tree), *statements]
        case "cell":
            return statements
        case "pytest":
            # Its import hook spells `assert` statements out.
            rewrite = sys.modules.get("_pytest.assertion.rewrite")
            if rewrite is None:
                return []
            module = ast.Module(copy.deepcopy([*_imports(tree), *statements]), [])
            rewrite.rewrite_asserts(module, text.encode())
            return module.body
        case "whole":
            return tree.body
        case _:
            assert_never(context)


def _imports(node: ast.AST) -> Iterator[ast.stmt]:
    """Return the imports in the scope of a module, those under `if` or `try` included."""
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.ImportFrom(module="__future__") | ast.expr():
                continue
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                continue
            case ast.Import() | ast.ImportFrom():
                yield child
            case _:
                yield from _imports(child)


def _compile(statements: list[ast.stmt], flags: int) -> dict[Key, list[CodeType]]:
    """Compile statements of a module; return the code objects inside by name and first line."""
    codes: dict[Key, list[CodeType]] = {}
    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        todo = [compile(ast.Module(statements, []), "<srcdiff>", "exec", flags, dont_inherit=True)]
    while todo:
        code = todo.pop()
        codes.setdefault((code.co_name, code.co_firstlineno), []).append(code)
        todo += [const for const in code.co_consts if isinstance(const, CodeType)]
    return codes


def _same_code(a: CodeType, b: CodeType) -> bool:
    """Say whether two code objects do the same, wherever they stand."""
    return (
        all(getattr(a, name, None) == getattr(b, name, None) for name in COMPARED)
        and len(a.co_consts) == len(b.co_consts)
        and all(map(_same_constant, a.co_consts, b.co_consts))
    )


def _same_constant(a: object, b: object) -> bool:
    """Compare constants more strictly than `==`: 1, 1.0 and True differ, and so do 0.0 and -0.0."""
    if isinstance(a, CodeType) and isinstance(b, CodeType):
        return _same_code(a, b)
    if isinstance(a, frozenset) and isinstance(b, frozenset):
        return set(map(repr, a)) == set(map(repr, b))
    return type(a) is type(b) and (a == b if isinstance(a, int) else repr(a) == repr(b))
