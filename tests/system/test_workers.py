"""Forked workers: what they return and print, and how they end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ftk.errors import Interrupted
from ftk.system.processes.workers import Died, Printed, Returned, Workers

pytestmark = pytest.mark.skipif(not Workers.possible(), reason="this system cannot fork")


def work(task: Any) -> Any:
    if isinstance(task, int):
        os.kill(os.getpid(), task)
        return "not ended"
    if task == "threads":
        return os.environ["OMP_NUM_THREADS"]
    if task == "many":
        sys.stdout.write("line\n" * 40_000)
        return task
    if task == "exit":
        os._exit(7)
    if task == "wait":
        try:
            sys.stdout.write("waiting\n")
            time.sleep(60)
        except Interrupted as stopped:
            return stopped.signal_number
    sys.stdout.write(f"one\ntwo é {task}\n")
    return os.getpid()


@pytest.fixture
def workers() -> Iterator[Workers]:
    workers = Workers(work, 3)
    yield workers
    workers.close()


def events(workers: Workers, number: int) -> list[Any]:
    """So many results and deaths, and what was printed before."""
    found: list[Any] = []
    end = time.monotonic() + 30
    while sum(not isinstance(event, Printed) for event in found) < number:
        assert time.monotonic() < end
        found += workers.wait(0.1)
    return found + list(workers.wait(0))


def test_a_worker_does_one_task_after_the_other(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    workers.start("a", "x")
    workers.start("b", "y")
    assert sorted(workers.busy) == ["a", "b"]
    first = events(workers, 2)
    numbers = {event.value for event in first if isinstance(event, Returned)}
    assert len(numbers) == 2
    assert os.getpid() not in numbers
    assert {event.text for event in first if isinstance(event, Printed)} == {"one", "two é x", "two é y"}
    workers.start("c", "z")
    assert {event.value for event in events(workers, 1) if isinstance(event, Returned)} <= numbers
    assert workers.busy == []


@pytest.mark.parametrize(("own", "threads"), [("", "3"), ("2", "2"), ("8", "3"), ("x", "x")])
def test_it_has_its_share_of_the_processors(
    workers: Workers, monkeypatch: pytest.MonkeyPatch, own: str, threads: str
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", own)
    workers.start("a", "threads")
    assert events(workers, 1) == [Returned("a", threads)]


@pytest.mark.parametrize(("task", "code"), [(signal.SIGKILL, -9), (signal.SIGUSR1, -signal.SIGUSR1), ("exit", 7)])
def test_one_that_dies_leaves_the_others(workers: Workers, task: Any, code: int) -> None:
    workers.start("other", "wait")
    workers.start("dies", task)
    assert [event for event in events(workers, 1) if not isinstance(event, Printed)] == [Died("dies", code)]
    assert workers.busy == ["other"]
    workers.start("next", "x")
    assert any(isinstance(event, Returned) and event.name == "next" for event in events(workers, 1))
    workers.signal(signal.SIGTERM)
    assert Returned("other", signal.SIGTERM) in events(workers, 1)


def test_one_that_a_signal_stopped_gets_no_other_task(workers: Workers) -> None:
    workers.start("a", "wait")
    while not any(isinstance(event, Printed) for event in workers.wait(1)):
        pass
    workers.signal(signal.SIGTERM)
    assert Returned("a", signal.SIGTERM) in events(workers, 1)
    workers.start("b", "x")
    [returned] = [event for event in events(workers, 1) if not isinstance(event, Printed)]
    assert isinstance(returned, Returned)
    assert returned.name == "b"


def test_one_that_died_without_a_task_is_replaced(workers: Workers) -> None:
    workers.start("a", "x")
    [number] = [event.value for event in events(workers, 1) if isinstance(event, Returned)]
    os.kill(number, signal.SIGKILL)
    while Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
        pass
    workers.start("b", "x")
    assert Returned("b", number) not in events(workers, 1)


def test_lines_come_before_the_result_of_their_task(workers: Workers) -> None:
    workers.start("a", "many")
    found = events(workers, 1)
    assert found[-1] == Returned("a", "many")
    assert found[:-1] == [Printed("a", "line")] * 40_000


PARENT = """\
import os, signal, sys, time
from ftk.system.processes.workers import Workers
def work(task):
    print(os.getpid())
    time.sleep(60)
workers = Workers(work, 1)
for name in "abc":
    workers.start(name, name)
found = []
while len(found) < 3:
    found += [event.text for event in workers.wait(1)]
print(*found, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_all_end_when_their_parent_is_killed() -> None:
    done = subprocess.run([sys.executable, "-c", PARENT], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    end = time.monotonic() + 10
    for number in done.stdout.split():
        while Path(f"/proc/{number}/cmdline").exists() and Path(f"/proc/{number}/cmdline").read_bytes():
            assert time.monotonic() < end
