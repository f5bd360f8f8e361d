"""Copies that are not needed, and those that are."""

from srcdiff.ir.build import integer
from srcdiff.ir.nodes import Value
from srcdiff.transform.uncopy import uncopy
from tests.transform.examples import ZERO, Example
from tests.transform.soundness import check_memory_programs, check_references, text


def copied(*, early: bool = False, late: bool = False, own: bool = False) -> str:
    """Return the text of a program that reads a copy of y, where one of the two is written."""
    example = Example()
    b = example.builder
    copy = b.copy(example.y, "copied")
    if own:
        b.store(copy, (integer(0),), ZERO)
    if early:
        b.store(example.y, (integer(0),), ZERO)

    def add(i: Value) -> None:
        b = example.builder
        b.increment(example.x, (i,), b.load(copy, (i,)))

    example.loop(add)
    if late:
        b.store(example.y, (integer(0),), ZERO)
    return text(uncopy(example.function()))


def test_what_nobody_writes() -> None:
    assert copied() == "for i in range(x.shape[0]):\n    x[i] += y[i]"


def test_what_is_written_behind_the_last_read() -> None:
    assert "copied" not in copied(late=True)


def test_what_is_written_before() -> None:
    assert "copied" in copied(early=True)
    assert "copied" in copied(own=True)


def test_programs() -> None:
    check_memory_programs(uncopy, range(300))


def test_references() -> None:
    check_references(uncopy, range(300))
