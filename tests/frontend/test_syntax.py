"""What the front end refuses and accepts by syntax alone; `tests/errors` has the whole texts."""

import ast
import sys
import textwrap
from collections.abc import Iterator

import hypothesis.strategies as st
import pytest
from hypothesis import assume, given, settings

from srcdiff.errors import Span, UnsupportedSyntax
from srcdiff.frontend import syntax

MARK = "# <-- error"


def check(source: str) -> None:
    lines = source.splitlines()
    node = ast.parse(source).body[0]
    if isinstance(node, ast.Expr):
        node = node.value
    assert isinstance(node, syntax.FunctionNode)

    def span(part: ast.AST) -> Span:
        return Span("f.py", part.lineno, part.col_offset, text=lines[part.lineno - 1])

    syntax.check(node, span)
    assert not isinstance(node, ast.AsyncFunctionDef)
    syntax.check_assigned(node, span)


def function(body: str) -> str:
    return "def f(x, n=1):\n" + textwrap.indent(textwrap.dedent(body).strip("\n"), "    ") + "\n"


def refusal(source: str) -> UnsupportedSyntax:
    with pytest.raises(UnsupportedSyntax) as caught:
        check(source)
    return caught.value


# One body for each entry of the table, under the name of the entry.
REFUSED_BODIES = {
    "Try": "try:\n    pass\nfinally:\n    pass",
    "With": "with x:\n    pass",
    "AsyncFunctionDef": "async def g(): pass",
    "Yield": "yield x",
    "YieldFrom": "yield from x",
    "Global": "global x_total",
    "Nonlocal": "def g():\n    nonlocal n",
    "Delete": "del x",
    "Import": "import math",
    "ImportFrom": "from math import sin",
    "ClassDef": "class C: pass",
    "Match": "match x:\n    case 1: pass",
    "NamedExpr": "return (y := x)",
    "Set": "return {x}",
    "SetComp": "return {i for i in x}",
    "GeneratorExp": "return sum(i for i in x)",
    "JoinedStr": "return f'{x}'",
}
NEW_BODIES = {
    "TryStar": (3, 11, "try:\n    pass\nexcept* ValueError:\n    pass"),
    "TypeAlias": (3, 12, "type T = int"),
    "TemplateStr": (3, 14, "return t'{x}'"),
}
ASYNC_BODIES = {
    "Await": "await x",
    "AsyncFor": "async for i in x: pass",
    "AsyncWith": "async with x: pass",
}
REFUSED_FORMS = (
    ("a list comprehension with `if`", "return [i for i in x if i]"),
    ("a dict comprehension with `if`", "return {i: i for i in x if i}"),
    ("several `for`", "return [i for i in x for k in x]"),
    ("a dict key", "return {x: 1}"),
    ("a bytes literal", "return x + b''"),
    ("a complex number", "return x + 1j"),
    ("`...` outside of an index", "return np.sum(...)"),
    ("`is` between", "return x is n"),
    ("`is` between", "return None is x is n"),
    ("`raise` without", "raise"),
    ("`raise ... from ...`", "raise ValueError() from x"),
    ("`*` outside of a call", "return x[(*n,)]"),
    ("`*` outside of a call", "a, *b = x"),
    ("a loop variable that is not a name", "for x[0] in range(n): pass"),
    ("a loop variable that is not a name", "for i, (k, x[0]) in n: pass"),
    ("a loop variable that is not a name", "return [1 for x[0] in n]"),
    ("a decorator", "@njit\ndef g(): pass"),
    ("`x.append(...)`", "x.append(1)"),
    ("`x[0].extend(...)`", "x[0].extend([1])"),
    ("`x.insert(...)`", "x.insert(0, 1)"),
    ("`x.remove(...)`", "x.remove(1)"),
    ("`x.pop(...)`", "return x.pop()"),
    ("`stack.pop(...)`", "return stack.pop()"),
    ("`x.clear(...)`", "x.clear()"),
    ("`x.update(...)`", "x.update(a=1)"),
    ("`x.setdefault(...)`", "return x.setdefault('a', 1)"),
    ("`history.append(...)`", "history.append(1)"),
    ("`[].append(...)`", "y = [].append(1)"),
    ("`with` is", "with sd.no_grad() as g:\n    pass"),
    ("`with` is", "with sd.no_grad(), x:\n    pass"),
    ("an f-string is", "assert f'{x}'"),
    ("an f-string is", "print(x) if f'{x}' else None"),
)
ACCEPTED_BODIES = (
    "return x * n - -x // 3 % 2 ** n @ x",
    "a, (b, c) = x, (n, n)\na, b = b, a\nreturn a + b + c",
    "y: float = x\nz: Undefined\ny += 1\nreturn y",
    "for i, (a, b) in enumerate(zip(x, x)):\n    n += a * b * i\nreturn n",
    "while n > 1:\n    n -= 1\n    if x: continue\n    if n: break\nelse:\n    n = 0\nreturn n",
    "for i in range(n):\n    pass\nelse:\n    return x\nreturn i",
    "return [x * i for i in range(n)]",
    "def g(a, b=n, *c, d=1, **e):\n    return a * x + b\nreturn g(1)",
    "square = lambda t: t * t\nreturn square(x)",
    "return {'a': x, 'b': (n, [x, x])}['a']",
    "return x[..., 0] + x[...] + x[:, None, ::2] + x[-1]",
    "return x is None or n is not True or None is x",
    "return n in (1, -2, 'a') and n not in ()",
    "assert x > 0, f'{x} is negative'\nif n: raise ValueError(f'{x:{n}}')\nreturn x",
    "print(f'{x}', *x, sep=f'{n}')\nreturn x",
    "with sd.no_grad():\n    y = x\nwith no_grad():\n    y = x\nreturn y",
    "return np.append(x, 1.0) + np.insert(x, 0, 1.0)",
    "return g(*x, **n)",
    "if n:\n    raise ValueError\nreturn 1 if x else 2",
    "'a docstring'\nreturn None",
)


