"""What of Python is refused: this is the one place that lists it.

`REFUSED` is the table of node types that never pass; the functions below it look at those that
pass in some forms. Types, names and functions are not known here: what needs them is refused by
`resolve` and `infer`. A node type that no list names, as a future Python may have, is refused.
"""

import ast
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

from srcdiff.errors import Span, UnsupportedSyntax
from srcdiff.frontend.assigned import check_assigned
from srcdiff.frontend.tree import children, walked

__all__ = ["REFUSED", "check", "check_assigned"]

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
# Where a node stands: `...` may be in an index, `*` before an argument, an f-string in a message.
Place = Literal["code", "statement", "argument", "index", "message"]
Problem = tuple[ast.AST, str, str]

_CATCH = "Let the error come out of the derivative, and catch it around the call."
_AWAIT = "Write a plain `def`, and do the waiting before the call."
_FILL = "Make an array, write the values into it in a loop, and return it."
_RETURN = "Pass the value as an argument, and return the new one."
_IMPORT = "Import at the top of the module."
_COLLECTION = "Use a tuple or an array."
_KEYS = 'Write the dict with all its keys: `{"a": ..., "b": ...}`.'
_LENGTH = "Make an array of the final length, `xs = np.empty(n)`, and write `xs[i] = ...`."
_MESSAGES = "It may stand only in the message of a `raise`, an `assert` or a `print`."

# Keys are names, because some of the types exist only in later Pythons.
REFUSED: dict[str, tuple[str, str]] = {
    "Try": ("`try`", _CATCH),
    "TryStar": ("`try` with `except*`", _CATCH),
    "With": ("`with`", "Only `with sd.no_grad():` may stand here; open the rest around the call."),
    "AsyncFunctionDef": ("`async def`", _AWAIT),
    "AsyncFor": ("`async for`", _AWAIT),
    "AsyncWith": ("`async with`", _AWAIT),
    "Await": ("`await`", _AWAIT),
    "Yield": ("`yield`", _FILL),
    "YieldFrom": ("`yield from`", _FILL),
    "Global": ("`global`", _RETURN),
    "Nonlocal": ("`nonlocal`", _RETURN),
    "Delete": ("`del`", "Leave it out: what is local ends with the function."),
    "Import": ("an import inside a function", _IMPORT),
    "ImportFrom": ("an import inside a function", _IMPORT),
    "ClassDef": ("a class inside a function", "Define it at the top level of the module."),
    "TypeAlias": ("a `type` statement", "Write it at the top level of the module."),
    "Match": ("`match`", "Write it as `if`, `elif`, `else`."),
    "NamedExpr": ("`:=`", "Assign on a line of its own."),
    "Set": ("a set", _COLLECTION),
    "SetComp": ("a set comprehension", _COLLECTION),
    "GeneratorExp": ("a generator expression", "Write a loop, or a list: `[... for ... in ...]`."),
    "JoinedStr": ("an f-string", _MESSAGES),
    "TemplateStr": ("a t-string", "Use a plain string."),
}

# `pop` and `setdefault` are methods of nothing but collections; NumPy has an `append` of its own.
MUTATORS: dict[str, tuple[str, str]] = {
    **dict.fromkeys(("append", "extend"), ("makes a list longer", _LENGTH)),
    **dict.fromkeys(
        ("insert", "remove", "pop", "clear"), ("changes the length of a list", _LENGTH)
    ),
    **dict.fromkeys(("update", "setdefault"), ("changes the keys of a dict", _KEYS)),
}

ALLOWED = (
    (ast.FunctionDef, ast.Return, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Pass)
    + (ast.If, ast.For, ast.While, ast.Break, ast.Continue, ast.Raise, ast.Assert)
    + (ast.BoolOp, ast.BinOp, ast.UnaryOp, ast.IfExp, ast.Compare, ast.Call, ast.Lambda)
    + (
        ast.Dict,
        ast.List,
        ast.Tuple,
        ast.ListComp,
        ast.DictComp,
        ast.Attribute,
        ast.Subscript,
        ast.Slice,
    )
    + (ast.Name, ast.Constant, ast.FormattedValue, ast.Starred)
)


