"""The source that is found is the code that runs, or there is an error."""

from __future__ import annotations

import ast
import contextlib
import doctest
import importlib.util
import inspect
import io
import linecache
import os
import statistics
import subprocess
import sys
import textwrap
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest

from srcdiff.errors import UnsupportedSyntax
from srcdiff.frontend.source import Source, find_source, fingerprint

ROOT = Path(__file__).parents[2]
Load = Callable[[str], ModuleType]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Return `load(text)`, which writes a file and imports it."""
    # Python takes two files of equal size, written in the same second, for the same.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def import_text(text: str) -> ModuleType:
        path = tmp_path / "user.py"
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        spec = importlib.util.spec_from_file_location("user", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return import_text


def edit(module: ModuleType, text: str) -> None:
    """Change the file of `module`, so that its size or time says so."""
    path = Path(str(module.__file__))
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    status = path.stat()
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 10**9))


def body(function: Callable[..., Any]) -> str:
    """Return the text of a lambda's expression or of a function's last statement."""
    assert isinstance(function, FunctionType)
    node = find_source(function).node
    return ast.unparse(node.body if isinstance(node, ast.Lambda) else node.body[-1])


def refused(function: Callable[..., Any]) -> str:
    """Return the text of the error that `find_source` raises."""
    assert isinstance(function, FunctionType)
    with pytest.raises(UnsupportedSyntax) as error:
        find_source(function)
    return str(error.value)


def in_cell(text: str, name: str = "<ipython-input-1-abc>") -> dict[str, Any]:
    """Run `text` as a notebook runs a cell, statement by statement; return its names."""
    text = textwrap.dedent(text)
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    names: dict[str, Any] = {}
    for statement in ast.parse(text).body:
        exec(compile(ast.Interactive([statement]), name, "single"), names)
    return names


# ---- What is found


def square(x: float) -> float:
    """A docstring."""
    return x * x


def asserting(x: float) -> float:
    assert x > 0, f"not positive: {x}"
    return x + 1


def test_function_of_a_module() -> None:
    source = find_source(square)
    assert source.function is square
    assert isinstance(source.node, ast.FunctionDef)
    assert source.node.name == "square"
    assert source.node.lineno == square.__code__.co_firstlineno
    assert source.lines[source.node.lineno - 1] == "def square(x: float) -> float:"
    assert source.path == __file__
    assert source.globals is globals()
    assert source.closure == {}


def test_closure_has_values_and_no_empty_cells() -> None:
    scale = 3.0

    def inner(x: float) -> float:
        return x * scale + later

    assert find_source(inner).closure == {"scale": 3.0}
    later = 1.0
    assert find_source(inner).closure == {"scale": 3.0, "later": later}
    assert body(inner) == "return x * scale + later"


def test_method_with_private_names(load: Load) -> None:
    module = load(
        """
        class Model:
            def __init__(self):
                self.__w = 2.0

            def __loss(self, x):
                return self.__w * x

            def loss(self, x):
                return super().__repr__() and self.__loss(x)
        """
    )
    assert body(module.Model._Model__loss) == "return self.__w * x"
    source = find_source(module.Model.loss)
    assert source.closure == {"__class__": module.Model}


def test_decorated_function_begins_at_its_decorator(load: Load) -> None:
    module = load(
        """
        def mark(*values):
            return lambda f: f

        @mark(
            lambda x: x,
        )
        @mark()
        def f(x):
            return x + 1
        """
    )
    source = find_source(module.f)
    assert isinstance(source.node, ast.FunctionDef)
    assert source.span(source.node).line == 9
    assert body(module.f) == "return x + 1"


def test_function_as_a_decorator_sees_it(load: Load) -> None:
    # The module is not yet in its place when a decorator such as `@sd.grad` runs.
    module = load(
        """
        from srcdiff.frontend.source import find_source
        found = []

        @lambda f: found.append(find_source(f)) or f
        def f(x):
            return x + 1
        """
    )
    assert module.found[0].node.name == "f"


def test_functions_of_one_name(load: Load) -> None:
    module = load(
        """
        def make(n):
            if n:
                def f(x):
                    return x + n
            else:
                def f(x):
                    return x - n
            return f

        try:
            pass
        finally:
            def f(x):
                return x
        """
    )
    assert body(module.make(1)) == "return x + n"
    assert body(module.make(0)) == "return x - n"
    assert body(module.f) == "return x"


def test_lambdas_on_one_line(load: Load) -> None:
    module = load(
        """
        k = 2
        a, b, c = lambda x: x + 1, lambda x: x + 1.0, lambda x: x * k
        d = lambda x: (lambda y: x * y); e = lambda x: x if True else 0
        def make(k): return lambda x: x + k, lambda x: x - k, lambda x, k=k: x + k
        z = [lambda: 0.0, lambda: -0.0, lambda: 0, lambda: False, lambda: (0, 0.0), lambda: (0, 0)]
        """
    )
    assert [body(f) for f in (module.a, module.b, module.c)] == ["x + 1", "x + 1.0", "x * k"]
    assert body(module.d) == "lambda y: x * y"
    assert body(module.d(3)) == "x * y"
    assert body(module.e) == "x if True else 0"
    assert [body(f) for f in module.make(1)] == ["x + k", "x - k", "x + k"]
    assert find_source(module.make(1)[2]).closure == {}
    assert [body(f) for f in module.z] == ["0.0", "-0.0", "0", "False", "(0, 0.0)", "(0, 0)"]


def test_calls_into_imported_modules(load: Load) -> None:
    # The compiler treats `np.sin(x)` and `inner.sin(x)` differently: `np` is imported.
    module = load(
        """
        from __future__ import annotations
        try:
            import numpy as np
        except ImportError:
            np = None

        def make():
            import math as inner
            def f(x):
                return np.sin(x) * inner.sin(x) * later.sin(x)
            return f

        a, b = lambda x: np.sin(x), lambda x: np.cos(x)
        from math import *
        import math as later
        """
    )
    assert body(module.make()) == "return np.sin(x) * inner.sin(x) * later.sin(x)"
    assert [body(f) for f in (module.a, module.b)] == ["np.sin(x)", "np.cos(x)"]


def test_functions_of_the_standard_library() -> None:
    functions = [f for f in vars(statistics).values() if isinstance(f, FunctionType)]
    own = [f for f in functions if f.__code__.co_filename == statistics.__file__]
    plain = [f for f in own if not f.__code__.co_flags & inspect.CO_GENERATOR]
    assert len(plain) > 20
    for function in plain:
        node = find_source(function).node
        assert isinstance(node, ast.FunctionDef)
        assert node.name == function.__name__


def test_lambda_over_several_lines(load: Load) -> None:
    module = load(
        """
        fs = [
            lambda x: (
                x
                + 1
            ), lambda x: x
            * 2,
        ]
        """
    )
    assert [body(f) for f in module.fs] == ["x + 1", "x * 2"]
    source = find_source(module.fs[1])
    span = source.span(source.node)
    assert (span.line, span.caret().splitlines()[1].count("^")) == (6, len("lambda x: x"))


def test_sets_of_constants(load: Load) -> None:
    module = load("def f(x):\n    return x in {'a', 'b', 1.0, (1, 2)}\n")
    assert body(module.f) == "return x in {'a', 'b', 1.0, (1, 2)}"
    edit(module, "def f(x):\n    return x in {'a', 'b', True, (1, 2)}\n")
    assert "not the code that runs" in refused(module.f)


@pytest.mark.parametrize("future", ["", "from __future__ import annotations"])
def test_future_statements_of_the_users_file(load: Load, future: str) -> None:
    text = """
        def outer(k):
            def inner(x: "float", y: list[int] = ()) -> None:
                def innermost(z: int): return z
                return x * k
            return inner
        """
    assert body(load(future + textwrap.dedent(text)).outer(1)) == "return x * k"


def test_file_with_warnings(load: Load) -> None:
    with pytest.warns(SyntaxWarning):
        module = load('def f(x):\n    return x is 1 or "a"\n')
    assert body(module.f) == "return x is 1 or 'a'"


def test_assert_statements_that_pytest_rewrites() -> None:
    source = find_source(asserting)
    assert isinstance(source.node, ast.FunctionDef)
    assert isinstance(source.node.body[0], ast.Assert)
    assert source.span(source.node.body[0]).text.strip().startswith("assert x > 0")


def test_notebook_cell() -> None:
    names = in_cell(
        """
        import numpy as np

        def f(x):
            return np.sin(x)
        f
        """
    )
    source = find_source(names["f"])
    assert (source.file, source.path) == ("<ipython-input-1-abc>", "<ipython-input-1-abc>")
    assert source.span(source.node).line == 4


def test_notebook_cell_with_await_outside_functions() -> None:
    name = "<ipython-input-2-abc>"
    text = "def f(x):\n    return x\nawait g()\n"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    names: dict[str, Any] = {}
    exec(compile("def f(x):\n    return x\n", name, "exec"), names)
    assert body(names["f"]) == "return x"


def test_doctest() -> None:
    text = """
    >>> from srcdiff.frontend.source import find_source
    >>> def f(x):
    ...     return x + 1
    >>> find_source(f).lines
    ('def f(x):', '    return x + 1', '')
    """
    test = doctest.DocTestParser().get_doctest(text, {}, "example", None, 0)
    report = io.StringIO()
    runner = doctest.DocTestRunner()
    with contextlib.redirect_stdout(report):
        runner.run(test)
    assert runner.summarize(verbose=False).failed == 0, report.getvalue()


def test_module_in_a_zip_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
        archive.writestr("zipped_user.py", "def f(x):\n    return x + 1\n")
    monkeypatch.syspath_prepend(str(tmp_path / "code.zip"))
    module = importlib.import_module("zipped_user")
    assert body(module.f) == "return x + 1"


@pytest.mark.parametrize("level", ["-B", "-O", "-OO"])
def test_script(tmp_path: Path, level: str) -> None:
    script = """
        import os
        from srcdiff.frontend.source import find_source

        def f(x):
            "Docstring."
            assert x > 0
            return x if __debug__ else -x

        os.mkdir("below")
        os.chdir("below")
        source = find_source(f)
        print(source.file, source.span(source.node).line)
        """
    (tmp_path / "script.py").write_text(textwrap.dedent(script))
    assert python(tmp_path, level, "script.py") == "script.py 5\n"


def python(directory: Path, *arguments: str, stdin: str = "") -> str:
    """Run Python in `directory`; return what it prints."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        input=stdin,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_many_threads(load: Load) -> None:
    module = load("\n".join(f"def f{i}(x):\n    return x + {i}\n" for i in range(40)))
    wrong = []

    def look(i: int) -> None:
        if body(getattr(module, f"f{i}")) != f"return x + {i}":
            wrong.append(i)

    threads = [threading.Thread(target=look, args=(i,)) for i in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# ---- Spans


def span_of(source: Source, text: str) -> tuple[int, str]:
    """Return line and marked text of the node that unparses to `text`."""
    node = next(n for n in ast.walk(source.node) if hasattr(n, "lineno") and ast.unparse(n) == text)
    span = source.span(node)
    return span.line, span.text[span.column : span.end_column]


def test_span_counts_letters_not_bytes(load: Load) -> None:
    module = load(
        """
        def f(θ, φ):
            return θ * φ + (θ
                            - φ)
        """
    )
    source = find_source(module.f)
    assert span_of(source, "θ * φ") == (3, "θ * φ")
    assert span_of(source, "θ - φ") == (3, "θ")
    assert source.span(source.node.args).line == 2


def test_file_is_shown_relative_to_the_working_directory(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = load("def f(x):\n    return x\n")
    monkeypatch.chdir(tmp_path.parent)
    assert find_source(module.f).file == f"{tmp_path.name}/user.py"
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert find_source(module.f).file == "user.py"


# ---- What is refused


def test_no_source() -> None:
    names: dict[str, Any] = {}
    exec("def f(x):\n    return x\n", names)
    assert refused(names["f"]).splitlines() == [
        "<string>:1: `f` has no source",
        "Write it to a file or a notebook cell: code from `exec` or standard input keeps no text.",
    ]


def test_standard_input(tmp_path: Path) -> None:
    session = """
        from srcdiff.frontend.source import find_source
        def f(x): return x

        try: find_source(f)
        except SyntaxError as error: print(error)
        """
    printed = python(tmp_path, "-", stdin=textwrap.dedent(session))
    assert printed.startswith("<stdin>:3: `f` has no source\n")


@pytest.mark.parametrize(
    "after",
    [
        "def f(x):\n    return x + 2\n",
        "def f(x):\n    return x + 1.0\n",
        "def f(x):\n    return x - 1\n",
        "def f(y):\n    return y + 1\n",
        "def f(x, *, y=0):\n    return x + 1\n",
        "def g(x):\n    return x + 1\n",
        "\ndef f(x):\n    return x + 1\n",
        "def f(x):\n    return (x + \n",
        "f = lambda x: x + 1\n",
        "x = 0\n",
        "def f(x):\n    yield x + 1\n",
        "async def f(x):\n    return x + 1\n",
    ],
)
def test_edited_file(load: Load, after: str) -> None:
    module = load("def f(x):\n    return x + 1\n")
    assert body(module.f) == "return x + 1"
    edit(module, after)
    assert "`f` has a source that is not the code that runs" in refused(module.f)


def test_edited_around_the_function(load: Load) -> None:
    module = load("def f(x):\n    return x + 1\n\ndef g(x):\n    return x\n")
    edit(
        module, "def f(x):\n    # more\n    return x + 1  # and more\n\ndef g(x):\n    return -x\n"
    )
    assert body(module.f) == "return x + 1"


def test_edited_nested_function(load: Load) -> None:
    module = load("def f(x):\n    return map(lambda y: y + 1, x)\n")
    edit(module, "def f(x):\n    return map(lambda y: y + 2, x)\n")
    assert "not the code that runs" in refused(module.f)


def test_name_that_moved_to_another_scope(load: Load) -> None:
    module = load("def make():\n    def f(x):\n        return x + k\n    return f\n")
    edit(module, "def make(k=1):\n    def f(x):\n        return x + k\n    return f\n")
    assert "not the code that runs" in refused(module.make())


def test_replaced_code() -> None:
    def f(x: float) -> float:
        return x + 1

    f.__code__ = f.__code__.replace(co_consts=(None, 2))
    assert "not the code that runs" in refused(f)


def test_edited_function_with_assert(load: Load, tmp_path: Path) -> None:
    rewrite = sys.modules["_pytest.assertion.rewrite"]
    text = "def f(x):\n    assert x > 0\n    return x + 1\n"
    path = tmp_path / "rewritten.py"
    path.write_text(text)
    tree = ast.parse(text)
    rewrite.rewrite_asserts(tree, text.encode())
    names: dict[str, Any] = {}
    exec(compile(tree, str(path), "exec"), names)
    assert body(names["f"]) == "return x + 1"
    path.write_text("def f(x):\n    assert x > 0\n    return x - 10\n")
    assert "not the code that runs" in refused(names["f"])


def test_wrapper_of_a_decorator(load: Load) -> None:
    module = load(
        """
        import functools

        def logged(function):
            @functools.wraps(function)
            def wrapper(*args):
                return function(*args)
            return wrapper

        @logged
        def f(x):
            return x
        """
    )
    assert refused(module.f).splitlines() == [
        "user.py:5: `f` is the wrapper that a decorator put around the function",
        "    @functools.wraps(function)",
        "    ^^^^^^^^^^^^^^^^^^^^^^^^^^",
        "Pass the function inside, its attribute `__wrapped__`, and decorate the derivative.",
    ]
    assert body(module.f.__wrapped__) == "return x"


def test_generators_and_coroutines() -> None:
    def generator(x: float) -> Any:
        yield x

    async def coroutine(x: float) -> float:
        return x

    async def both(x: float) -> Any:
        yield x

    for function in (generator, coroutine, both, lambda: (yield)):
        assert "is a generator or a coroutine\n" in refused(function)


# ---- Fingerprints


TEXT = "def f(x):\n    return x + 1\n"


def test_fingerprint_ignores_comments_and_places(load: Load) -> None:
    before = fingerprint(load(TEXT).f)
    after = fingerprint(load("# A comment\n\ndef f( x ):\n\n    return (x + 1)  # one\n").f)
    assert before == after
    assert len(before) == 64


@pytest.mark.parametrize(
    "after",
    [
        "def f(x):\n    return x + 1.0\n",
        "def f(y):\n    return y + 1\n",
        "def f(x: int):\n    return x + 1\n",
        "def make():\n    def f(x):\n        return x + 1\n    return f\nf = make()\n",
    ],
)
def test_fingerprint_changes_with_the_code(load: Load, after: str) -> None:
    assert fingerprint(load(TEXT).f) != fingerprint(load(after).f)


def test_fingerprint_tells_scopes_apart(load: Load) -> None:
    free = "def make(k):\n    def f(x):\n        return k * x\n    return f\nf = make(1)\n"
    fixed = "k = 1\ndef make(j):\n    def f(x):\n        return k * x\n    return f\nf = make(1)\n"
    assert fingerprint(load(free).f) != fingerprint(load(fixed).f)


def test_fingerprint_is_that_of_the_module(load: Load) -> None:
    module = load(TEXT)
    before = fingerprint(module.f)
    module.f.__module__ = "other"
    assert fingerprint(module.f) != before
