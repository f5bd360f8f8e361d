"""The documents say what the code does: dumps, examples, quotations, what is not built."""

import difflib
import doctest
import importlib.util
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numba import njit, prange

import srcdiff
from srcdiff import api, derivative
from srcdiff.rules import expression
from srcdiff.testing import checks, remainders
from tests.conftest import Golden
from tests.test_house import TRANSFORMS

ROOT = Path(__file__).parents[1]
TOUR = ROOT / "docs/tour.md"
CONTRIBUTING = ROOT / "docs/contributing.md"
DESIGN = ROOT / "docs/design.md"

PROGRAM = re.compile(r"<!-- program -->\n```python\n(.*?)```", re.DOTALL)
DUMP = re.compile(r"<!-- (\w+): (\w+) -->\n```(\w+)\n(.*?)```", re.DOTALL)
QUOTATION = re.compile(r"<!-- (\S+\.py) -->\n```python\n(.*?)```", re.DOTALL)

SIGNATURES = {
    "evolve": "float64[::1], float64, int64",
    "robust_loss": "float64[::1], float64, float64[::1], float64[::1]",
}


# ---- the tour ----


@pytest.fixture(scope="module")
def tour(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """Return the module that the tour's first block is the source of."""
    program = PROGRAM.search(TOUR.read_text(encoding="utf-8"))
    assert program is not None
    path = tmp_path_factory.mktemp("tour") / "tour.py"
    path.write_text(program.group(1), encoding="utf-8")
    spec = importlib.util.spec_from_file_location("tour", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def stages_of(tour: ModuleType, name: str) -> dict[str, str]:
    result: dict[str, str] = getattr(tour, f"{name}_grad").stages(SIGNATURES[name])
    return result


def changes(stages: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """Iterate over the passes that change the text: name, text before, text after."""
    before = ""
    for key, after in stages.items():
        if after != before:
            yield key.partition("_")[2], before, after
        before = after


def table(stages: dict[str, str]) -> str:
    """Return the names of all passes, with a star at those that change the text."""
    changed = [name for name, _, _ in changes(stages)][::-1]
    names = [key.partition("_")[2] for key in stages]
    before, marked = "", []
    for name, after in zip(names, stages.values(), strict=True):
        marked.append(f"*{changed.pop()}" if after != before else name)
        before = after
    return textwrap.fill("  ".join(marked), 76, break_long_words=False) + "\n"


def difference(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=1)
    hunks = ["..." if line.startswith("@@") else line.rstrip() for line in list(lines)[2:]]
    return "\n".join(hunks[1:]) + "\n"


def refreshed(text: str, tour: ModuleType) -> str:
    """Return the tour with every dump made anew; the k-th belongs to the k-th change."""
    left = {name: list(changes(stages_of(tour, name))) for name in SIGNATURES}

    def dump(match: re.Match[str]) -> str:
        name, what, language, _ = match.groups()
        match what:
            case "passes":
                body = table(stages_of(tour, name))
            case "source":
                body = getattr(tour, f"{name}_grad").source(SIGNATURES[name]).strip() + "\n"
            case _:
                passes, before, after = left[name].pop(0)
                assert passes == what, f"the next pass that changes {name} is {passes}"
                body = difference(before, after) if language == "diff" else after.strip() + "\n"
        return f"<!-- {name}: {what} -->\n```{language}\n{body}```"

    result = DUMP.sub(dump, text)
    missing = {name: [change[0] for change in rest] for name, rest in left.items() if rest}
    assert missing == {}, "the tour leaves out passes that change something"
    return result


def test_tour_shows_what_each_pass_does(tour: ModuleType, golden: Golden) -> None:
    golden(TOUR, refreshed(TOUR.read_text(encoding="utf-8"), tour))


def test_a_pass_that_the_tour_forgets_is_found(tour: ModuleType) -> None:
    text = TOUR.read_text(encoding="utf-8")
    last = [each for each in DUMP.finditer(text) if each.group(2) not in ("passes", "source")][-1]
    with pytest.raises(AssertionError, match="leaves out"):
        refreshed(text[: last.start()] + text[last.end() :], tour)


def test_tour_computes(tour: ModuleType) -> None:
    failed, attempted = doctest.testfile(str(TOUR), module_relative=False, globs=vars(tour).copy())
    assert attempted > 0
    assert failed == 0


# ---- docstrings ----

WITH_EXAMPLES = [api, derivative, expression, checks, remainders]


@pytest.mark.parametrize("module", WITH_EXAMPLES, ids=lambda each: each.__name__)
def test_examples_of_docstrings_run(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("name", TRANSFORMS)
def test_transforms_have_examples(name: str) -> None:
    examples = doctest.DocTestParser().get_examples(getattr(srcdiff, name).__doc__)
    assert any(f"sd.{name}(" in example.source for example in examples)


# ---- contributing ----


def without_spaces(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def test_quotations_stand_in_the_code() -> None:
    quotations = QUOTATION.findall(CONTRIBUTING.read_text(encoding="utf-8"))
    assert len(quotations) >= 3
    for path, text in quotations:
        source = without_spaces((ROOT / path).read_text(encoding="utf-8"))
        assert without_spaces(text) in source, f"{path} does not say: {text}"


def test_every_module_has_its_place() -> None:
    """The table of modules in the document has each file and folder of the package."""
    text = CONTRIBUTING.read_text(encoding="utf-8")
    for path in sorted((ROOT / "srcdiff").iterdir()):
        if path.is_dir() and (path / "__init__.py").exists():
            assert f"`{path.name}/`" in text
        elif path.suffix == ".py" and path.stem != "__init__":
            assert f"`{path.name}`" in text


def cube(x: Any) -> Any:
    return x * x * x


def test_stages_can_be_dumped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SRCDIFF_DUMP", str(tmp_path / "dump"))
    cube_grad = srcdiff.grad(cube, jit=False)
    assert cube_grad(2.0) == 12.0
    names = [path.stem for path in sorted((tmp_path / "dump").iterdir())]
    assert names == list(cube_grad.stages(2.0))


# ---- what is not built ----


def recursive(x: Any, n: Any) -> Any:
    if n == 0:
        return 1.0
    x[n - 1] += 1.0
    return x[n - 1] * recursive(x, n - 1)


def drawn(x: Any) -> Any:
    return x * np.random.random()


def masked(x: Any) -> Any:
    x[x > 0.0] = x[::-1]
    return np.sum(x)


def updated(x: Any) -> Any:
    x[[0, 1]] += emptied(x)
    return np.sum(x)


def emptied(x: Any) -> Any:
    x[:] = 0.0
    return 1.0


def spectral(x: Any) -> Any:
    return np.linalg.norm(np.outer(x, x), 2)


def parallel(x: Any) -> Any:
    total = 0.0
    for i in prange(x.shape[0]):
        total += x[i]
    return total


def left(x: Any) -> Any:
    while emptied(x) > 0.5:
        if x[0] > 1.0:
            break
        x[1] += x[0]
    return x[1]


def rebound(x: Any, first: Any) -> Any:
    a, b = x.copy(), x.copy()
    c = a[1:] if first else b[1:]
    c[0] = 2.0 * c[0]
    return a[1] * b[1]


def pulled(x: Any) -> Any:
    out, back = srcdiff.vjp(cube, x)
    return back(out)[0]


def renamed(x: Any) -> Any:
    with srcdiff.no_grad():
        y = x
    y[0] = 1.0
    return np.sum(x)


def doubled(x: Any) -> None:
    x *= 2.0


doubled_pushed = srcdiff.pushforward(doubled, outputs="x")


def pushed(x: Any) -> Any:
    return np.sum(doubled_pushed(x, x)[1])


def growing(x: Any) -> Any:
    parts = [x]
    parts.append(x)
    return parts[1]


def changing(p: Any) -> Any:
    p["a"] = 2.0 * p["a"]
    return p["a"]


def changed_on_one_path(x: Any) -> Any:
    first, second = [x], [2.0]
    chosen = first if x > 1.0 else second
    chosen[0] = 3.0 * x
    return first[0] * second[0]


def left_early(p: Any) -> Any:
    for each in p:
        if each > 2.0:
            return each
    return 0.0


def indexed(p: Any, k: Any) -> Any:
    return p[k]


@dataclass
class Unit:
    x: Any

    def __post_init__(self) -> None:
        self.x = self.x / 2.0


keyed_grad = srcdiff.grad(lambda p: p["a"])
VECTOR = np.ones(3)

NOT_BUILT: dict[str, Callable[[], object]] = {
    "another name for an array": lambda: srcdiff.grad(renamed, jit=False)(VECTOR),
    "`vjp` inside": lambda: srcdiff.grad(pulled, jit=False)(2.0),
    "with `outputs=`": lambda: srcdiff.grad(pushed, jit=False)(VECTOR),
    "`checkpoint`": lambda: srcdiff.grad(left, jit=False, checkpoint=4)(VECTOR),
    "`parallel`": lambda: srcdiff.grad(cube, parallel=True),
    "`graph`": lambda: srcdiff.grad(cube).graph(2.0),
    "call themselves": lambda: srcdiff.grad(recursive, jit=False)(VECTOR, 3),
    "Random numbers": lambda: srcdiff.jacrev(drawn, jit=False)(2.0),
    "share memory": lambda: srcdiff.grad(masked, jit=False)(VECTOR),
    "writes into arrays": lambda: srcdiff.grad(updated, jit=False)(VECTOR),
    "Of norms": lambda: srcdiff.grad(spectral, jit=False)(VECTOR),
    "`prange`": lambda: srcdiff.grad(parallel, jit=False)(VECTOR),
    "functions and other objects": lambda: srcdiff.grad(cube, jit=False)((2.0, np.sin)),
    "From compiled code": lambda: njit(lambda x: keyed_grad({"a": x}))(2.0),
    "`append`": lambda: srcdiff.grad(growing, jit=False)(2.0),
    "is an argument": lambda: srcdiff.grad(changing, jit=False)({"a": 2.0}),
    "another name": lambda: srcdiff.grad(changed_on_one_path, jit=False)(2.0),
    "`__post_init__`": lambda: srcdiff.grad(lambda x: Unit(x).x, jit=False)(2.0),
    "left early": lambda: srcdiff.grad(left_early, jit=False)([2.0, 3.0]),
    "indexed at run time": lambda: srcdiff.grad(indexed, jit=False)([2.0, 3.0], 1),
    "complex numbers": lambda: srcdiff.grad(cube, jit=False)(1j),
    "`np.linalg`": lambda: srcdiff.grad(np.linalg.det, jit=False)(np.eye(2)),
    "one of two views": lambda: srcdiff.grad(rebound, jit=False)(VECTOR, 1),
}
"""What the section of the design about this must name, and a use of it."""


def section() -> str:
    """Return the section of the design about what is not built."""
    text = DESIGN.read_text(encoding="utf-8")
    return without_spaces(text.partition("## What is not built")[2].partition("\n## ")[0])


@pytest.mark.parametrize("what", NOT_BUILT)
def test_what_is_not_built_is_said_and_refused(what: str) -> None:
    assert what in section()
    with pytest.raises(srcdiff.SrcdiffError):
        NOT_BUILT[what]()


def test_transforms_that_are_not_built_are_said() -> None:
    for name in ("jvp", "pushforward", "jacobian", "hessian", "hvp", "taylor", "stop_gradient"):
        assert (f"`{name}`" in section()) is not hasattr(srcdiff, name)