@pytest.mark.parametrize("kind", REFUSED_BODIES)
def test_table_refuses(kind: str) -> None:
    error = refusal(function("if n:\n" + textwrap.indent(REFUSED_BODIES[kind], "    ")))
    assert error.message.startswith(syntax.REFUSED[kind][0])
    assert error.hint == syntax.REFUSED[kind][1]
    assert error.span is not None
    assert error.span.line in (3, 4)


@pytest.mark.parametrize("kind", NEW_BODIES)
def test_table_refuses_newer_syntax(kind: str) -> None:
    major, minor, body = NEW_BODIES[kind]
    if sys.version_info < (major, minor):
        pytest.skip(f"syntax of Python {major}.{minor}")
    assert refusal(function(body)).message.startswith(syntax.REFUSED[kind][0])


@pytest.mark.parametrize("kind", ASYNC_BODIES)
def test_coroutines_are_refused_where_they_begin(kind: str) -> None:
    error = refusal("async " + function(ASYNC_BODIES[kind]))
    assert error.message.startswith("`async def`")
    assert error.span is not None
    assert error.span.line == 1


def test_every_entry_of_the_table_is_tested() -> None:
    assert {*REFUSED_BODIES, *NEW_BODIES, *ASYNC_BODIES} == {*syntax.REFUSED}


@pytest.mark.parametrize(("message", "body"), REFUSED_FORMS)
def test_form_is_refused(message: str, body: str) -> None:
    error = refusal(function(body))
    assert message in error.message
    assert error.hint


@pytest.mark.skipif(sys.version_info < (3, 12), reason="syntax of Python 3.12")
def test_type_parameters_are_refused() -> None:
    assert "type parameter" in refusal("def f[T](x: T):\n    return x\n").message


@pytest.mark.parametrize("body", ACCEPTED_BODIES)
def test_accepted(body: str) -> None:
    check(function(body))


