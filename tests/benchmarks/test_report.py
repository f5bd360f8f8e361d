"""What the benchmarks print and write, from made-up timings and from one real case."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.first import First
from tests.benchmarks.measure import HAND, Measured, compare
from tests.benchmarks.page import page, verdicts
from tests.benchmarks.report import read_json, surroundings, table, write_json, write_picture
from tests.benchmarks.timing import Timing, alternate

ROOT = Path(__file__).parents[2]


def timing(median: float) -> Timing:
    return Timing(median, 0.5 * median, 7)


MADE_UP = (
    Measured(
        "one",
        {"loops": timing(2.0), "arrays": timing(4.0)},
        {"loops": timing(3.0), "arrays": timing(1.0)},
        {HAND: timing(5.0), "jax": timing(6.0)},
        {},
        {"loops": First(0.5, 1.25, 0.375, 0.625, 12.5)},
    ),
    Measured("two", {"loops": timing(1.0)}, {}, {}, {"loops": "not built"}),
)


def words_of(text: str, name: str, form: str) -> list[str]:
    """Return the cells of a line of the table."""
    lines = [line.split() for line in text.splitlines()]
    return next(words[2:] for words in lines if words[:2] == [name, form])


def test_table() -> None:
    text = table(MADE_UP)
    cells = [
        "2000.000",
        "3000.000",
        "1.50",
        "1.50",
        "0.60",
        "2.50",
        "2.00",
        "1.25",
        "0.38",
        "0.62",
        "12.50",
    ]
    assert words_of(text, "one", "loops") == cells
    assert words_of(text, "one", "arrays")[2:7] == ["0.25", "0.25", "0.20", "1.25", "6.00"]
    assert words_of(text, "two", "loops") == ["refused:", "not", "built"]
    assert "gradient/primal, all forms: geometric mean 0.61 of 2, 0.25 to 1.50" in text
    assert "gradient/primal, the fastest forms of each case: geometric mean 0.50 of 1" in text
    assert "gradient/hand: geometric mean 0.20 of 1" in text


def test_files(tmp_path: Path) -> None:
    write_json(tmp_path / "numbers.json", MADE_UP)
    written = json.loads((tmp_path / "numbers.json").read_text())
    assert written["cases"][0]["gradient"]["loops"] == {"median": 3.0, "minimum": 1.5, "runs": 7}
    assert written["where"]["versions"]["numba"]
    pytest.importorskip("matplotlib")
    write_picture(tmp_path / "numbers.png", MADE_UP)
    assert (tmp_path / "numbers.png").stat().st_size > 1000


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_json(tmp_path / "numbers.json", MADE_UP)
    where, results = read_json(tmp_path / "numbers.json")
    assert tuple(results) == MADE_UP
    assert where["cores"] >= 1
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", where["date"])


def test_page() -> None:
    where = surroundings() | {"processor": "Made Up 7", "date": "2024-02-29", "cores": 2}
    text = page(where, MADE_UP, ["three: ValueError: bad"])
    row = "| one | loops | 2000.000 | 3000.000 | 1.50 | 0.60 | 2.00 | 1.25 | 0.38 | 0.62 | 12.5 |"
    assert row in text
    assert "| one | arrays | 4000.000 | 1000.000 | 0.25 | 0.20 | 6.00 |  |  |  |  |" in text
    assert "| processor | Made Up 7, 2 cores |" in text
    assert "| date | 2024-02-29 |" in text
    assert "- gradient/primal, the fastest forms of each case: geometric mean 0.50 of 1" in text
    assert "- two, loops: not built" in text
    assert "- three: ValueError: bad" in text
    assert "Nowhere in this run." in text
    lines = text.splitlines()
    heads = next(line for line in lines if line.startswith("| case |"))
    assert heads.count("|") == row.count("|")
    assert [line for line in lines if line.endswith(" ")] == []


def test_limits_follow_from_the_numbers() -> None:
    found = {verdict.limit: (verdict.found, verdict.holds) for verdict in verdicts(MADE_UP)}
    assert found["gradient / primal at most 1.4, geometric mean"] == ("0.50, of 1 cases", True)
    assert found["slower than JAX on at most 4 cases"] == ("none", True)
    (cached,) = [text for text in found if "cache" in text]
    assert found[cached] == ("all", True)
    assert "PyTorch / gradient at least 4.0, geometric mean" not in found


def test_limits_that_do_not_hold() -> None:
    slow = Measured(
        "gmm",
        {"loops": timing(1.0)},
        {"loops": timing(2.0)},
        {HAND: timing(1.0), "jax": timing(1.5), "torch": timing(8.5)},
        {},
        {"loops": First(0.5, 3.0, 0.5, 1.25)},
    )
    found = {verdict.limit: (verdict.found, verdict.holds) for verdict in verdicts([slow])}
    assert found == {
        "gradient / primal at most 1.4, geometric mean": ("2.00, of 1 cases", False),
        "gradient / hand at most 0.8, geometric mean": ("2.00, of 1 cases", False),
        "gradient / hand at most 1.2 on every case": ("but: gmm 2.00", False),
        "JAX / gradient at least 2.5, geometric mean": ("0.75, of 1 cases", False),
        "PyTorch / gradient at least 4.0, geometric mean": ("4.25, of 1 cases", True),
        "slower than JAX on at most 4 cases": ("gmm 0.75", True),
        "gradient / primal of gmm at most 0.7": ("2.00", False),
        "first gradient at most the larger of 2 s and 2 times njit": (
            "but: gmm (loops) 3.00",
            False,
        ),
        "first gradient from the cache at most 0.4 s": ("but: gmm (loops) 0.50", False),
    }
    text = page(surroundings(), [slow])
    assert "- By hand, gmm: 0.50 of our time" in text
    assert "- JAX, gmm: 0.75 of our time (no reason is recorded)." in text
    assert text.count("**does not hold**") == 7


def test_page_from_a_file(tmp_path: Path) -> None:
    """Nothing is measured: the numbers are those of the file."""
    write_json(tmp_path / "numbers.json", MADE_UP)
    command = [sys.executable, "-m", "tests.benchmarks", "--from", str(tmp_path / "numbers.json")]
    command += ["--markdown", str(tmp_path / "page.md")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert words_of(done.stdout, "one", "loops")[:2] == ["2000.000", "3000.000"]
    where, results = read_json(tmp_path / "numbers.json")
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == page(where, results)


def test_wrong_values_are_found() -> None:
    compare("a", (1.0, ([1.0, 2.0],)), (1.0, ([1.0, 2.0 + 1e-9],)))
    with pytest.raises(AssertionError, match="gradient 0 differs"):
        compare("a", (1.0, ([1.0, 2.0],)), (1.0, ([1.0, 2.0001],)))
    with pytest.raises(AssertionError, match="value differs"):
        compare("a", (float("nan"), ()), (1.0, ()))


def test_functions_take_turns() -> None:
    calls: list[str] = []
    found = alternate({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, 0.0)
    turns = [calls[k : k + 2] for k in range(0, 12, 2)]
    assert all(sorted(turn) == ["a", "b"] for turn in turns)
    assert turns[1:].count(["a", "b"]) in range(1, 5), "the order changes"
    assert found["a"].runs == 5
    assert found["a"].minimum <= found["a"].median


@pytest.mark.slow
def test_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.benchmarks", "atax", "--seconds=0", "--no-peers"]
    command += ["--json", str(tmp_path / "numbers.json")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    cells = words_of(done.stdout, "atax", "loops")
    assert len(cells) == 10
    assert all(float(cell) > 0.0 for cell in cells)
    (case,) = json.loads((tmp_path / "numbers.json").read_text())["cases"]
    assert 0.0 < case["first"]["loops"]["cached"] < case["first"]["loops"]["cold"]
