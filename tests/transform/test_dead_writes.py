"""Writes that nobody reads."""

from srcdiff.ir.build import integer
from srcdiff.ir.nodes import Value
from srcdiff.transform.dead_writes import dead_writes
from tests.transform.examples import FLOAT, ZERO, Example
from tests.transform.soundness import check_memory_programs, check_references, text


def work_array(example: Example, *, inside: bool) -> str:
    """Return the text of a loop that adds rows of w to p, then takes p and sets it to zero."""
    made = None if inside else example.builder.zeros((example.n,), FLOAT, "p")

    def row(j: Value) -> None:
        p = example.builder.zeros((example.n,), FLOAT, "p") if made is None else made
        example.loop(lambda a: add(p, j, a), "a")
        example.loop(lambda a: take(p, a), "a")

    def add(p: Value, j: Value, a: Value) -> None:
        example.builder.increment(p, (a,), example.builder.load(example.w, (j, a)))

    def take(p: Value, a: Value) -> None:
        example.builder.increment(example.x, (a,), example.builder.load(p, (a,)))
        example.builder.store(p, (a,), ZERO)

    example.loop(row, "j")
    return text(dead_writes(example.function()))


def test_example() -> None:
    assert work_array(Example(), inside=True) == (
        "for j in range(x.shape[0]):\n"
        "    p = np.zeros_like(x)\n"
        "    for a in range(x.shape[0]):\n"
        "        p[a] += w[j, a]\n"
        "    for a in range(x.shape[0]):\n"
        "        x[a] += p[a]"
    )


def test_what_the_next_iteration_reads_stays() -> None:
    assert work_array(Example(), inside=False).endswith("        p[a] = 0.0")


def test_what_is_overwritten_whole() -> None:
    example = Example()
    b = example.builder
    p = b.zeros((example.n,), FLOAT, "p")
    b.increment(p, (integer(0),), b.load(example.y, (integer(0),)))
    example.loop(lambda a: example.builder.store(p, (a,), ZERO), "a")
    b.store(example.x, (integer(1),), b.load(p, (integer(1),)))
    assert "+=" not in text(dead_writes(example.function()))


def test_what_is_overwritten_in_part_stays() -> None:
    example = Example()
    b = example.builder
    p = b.zeros((example.n,), FLOAT, "p")
    b.increment(p, (integer(0),), b.load(example.y, (integer(0),)))
    example.loop(lambda a: example.builder.store(p, (a,), ZERO), "a", start=integer(1))
    b.store(example.x, (integer(1),), b.load(p, (integer(0),)))
    assert "p[0] += y[0]" in text(dead_writes(example.function()))


def test_programs_mean_the_same() -> None:
    check_memory_programs(dead_writes, range(400))
    check_references(dead_writes, range(200))
