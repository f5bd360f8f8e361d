"""The collector of garbage is put off, and set to work again, whatever happens."""

import gc

import pytest

from srcdiff import collector


@pytest.fixture(autouse=True)
def at_work() -> None:
    assert gc.isenabled()


def test_put_off_until_the_outermost_is_done() -> None:
    with collector.put_off():
        assert not gc.isenabled()
        with collector.put_off():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_set_to_work_after_an_error() -> None:
    with pytest.raises(ValueError, match="wrong"), collector.put_off():
        raise ValueError("wrong")
    assert gc.isenabled()


def test_not_set_to_work_where_it_was_not() -> None:
    gc.disable()
    try:
        with collector.put_off():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_child_of_another_thread_collects() -> None:
    with collector.put_off():
        collector._resume()
        assert gc.isenabled()
    assert gc.isenabled()
