"""The disk cache: found by content, safe among processes, trusted only if ours."""

import os
import subprocess
import sys
import tempfile
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

from srcdiff.backend import cache
from srcdiff.backend.numba import compile_function

own_cache = pytest.mark.skipif(
    cache.uses_stock_cache(), reason="looks into our own files, and Numba's cache is in use"
)

SCRIPT = textwrap.dedent(
    """
    from numba.core import event
    from srcdiff import runtime
    from srcdiff.backend.numba import compile_function

    text = "def f(x):\\n    return radd(x, radd(x, x))\\n"
    with event.install_recorder("numba:compile") as recorder:
        f = compile_function(text, "f", dict(runtime.NAMES), "<srcdiff f>")
        assert f(2.0) == 6.0
    print(sum(e.is_start for _, e in recorder.buffer))
    """
)

posix = pytest.mark.skipif(sys.platform == "win32", reason="permissions as on POSIX")
as_root = pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0, reason="only root gives files away"
)


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SRCDIFF_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def compilations(**environment: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def files(root: Path, kind: str) -> list[Path]:
    return sorted(path for path in (root / kind).iterdir() if path.is_file())


def test_second_process_does_not_compile(root: Path) -> None:
    assert compilations() == 1
    assert compilations() == 0
    assert compilations(NUMBA_OPT="1") == 1


def test_stock_cache_of_numba_as_fallback(root: Path) -> None:
    assert compilations(SRCDIFF_STOCK_CACHE="1") == 1
    assert compilations(SRCDIFF_STOCK_CACHE="1") == 0
    assert not (root / "machine").exists()


@own_cache
@pytest.mark.parametrize(
    "damage", [lambda data: data[:-1], lambda data: b"", lambda data: b"x" * 99]
)
def test_damaged_machine_code_is_replaced(root: Path, damage: Any) -> None:
    text = "def f(x):\n    return x + 1\n"
    assert compile_function(text, "f", {}, "<test>")(1.0) == 2.0
    [path] = files(root, "machine")
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    again = compile_function(text, "f", {}, "<test>")
    assert again(1.0) == 2.0
    assert sum(again.stats.cache_misses.values()) == 1
    assert len(path.read_bytes()) > len(damage(whole))
    hit = compile_function(text, "f", {}, "<test>")
    assert hit(1.0) == 2.0
    assert sum(hit.stats.cache_hits.values()) == 1


def test_front_store_keeps_and_replaces() -> None:
    assert cache.lookup("key") is None
    cache.store("key", b"one")
    cache.store("key", b"two")
    assert cache.lookup("key") == b"two"
    assert cache.lookup("other") is None


def test_file_in_the_place_of_another_is_not_read(root: Path) -> None:
    cache.store("one", b"1")
    [one] = files(root, "front")
    cache.store("two", b"2")
    [two] = set(files(root, "front")) - {one}
    one.replace(two)
    assert cache.lookup("two") is None


@posix
@pytest.mark.parametrize("mode", [0o777, 0o770, 0o720])
@pytest.mark.parametrize("where", ["", "front", "file"])
def test_what_others_may_write_is_not_read(root: Path, where: str, mode: int) -> None:
    cache.store("key", b"payload")
    path = files(root, "front")[0] if where == "file" else root / where
    path.chmod(mode)
    assert cache.lookup("key") is None
    path.chmod(0o700)
    assert cache.lookup("key") == b"payload"


@posix
def test_nothing_is_written_where_others_may_write(root: Path) -> None:
    root.mkdir()
    root.chmod(0o777)
    cache.store("key", b"payload")
    assert compile_function("def f(x):\n    return x\n", "f", {}, "<test>")(1.0) == 1.0
    assert not [path for path in root.rglob("*") if path.is_file()]


@as_root
@pytest.mark.parametrize("where", ["", "front", "file"])
def test_what_belongs_to_others_is_not_read(root: Path, where: str) -> None:
    cache.store("key", b"payload")
    path = files(root, "front")[0] if where == "file" else root / where
    os.chown(path, 12345, -1)
    assert cache.lookup("key") is None


@posix
def test_other_user_is_told_by_the_owner(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.store("key", b"payload")
    real = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: real + 1)
    assert cache.lookup("key") is None


@posix
def test_links_inside_are_not_followed(root: Path, tmp_path: Path) -> None:
    cache.store("key", b"payload")
    (root / "front").rename(tmp_path / "elsewhere")
    (root / "front").symlink_to(tmp_path / "elsewhere")
    assert cache.lookup("key") is None


def test_read_only_directory_is_read_and_not_written(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.store("key", b"payload")

    def refuse(**options: object) -> None:  # root may write everywhere, so a mode will not do
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    cache.store("other", b"payload")
    assert cache.lookup("key") == b"payload"
    assert cache.lookup("other") is None
    assert compile_function("def f(x):\n    return x\n", "f", {}, "<test>")(1.0) == 1.0


def test_quietly_off_where_nothing_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SRCDIFF_CACHE_DIR", str(tmp_path / "file" / "cache"))
    cache.store("key", b"payload")
    assert cache.lookup("key") is None
    assert compile_function("def f(x):\n    return x\n", "f", {}, "<test>")(1.0) == 1.0
    assert compilations() == 1
    assert compilations(SRCDIFF_STOCK_CACHE="1") == 1


def test_full_disk_leaves_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.store("key", b"payload")

    def replace(source: str, target: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", replace)
    cache.store("other", b"payload")
    assert len(files(root, "front")) == 1


def store_and_look(payload: bytes) -> bytes | None:
    cache.store("key", payload)
    return cache.lookup("key")


def test_writers_at_once_leave_a_whole_file(root: Path) -> None:
    payloads = [bytes([i]) * 200_000 for i in range(8)]
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(store_and_look, payloads))
    assert set(seen) <= set(payloads)
    assert cache.lookup("key") in payloads
    assert len(files(root, "front")) == 1


@own_cache
def test_processes_at_once(root: Path) -> None:
    running = [
        subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, env=os.environ)
        for _ in range(3)
    ]
    assert [process.wait() for process in running] == [0, 0, 0]
    for process in running:
        process.communicate()
    assert compilations() == 0
    assert len(files(root, "machine")) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_loaded_code_survives_fork(root: Path) -> None:
    text = "def f(x):\n    return x * 3\n"
    compile_function(text, "f", {}, "<test>")(1.0)
    loaded = compile_function(text, "f", {}, "<test>")
    assert loaded(1.0) == 3.0
    child = os.fork()
    if child == 0:
        again = compile_function(text, "f", {}, "<test>")
        os._exit(0 if loaded(2.0) == 6.0 and again(2.0) == 6.0 and loaded(2) == 6 else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_threads_share_a_function(root: Path) -> None:
    shared = compile_function("def f(x):\n    return x * 2\n", "f", {}, "<test>")
    barrier = threading.Barrier(8)

    def work(x: float) -> float:
        barrier.wait()
        result: float = shared(x)
        return result

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == [2 * x for x in range(8)]


def test_the_digest_covers_what_the_text_may_use() -> None:
    text = "def f(x):\n    return x + k\n"
    assert cache.digest_of(text, {"k": np.ones(2)}) == cache.digest_of(text, {"k": np.ones(2)})
    different: list[object] = [1.0, 2.0, 1, np.float32(1), -0.0, 0.0, True, (1, 2), (1, 2.0)]
    different += [np.ones(2), np.zeros(2), np.ones(4)[::2], np, np.sin, np.float64, float, abs]
    assert len({cache.digest_of(text, {"k": k}) for k in different}) == len(different)
    assert cache.digest_of(text, {"k": object()}) == ""
    assert cache.digest_of(text, {"k": (1, object())}) == ""
    assert cache.digest_of(text, {"k": np.array([object()])}) == ""


@own_cache
@pytest.mark.parametrize("known", ["", "what k is"])
def test_what_cannot_be_told_is_cached_only_with_a_digest(root: Path, known: str) -> None:
    names = {"k": numba.njit(lambda x: 2 * x)}
    function = compile_function("def f(x):\n    return k(x)\n", "f", names, "<t>", digest=known)
    assert function(1.0) == 2.0
    assert (root / "machine").exists() == bool(known)


def test_cache_can_be_switched_off(root: Path) -> None:
    assert compile_function("def f(x):\n    return x\n", "f", {}, "<t>", cache=False)(1.0) == 1.0
    assert not root.exists()
