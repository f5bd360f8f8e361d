"""Loops that change places, and four iterations at once of those that add to one row."""

import pytest

from srcdiff.transform.mirror import mirror
from srcdiff.transform.swap import swap
from srcdiff.transform.terrace import terrace
from srcdiff.transform.upwards import upwards
from tests.transform.factorisations import Program, by_rows, check_gradient, root, source
from tests.transform.nests import check
from tests.transform.soundness import Pass, check_memory_programs, check_references


@pytest.mark.parametrize(("change", "least"), [(swap, 10), (terrace, 10)])
def test_nests_write_the_same(change: Pass, least: int) -> None:
    assert check(change, range(200)) > least


def test_the_adjoint_adds_to_one_row() -> None:
    text = source(by_rows)
    assert "for k in range(n - 2, -1, -1):" in text
    assert "a_bar[k, j] += " in text


def test_rows_are_subtracted_four_at_once() -> None:
    assert "for j in range(t_1, n):" in source(by_rows) or "for j in range(k + 4, n):" in source(
        by_rows
    )


def test_rows_of_a_root_are_read_as_columns() -> None:
    text = source(root)
    assert "a_columns[k_1, i] = " in text
    assert "a_columns[k + 3, j]" in text


@pytest.mark.parametrize("function", [by_rows, root])
@pytest.mark.parametrize("size", [1, 2, 4, 5, 8, 11])
def test_gradients(function: Program, size: int) -> None:
    check_gradient(function, size)


@pytest.mark.parametrize("change", [swap, terrace, mirror, upwards])
def test_programs_mean_the_same(change: Pass) -> None:
    check_memory_programs(change, range(200))
    check_references(change, range(100))
