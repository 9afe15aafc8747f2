"""A lock is held by one process, names its holder, and ends with its holder."""

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ftk.system import locks
from ftk.system.locks import NAME, Held, lock

HOLD = """
import sys
from pathlib import Path
from ftk.system.locks import lock
held = lock(Path(sys.argv[1]), warn=print)
print("locked", flush=True)
sys.stdin.read()
"""


@contextmanager
def another_process(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock on a folder."""
    argv = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_lock_names_the_process_that_holds_it(tmp_path: Path) -> None:
    with another_process(tmp_path) as holder, pytest.raises(Held, match=f"process {holder.pid} on "):
        lock(tmp_path, warn=pytest.fail)


def test_a_lock_ends_with_a_killed_process(tmp_path: Path) -> None:
    with another_process(tmp_path) as holder:
        holder.kill()
        holder.wait()
        with lock(tmp_path, warn=pytest.fail), pytest.raises(Held, match=f"process {os.getpid()} on "):
            lock(tmp_path, warn=pytest.fail)


def test_a_lock_is_free_once_it_is_closed(tmp_path: Path) -> None:
    with lock(tmp_path, warn=pytest.fail), pytest.raises(Held, match=f"process {os.getpid()} on "):
        lock(tmp_path, warn=pytest.fail)
    lock(tmp_path, warn=pytest.fail).close()


def test_waiting_tells_the_holder_and_ends_with_the_lock(tmp_path: Path) -> None:
    first = lock(tmp_path, warn=pytest.fail)
    told: list[str] = []
    waiting, done = threading.Event(), threading.Event()

    def wait(holder: str) -> None:
        told.append(holder)
        waiting.set()

    def second() -> None:
        with lock(tmp_path, wait=wait, warn=pytest.fail):
            done.set()

    thread = threading.Thread(target=second)
    thread.start()
    assert waiting.wait(60)
    assert not done.is_set()
    first.close()
    thread.join(60)
    assert done.is_set()
    assert [text.startswith(f"process {os.getpid()} on ") for text in told] == [True]


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS])
def test_a_file_system_without_locks_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def no_locks(*_: object, **__: object) -> bool:
        raise OSError(number, "no locks available")

    monkeypatch.setattr(locks, "lock_descriptor", no_locks)
    warnings: list[str] = []
    lock(tmp_path, warn=warnings.append).close()
    [warning] = warnings
    assert str(tmp_path) in warning
    assert "no locks available" in warning


def test_another_error_is_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> bool:
        raise OSError(errno.EIO, "input/output error")

    monkeypatch.setattr(locks, "lock_descriptor", broken)
    with pytest.raises(OSError, match="input/output error"):
        lock(tmp_path, warn=pytest.fail)


def test_a_full_disk_hides_the_holder_but_not_the_lock(tmp_path: Path) -> None:
    """No byte can be written into any file; what is locked is locked all the same."""
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        held = lock(tmp_path, warn=pytest.fail)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (tmp_path / NAME).read_bytes() == b""
    with held, pytest.raises(Held, match="another process"):
        lock(tmp_path, warn=pytest.fail)


def test_a_read_only_folder_without_a_lock_file_needs_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "denied")

    monkeypatch.setattr(Path, "open", refused)
    lock(tmp_path, warn=pytest.fail).close()
    assert list(tmp_path.iterdir()) == []
