"""The habits of this codebase that a machine can check."""

import ast
import compileall
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import srcdiff

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "srcdiff").rglob("*.py"))
TOP_LEVEL = {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", ".gitignore"}
FOLDERS = {"srcdiff", "tests", "examples", "docs", ".ci"}

MOST_LINES_OF_A_FILE = 450
MOST_LINES_OF_A_FUNCTION = 45

TRANSFORMS = (
    *("grad", "value_and_grad", "vjp", "pullback", "jvp", "pushforward", "taylor"),
    *("jacobian", "jacfwd", "jacrev", "hessian", "hvp", "gnvp"),
)
PUBLIC = {*TRANSFORMS, "no_grad", "stop_gradient", "checkpoint", "rule", "zero", "testing"} | {
    "SrcdiffError",
    "UnsupportedSyntax",
    "UnknownFunction",
    "TypeInferenceError",
    "NotDifferentiable",
    "AliasingError",
    "RuleError",
    "ShapeError",
    "BoundsError",
    "CompilationError",
    "InternalError",
}
"""What `srcdiff` offers so far; extended with each name that is built."""

# A path of some machine, where a text should name nothing outside of the repository.
ABSOLUTE = re.compile(r"(?<![\w./:*<>~})\]-])/(?!(?:bin|usr|dev)/)[a-z]\w*/[\w.-]+")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
RELATIVE = re.compile(r"(?<![\w./])(?:\.\./)+[\w./-]*\w")


def texts() -> Iterator[Path]:
    """Iterate over the files of the repository that people write."""
    for name in sorted(TOP_LEVEL):
        yield ROOT / name
    for folder in sorted(FOLDERS):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".py", ".md", ".toml"} or path == ROOT / ".ci/run":
                yield path


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_sizes(path: Path) -> None:
    """Long tables of rules are excepted."""
    text = path.read_text(encoding="utf-8")
    if "rules" in path.parts:
        return
    assert text.count("\n") <= MOST_LINES_OF_A_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            size = node.end_lineno - node.lineno + 1
            assert size <= MOST_LINES_OF_A_FUNCTION, f"{node.name} has {size} lines"


def test_no_unfinished_work() -> None:
    marks = re.compile("|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"]))
    found = [relative(p) for p in SOURCES if marks.search(p.read_text(encoding="utf-8"))]
    assert found == []


@pytest.mark.parametrize("path", list(texts()), ids=relative)
def test_no_path_of_one_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert ABSOLUTE.findall(text) == []
    for link in RELATIVE.findall(text):
        target = (path.parent / link).resolve()
        assert target.exists(), f"{link} does not exist"
        assert target.is_relative_to(ROOT), f"{link} is outside of the repository"


@pytest.mark.parametrize("path", [p for p in texts() if p.suffix == ".md"], ids=relative)
def test_links_lead_somewhere(path: Path) -> None:
    for link in LINK.findall(path.read_text(encoding="utf-8")):
        assert (path.parent / link).exists(), f"{link} does not exist"


@pytest.mark.parametrize("before", ["", "see ", "open('", "`", "("])
def test_a_path_of_one_machine_is_found(before: str) -> None:
    assert ABSOLUTE.search(before + "/".join(["", "home", "me", "notes.md"]))


def test_everything_compiles(tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "srcdiff", tmp_path / "srcdiff", ignore=ignored)
    assert compileall.compile_dir(tmp_path / "srcdiff", quiet=1)


def test_public_names() -> None:
    """`__all__` says what is public, and no other name can be reached by accident."""
    modules = {path.stem for path in (ROOT / "srcdiff").iterdir()}
    names = {name for name in vars(srcdiff) if not name.startswith("_")}
    assert set(srcdiff.__all__) == PUBLIC
    assert names - (modules - PUBLIC) == PUBLIC
