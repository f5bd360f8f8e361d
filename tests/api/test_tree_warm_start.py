"""Classes of trees on disk: found by their names, and never taken for others."""

from pathlib import Path

import pytest

from tests.api.test_warm_start import run, write

LAYERS = """
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

class Base:
    def doubled(self, x):
        return 2.0 * x

@dataclass
class Layer(Base):
    w: Any
    b: float = 2.0

    def value(self, x):
        return np.sum(self.w * x) + self.doubled(self.b)

    @property
    def size(self):
        return np.sum(self.w)

    @staticmethod
    def half(x):
        return 0.5 * x

class Pair(NamedTuple):
    a: Any
    b: Any = 1.5
"""

FUNCTIONS = """
from layers import Layer, Pair

def f(layer, x):
    pair = Pair(layer.value(x))
    made = Layer(pair.a)
    return made.w * made.b * pair.b + Layer.half(layer.size) + layer.half(pair[1])
"""

RUN = """
import numpy as np
import srcdiff as sd
from srcdiff import derivative
from functions import f
from layers import Layer

made = []
make = derivative.make
derivative.make = lambda *args, **kwargs: made.append(1) or make(*args, **kwargs)
found = sd.grad(f)(Layer(np.ones(3)), np.arange(3.0))
print(type(found) is Layer, *found.w, found.b, "made" if made else "kept")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write(tmp_path, "layers", LAYERS)
    write(tmp_path, "functions", FUNCTIONS)
    write(tmp_path, "run", RUN)
    return tmp_path


FIRST = ["True", "0.5", "3.5", "6.5", "6.0"]


def test_a_second_process_runs_no_pass(project: Path) -> None:
    assert run(project) == [*FIRST, "made"]
    assert run(project) == [*FIRST, "kept"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("b: float = 2.0", "b: float = 3.0", ["0.5", "5.0", "9.5", "9.0", "made"]),
        ("2.0 * x", "3.0 * x", ["0.5", "3.5", "6.5", "9.0", "made"]),
        ("b: Any = 1.5", "b: Any = 3.0", ["0.5", "6.5", "12.5", "12.0", "made"]),
        ("0.5 * x", "1.5 * x", ["1.5", "4.5", "7.5", "6.0", "made"]),
        (
            "    b: Any = 1.5\n",
            "    b: Any = 1.5\n    def __getitem__(self, k):\n        return self.b * 0.0\n",
            ["0.5", "3.5", "6.5", "6.0", "made"],
        ),
    ],
)
def test_nothing_stale_is_taken(project: Path, old: str, new: str, expected: list[str]) -> None:
    assert run(project) == [*FIRST, "made"]
    assert LAYERS.count(old) >= 1
    write(project, "layers", LAYERS.replace(old, new, 1))
    found = run(project)
    assert found == ["True", *expected]


LOCAL = """
import numpy as np
import srcdiff as sd
from dataclasses import dataclass
from typing import Any

def make(factor):
    @dataclass
    class Local:
        w: Any

        def value(self):
            return factor * self.w
    return Local

def f(p):
    return p.value() ** 2

@dataclass
class Main:
    w: Any

    def value(self):
        return FACTOR * self.w

FACTOR = 2.0
df = sd.grad(f)
for kind in (make(2.0), make(3.0), Main):
    found = df(kind(1.0))
    assert type(found) is kind
    print(found.w)
Old = Main

@dataclass
class Main:
    w: Any

    def value(self):
        return 5.0 * self.w

print(df(Main(1.0)).w, df(Old(1.0)).w)
"""


def test_classes_of_functions_and_of_main(project: Path) -> None:
    write(project, "run", LOCAL)
    expected = ["8.0", "18.0", "8.0", "50.0", "8.0"]
    assert run(project) == expected
    assert run(project) == expected
    write(project, "run", LOCAL.replace("FACTOR = 2.0", "FACTOR = 4.0"))
    assert run(project) == ["8.0", "18.0", "32.0", "50.0", "32.0"]