def check(node: FunctionNode, span: Callable[[ast.AST], Span]) -> None:
    """Raise `UnsupportedSyntax` at the first part of the function that is outside the language.

    Default values, decorators and annotations of the function itself are not looked at: Python has
    evaluated them already.
    """
    bound = frozenset(_bound_names(node))
    problem = _function(node, outermost=True)
    stack = _body(node)[::-1]
    while stack and problem is None:
        child, place = stack.pop()
        problem = _problem(child, place, bound)
        stack += _children(child, place)[::-1]
    if problem is not None:
        where, what, hint = problem
        message = f"{what} is not supported in a differentiated function"
        raise UnsupportedSyntax(message, span(where), hint)


def _body(node: FunctionNode) -> list[tuple[ast.AST, Place]]:
    body = [node.body] if isinstance(node, ast.Lambda) else node.body
    return [(child, "code") for child in body]


def _children(node: ast.AST, place: Place) -> list[tuple[ast.AST, Place]]:
    """Return the children in source order, each with its place; without annotations."""
    match node:
        case ast.FunctionDef() | ast.Lambda():
            arguments = node.args
            defaults = [*arguments.defaults, *filter(None, arguments.kw_defaults)]
            return [*_placed(defaults, "code"), *_body(node)]
        case ast.AnnAssign():
            return _placed(filter(None, (node.target, node.value)), "code")
        case ast.Expr():
            return [(node.value, "statement")]
        case ast.Subscript():
            return [(node.value, "code"), (node.slice, "index")]
        case ast.Tuple() if place == "index":
            return _placed(node.elts, "index")
        case ast.Tuple(ctx=ast.Load()) | ast.List(ctx=ast.Load()) if place in ("code", "argument"):
            return _placed(node.elts, "argument")
        case ast.Assert():
            return [(node.test, "code"), *_placed(filter(None, (node.msg,)), "message")]
        case ast.Raise() | ast.Call(func=ast.Name(id="print")):
            return _placed(children(node), "message")
        case ast.Call() if place != "message":
            rest = [keyword.value for keyword in node.keywords]
            return [(node.func, "code"), *_placed(node.args, "argument"), *_placed(rest, "code")]
        case _:
            inner: Place = "message" if place == "message" else "code"
            return _placed(children(node), inner)


def _placed(nodes: Iterable[ast.AST], place: Place) -> list[tuple[ast.AST, Place]]:
    return [(node, place) for node in nodes]


def _problem(node: ast.AST, place: Place, bound: frozenset[str]) -> Problem | None:
    """Return what is wrong with `node` itself, not with what is inside it."""
    match node:
        case ast.FunctionDef() | ast.Lambda():
            return _function(node, outermost=False)
        case ast.With(items=[ast.withitem(ast.Call(function), None)]) if _is_no_grad(function):
            return _leaving(node.body, in_loop=False)
        case ast.JoinedStr() if place == "message":
            return None
        case ast.Call(func=ast.Attribute() as method):
            return _method(node, method, place, bound)
        case ast.Constant():
            return _constant(node, place)
        case ast.Compare():
            return _comparison(node)
        case ast.ListComp() | ast.DictComp():
            return _comprehension(node)
        case ast.Dict():
            return _dict(node)
        case ast.Raise() | ast.Starred() | ast.For() | ast.comprehension():
            return _form(node, place)
        case ast.stmt() | ast.expr():
            return _listed(node)
        case _:
            return None


def _leaving(body: list[ast.stmt], *, in_loop: bool) -> Problem | None:
    """Refuse a jump out of the block of a `with`."""
    for node in body:
        match node:
            case ast.Return():
                return node, "`return` inside of `with`", "Return after the block."
            case ast.Break() | ast.Continue() if not in_loop:
                return node, "a jump out of a `with`", "Let the block end before the jump."
            case ast.If(body=inner, orelse=orelse):
                found = _leaving([*inner, *orelse], in_loop=in_loop)
            case ast.For(body=inner) | ast.While(body=inner):
                found = _leaving(inner, in_loop=True)
            case _:
                continue
        if found is not None:
            return found
    return None


def _listed(node: ast.stmt | ast.expr) -> Problem | None:
    if isinstance(node, ALLOWED):
        return None
    kind = type(node).__name__
    return (node, *REFUSED.get(kind, (f"this part of Python (`{kind}`)", "Write it otherwise.")))