def test_defaults_and_annotations_of_the_function_are_not_looked_at() -> None:
    check("@decorate({1})\ndef f(x: {1}, y=[i for i in x if i]) -> f'{1}':\n    return x * y\n")
    check("lambda x={1}: x\n")


def test_defaults_of_inner_functions_are_looked_at() -> None:
    assert "a set" in refusal(function("g = lambda a={1}: a\nreturn g()")).message


def test_the_first_problem_is_named() -> None:
    error = refusal(function("y = x + 1j\ndel y\nimport math"))
    assert "complex" in error.message


def test_syntax_of_a_later_python_is_refused() -> None:
    class Later(ast.expr):
        pass

    node = ast.parse("def f(x):\n    return x\n").body[0]
    assert isinstance(node, ast.FunctionDef)
    node.body = [ast.Expr(Later())]
    with pytest.raises(UnsupportedSyntax, match="Later"):
        syntax.check(node, lambda part: Span("f.py", 1))


def test_long_expressions_do_not_exhaust_the_stack() -> None:
    check(function("return " + " + ".join(["x"] * 2000)))


# ---- Assignment before use

UNASSIGNED = {
    "never": ("z = y  # <-- error\ny = x", "`y` is read before it is assigned"),
    "augmented": ("y += x  # <-- error", "`y` is read before it is assigned"),
    "subscript": ("y[0] = x  # <-- error\ny = x", "`y` is read before it is assigned"),
    "no else": ("if n:\n    y = x\nreturn y  # <-- error", "condition on line 2 is false"),
    "no then": ("if n: pass\nelse: y = x\nreturn y  # <-- error", "condition on line 2 is true"),
    "elif": (
        "if n: y = 1\nelif x: y = 2\nreturn y  # <-- error",
        "condition on line 3 is false",
    ),
    "if in a loop": (
        "for i in x:\n    if i:\n        y = i\nreturn y  # <-- error",
        "condition on line 3 is false",
    ),
    "first iteration": (
        "for i in x:\n    if i:\n        n += y  # <-- error\n    y = i",
        "in the first iteration of the loop on line 2",
    ),
    "no break": (
        "for i in x:\n    if i:\n        y = i\n        break\nreturn y  # <-- error",
        "the loop on line 2 ends without `break`",
    ),
    "one of two breaks": (
        "while 1:\n    if n:\n        y = x\n        break\n    if x: break\nreturn y  # <-- error",
        "by the `break` on line 6",
    ),
    "all continue": (
        "for i in x:\n    if i:\n        y = i\n        continue\n    n = i\nreturn y  # <-- error",
        "no iteration of the loop on line 2 assigns it",
    ),
    "else of a loop": (
        "for i in x:\n    if i: break\nelse:\n    y = n\nreturn y  # <-- error",
        "by the `break` on line 3",
    ),
    "returned early": ("for i in x:\n    return i\nreturn i  # <-- error", "`i` is read"),
    "annotated": ("y: float\nreturn y  # <-- error", "`y` is read before it is assigned"),
    "inner function": (
        "def g():\n    return a\ny = g()  # <-- error\na = 1\nreturn y",
        "`a` is read by `g` before it is assigned",
    ),
    "inner lambda": (
        "g = lambda t: t + a\nreturn np.sum(g(x))  # <-- error\na = 1",
        "`a` is read by `g` before it is assigned",
    ),
    "inner functions": (
        "def g(): return h()\ndef h(): return a\nif n:\n    a = 1\nreturn g()  # <-- error",
        "`a` is read by `h` before it is assigned where the condition on line 4 is false",
    ),
    "in an inner function": ("def g():\n    y += 1  # <-- error\n    return y\nreturn g()", "`y`"),
    "lambda in place": ("y = g(lambda t: t + a, x)  # <-- error\na = 1\nreturn y", "`a` is read"),
    "default": ("def g(t=y): return t  # <-- error\ny = 1\nreturn g()", "`y` is read"),
    "comprehension": ("z = [y * i for i in range(n)]  # <-- error\ny = x", "`y` is read"),
    "after with": ("with sd.no_grad():\n    if n: y = 1\nreturn y  # <-- error", "line 3 is false"),
}
ASSIGNED = (
    "for i in x:\n    y = i\nreturn y + i",
    "while n:\n    y = n\nreturn y",
    "while True:\n    if n: break\n    y = x\nreturn y",
    "for i in x:\n    if i: continue\n    y = x\nreturn y",
    "for i in x:\n    if i:\n        y = i\n        continue\n    y = 2\nreturn y",
    "for i in x:\n    if i:\n        y = i\n        break\nelse:\n    return x\nreturn y",
    "for i in x:\n    if i:\n        y = i\n        break\nelse:\n    y = 1\nreturn y",
    "if n: y = 1\nelse: return x\nreturn y",
    "if n: y = 1\nelse: raise ValueError\nreturn y",
    "for i in x:\n    if i: break\n    else: y = 1\n    n += y\nreturn n",
    "while True:\n    if n:\n        y = x\n        break\nreturn y",
    "return x\nreturn y\ny = 1",
    "def g(): return a * scale\na = 1\nreturn g()",
    "def g(k): return 1 if k == 0 else k * g(k - 1)\nreturn g(n)",
    "y = [i * k for i, k in x]\nreturn y",
    "g = lambda y: y + x\nreturn g(n)",
    "for i in x:\n    for k in x:\n        y = i\nreturn y + k",
    "def g():\n    y = 1\n    return y\nreturn g()",
    "with sd.no_grad():\n    y = x\nreturn y",
)


