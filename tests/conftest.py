"""Options and fixtures of the whole test suite."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

Golden = Callable[[Path, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite the golden files instead of comparing"
    )
    parser.addoption("--slow", action="store_true", help="run the tests marked slow, too")


def is_worker(config: pytest.Config) -> bool:
    """Say whether this process is one that pytest-xdist has started."""
    return hasattr(config, "workerinput")


def pytest_configure(config: pytest.Config) -> None:
    # Workers inherit the environment, so that what one compiles the others load.
    if not is_worker(config):
        os.environ["SRCDIFF_CACHE_DIR"] = tempfile.mkdtemp(prefix="srcdiff-tests-")


def pytest_unconfigure(config: pytest.Config) -> None:
    if not is_worker(config):
        shutil.rmtree(os.environ.pop("SRCDIFF_CACHE_DIR"), ignore_errors=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="slow: runs with --slow"))


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Return `golden(path, text)`, which holds `text` against the file, byte by byte.

    With `--update-golden` it writes the file.
    """
    update = request.config.getoption("--update-golden")

    def check(path: Path, text: str) -> None:
        if update:
            path.write_bytes(text.encode())
            return
        assert path.exists(), f"{path} is missing: run pytest --update-golden, and read the diff"
        assert text == path.read_bytes().decode()

    return check