def _is_no_grad(function: ast.expr) -> bool:
    match function:
        case ast.Name(id="no_grad") | ast.Attribute(attr="no_grad"):
            return True
        case _:
            return False


def _function(node: FunctionNode, *, outermost: bool) -> Problem | None:
    match node:
        case ast.AsyncFunctionDef():
            return (node, *REFUSED["AsyncFunctionDef"])
        case ast.FunctionDef() if getattr(node, "type_params", None):
            return node, "a type parameter", "Leave it out: types are inferred from each call."
        case ast.FunctionDef(decorator_list=[decorator, *_]) if not outermost:
            return decorator, "a decorator on an inner function", "Leave the decorator out."
        case _:
            return None


def _method(
    node: ast.Call, method: ast.Attribute, place: Place, bound: frozenset[str]
) -> Problem | None:
    """Refuse `xs.append(v)` and its like, but leave `y = np.append(...)` to `resolve`."""
    if method.attr not in MUTATORS:
        return None
    always = place == "statement" or method.attr in ("pop", "setdefault")
    root: ast.AST = method.value
    while isinstance(root, ast.Attribute | ast.Subscript | ast.Call):
        root = root.func if isinstance(root, ast.Call) else root.value
    if not always and isinstance(root, ast.Name) and root.id not in bound:
        return None
    effect, hint = MUTATORS[method.attr]
    return node, f"`{ast.unparse(method)}(...)`, which {effect},", hint


def _constant(node: ast.Constant, place: Place) -> Problem | None:
    match node.value:
        case bytes():
            return node, "a bytes literal", "Use an array of dtype np.uint8."
        case complex():
            return node, "a complex number", "Compute with the real and the imaginary part."
        case value if value is Ellipsis and place != "index":
            return node, "`...` outside of an index", "Write what is to be computed here."
        case _:
            return None


def _comparison(node: ast.Compare) -> Problem | None:
    pairs = zip([node.left, *node.comparators], node.comparators, strict=False)
    for operator, (left, right) in zip(node.ops, pairs, strict=True):
        match operator:
            case ast.Is() | ast.IsNot() if not (_is_singleton(left) or _is_singleton(right)):
                what = "`is` between values other than None, True and False"
                return node, what, "Compare values with `==`."
    return None


def _is_singleton(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and (node.value is None or isinstance(node.value, bool))


def _comprehension(node: ast.ListComp | ast.DictComp) -> Problem | None:
    what = "a list comprehension" if isinstance(node, ast.ListComp) else "a dict comprehension"
    match node.generators:
        case [ast.comprehension(ifs=[])]:
            return None
        case [_]:
            return node, f"{what} with `if`", _FILL
        case _:
            return node, f"{what} with several `for`", _FILL


def _dict(node: ast.Dict) -> Problem | None:
    for key in node.keys:
        match key:
            case ast.Constant(value=str()):
                pass
            case None:
                pass
            case _:
                return key, "a dict key that is not a constant string", _KEYS
    return None


def _form(node: ast.AST, place: Place) -> Problem | None:
    """Refuse the unusual forms of usual statements and expressions."""
    match node:
        case ast.Raise(exc=None):
            return node, "`raise` without an exception", "Name it: `raise ValueError(...)`."
        case ast.Raise(cause=ast.expr() as cause):
            return cause, "`raise ... from ...`", "Leave out the `from`."
        case ast.Starred() if place not in ("argument", "message"):
            return node, "`*` outside of a call", "Name each element: `first, second = pair`."
        case ast.For(target=target) | ast.comprehension(target=target):
            return _target(target)
        case _:
            return None


def _target(node: ast.expr) -> Problem | None:
    match node:
        case ast.Subscript() | ast.Attribute():
            hint = "Loop over a name, and assign in the body of the loop."
            return node, "a loop variable that is not a name", hint
        case ast.Tuple() | ast.List():
            return next(filter(None, map(_target, node.elts)), None)
        case _:
            return None


def _bound_names(node: ast.AST) -> Iterator[str]:
    """Yield the names that the function or a function inside it binds."""
    for child in walked(node):
        match child:
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                yield name
            case _:
                pass
