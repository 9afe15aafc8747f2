"""Processes that are forked from this one and do one task after the other.

A worker ends when this process ends, however that ends: it waits for the end of a pipe that only this process holds.
"""

import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from typing import Any

from ftk.errors import Interrupted
from ftk.system.signals import Stop, signals

_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")
"""The variables that the libraries of a worker read when they are loaded: torch, numpy, tokenizers."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A line that a worker printed."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Returned:
    """What a task returned."""

    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class Died:
    """A worker ended before its task; ``code`` is its exit code, or minus the signal that ended it."""

    name: str
    code: int


@dataclass
class _Worker:
    number: int
    connection: Connection
    lines: int
    name: str | None = None
    rest: bytes = b""


class Workers:
    """Workers, each with its share of the processors.

    Args:
        work: takes a task, which can be pickled, and returns its result; it runs in a worker.
        threads: the number of threads that the libraries of a worker use, unless the environment asks for fewer.
    """

    def __init__(self, work: Callable[[Any], Any], threads: int) -> None:
        self._work = work
        self._threads = threads
        self._workers: list[_Worker] = []
        self._life, self._held = os.pipe()

    @staticmethod
    def possible() -> bool:
        """Whether this system can fork."""
        return hasattr(os, "fork") and hasattr(os, "setpgid")

    @property
    def busy(self) -> list[str]:
        """The names of the tasks that run."""
        return [worker.name for worker in self._workers if worker.name is not None]

    def start(self, name: str, task: Any) -> None:
        """Give a task to a worker that has none; there is a new one if all have."""
        for worker in [one for one in self._workers if one.name is None]:
            try:
                worker.connection.send(task)
            except OSError:  # it has died since its last task
                self._bury(worker)
                continue
            worker.name = name
            return
        worker = self._fork()
        worker.name = name
        worker.connection.send(task)

    def wait(self, seconds: float) -> Iterator[Printed | Returned | Died]:
        """What happens next: nothing if nothing happens for some seconds."""
        of_handle: dict[Any, _Worker] = {}
        for worker in self._workers:
            of_handle[worker.connection] = worker
            of_handle |= {worker.lines: worker} if worker.lines >= 0 else {}
        ready = wait(list(of_handle), seconds)
        for handle in sorted(ready, key=lambda one: isinstance(one, Connection)):  # what it printed before it ended
            worker = of_handle[handle]
            name = worker.name or ""
            if handle is not worker.connection:
                yield from (Printed(name, line) for line in _lines(worker))
                continue
            while worker.lines >= 0 and wait([worker.lines], 0):
                yield from (Printed(name, line) for line in _lines(worker))
            try:
                value, last = worker.connection.recv()
            except (EOFError, OSError):
                yield Died(name, self._bury(worker))
                continue
            worker.name = None
            if last:
                self._bury(worker)
            yield Returned(name, value)

    def signal(self, number: int) -> None:
        """Send a signal to the workers that have a task."""
        for worker in self._workers:
            if worker.name is not None:
                with suppress(ProcessLookupError):
                    os.kill(worker.number, number)

    def close(self) -> None:
        """End all workers: those that have a task, with it."""
        os.close(self._held)
        os.close(self._life)
        for worker in list(self._workers):
            self._bury(worker)

    def _bury(self, worker: _Worker) -> int:
        self._workers.remove(worker)
        worker.connection.close()
        if worker.lines >= 0:
            os.close(worker.lines)
        _, status = os.waitpid(worker.number, 0)
        return os.waitstatus_to_exitcode(status)

    def _fork(self) -> _Worker:
        ours, theirs = Pipe()
        lines, written = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        number = os.fork()
        if not number:
            for other in self._workers:  # it must see the end of its own pipes alone
                other.connection.close()
                if other.lines >= 0:
                    os.close(other.lines)
            ours.close()
            os.close(lines)
            os.close(self._held)
            self._serve(theirs, written)
        theirs.close()
        os.close(written)
        worker = _Worker(number, ours, lines)
        self._workers.append(worker)
        return worker

    def _serve(self, connection: Connection, written: int) -> None:
        """The life of a worker; it never returns."""
        code = 1
        try:
            os.setpgid(0, 0)  # Ctrl-C on the terminal reaches this process's parent, which passes it on
            os.dup2(written, 1)
            os.close(written)
            if os.isatty(0):  # reading a terminal would stop a process in the background
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            sys.stdout = open(1, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
            for name in _THREADS:
                with suppress(ValueError):
                    os.environ[name] = str(min(self._threads, int(os.environ.get(name) or self._threads)))
            threading.Thread(target=_end_with, args=(self._life,), daemon=True).start()
            stop = Stop()
            # Whatever blocks this process was forked in, a signal is heard here. It is for the task, and the last one.
            with signals(), stop.prompt(), suppress(EOFError, Interrupted):
                while not stop.requested:
                    value = self._work(connection.recv())
                    connection.send((value, stop.requested))
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            with suppress(OSError, ValueError):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(code)


def _lines(worker: _Worker) -> list[str]:
    """The whole lines that a worker has printed since the last time."""
    found = os.read(worker.lines, 1 << 16)
    if not found:
        os.close(worker.lines)
        worker.lines = -1
        return []
    *whole, worker.rest = (worker.rest + found).split(b"\n")
    return [line.decode("utf-8", "replace") for line in whole]


def _end_with(life: int) -> None:
    """End this process when the other end of a pipe is closed."""
    os.read(life, 1)
    os._exit(1)