@pytest.mark.parametrize("case", UNASSIGNED)
def test_read_before_assignment(case: str) -> None:
    body, message = UNASSIGNED[case]
    source = function(body)
    error = refusal(source)
    assert message in error.message
    assert error.span is not None
    assert error.span.text.endswith(MARK)


@pytest.mark.parametrize("body", ASSIGNED)
def test_assigned_on_every_path(body: str) -> None:
    check(function(body))


def programs() -> st.SearchStrategy[str]:
    simple = st.sampled_from(["a = 1", "b = 1", "a", "b", "return"])

    def block(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.lists(parts, min_size=1, max_size=2).map(
            lambda lines: textwrap.indent("\n".join(lines), "    ")
        )

    def nest(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.one_of(
            block(parts).map(lambda body: f"if c():\n{body}"),
            st.tuples(block(parts), block(parts)).map(lambda b: f"if c():\n{b[0]}\nelse:\n{b[1]}"),
            block(parts).map(lambda body: f"for i in t():\n{body}"),
        )

    parts = st.recursive(simple, nest, max_leaves=6)
    return st.lists(parts, min_size=1, max_size=3).map("\n".join).map(function)


def unbound_on_some_path(source: str, trips: int) -> bool:
    """Run every path: `c()` decides a condition, `t()` between `trips` and one more iteration.

    A program with more than 2**8 paths is discarded.
    """
    choices: list[bool] = []
    taken: Iterator[bool] = iter(())

    def choose() -> bool:
        choice = next(taken, False)
        choices.append(choice)
        assume(len(choices) <= 8)
        return choice

    scope = {"a": 0, "b": 0, "c": choose, "t": lambda: range(trips + choose())}
    exec(source, scope)
    path: list[bool] | None = []
    while path is not None:
        choices.clear()
        taken = iter(path)
        try:
            scope["f"](0)
        except UnboundLocalError:
            return True
        while choices and choices[-1]:
            choices.pop()
        path = [*choices[:-1], True] if choices else None
    return False


@settings(max_examples=200, deadline=None)
@given(programs())
def test_refused_where_some_path_reads_before_assignment(source: str) -> None:
    try:
        check(source)
    except UnsupportedSyntax:
        assert unbound_on_some_path(source, trips=0)
    else:
        assert not unbound_on_some_path(source, trips=1)
