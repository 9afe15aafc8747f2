"""Jobs of a sweep that run at once, each in a process of its own."""

import os
import signal
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ftk.config.compose import Start
from ftk.config.invocation import Outcome
from ftk.errors import ConfigError, DataError, FtkError, Interrupted, ModelError, RunError, error_text
from ftk.report.sweeps.live import LiveTable
from ftk.report.sweeps.plan import Planned, Way
from ftk.system.processes.workers import Died, Printed, Returned, Workers
from ftk.system.processors import processors
from ftk.system.signals import Stop

_KINDS = {kind.__name__: kind for kind in (ConfigError, DataError, ModelError, RunError)}


class WorkerError(Exception):
    """A bug in a job that ran in another process; its text ends with the traceback there."""


@dataclass(frozen=True, slots=True)
class _Task:
    key: str
    way: Way


@dataclass(frozen=True, slots=True)
class _Result:
    """How a job ended, in a form that passes between processes."""

    kind: str
    text: str
    stopped: bool
    signal: int = 0


def run_side_by_side(
    planned: Sequence[Planned],
    jobs: int,
    start: Start,
    *,
    way_of: Callable[[Planned], Way],
    ended: Callable[[Planned, Way, Outcome], None],
    live: LiveTable,
) -> None:
    """Run jobs, several at a time.

    Args:
        planned: the jobs.
        jobs: how many run at once.
        start: runs one of them, in its process.
        way_of: how a job begins, asked when it is its turn.
        ended: called with the outcome of each job.
        live: shows what happens.

    Raises:
        Interrupted: someone asked to stop; every job that ran has saved its state.
    """
    of_key = {one.identity.key: one for one in planned}
    ways: dict[str, Way] = {}
    waiting = list(planned)
    workers = Workers(lambda task: _run(task, of_key, start), max(1, processors() // jobs))
    stop = Stop()

    def happened(event: Printed | Returned | Died) -> None:
        if not event.name:
            return
        if isinstance(event, Printed):
            live.printed(event.name, event.text)
            return
        if isinstance(event, Died) and stop.requested:
            return  # it was about to begin
        one = of_key[event.name]
        outcome = _outcome(one, event, asked=stop.requested)
        word = "failed" if outcome.error is not None else "stopped" if outcome.stopped else "done"
        live.ended(event.name, f"{word}: {one.title} ({event.name})")
        ended(one, ways[event.name], outcome)

    with stop.deferred():  # a signal never comes while a message of a worker is read or a job is given away
        try:
            while not stop.requested and (waiting or workers.busy):
                while waiting and len(workers.busy) < jobs:
                    one = waiting.pop(0)
                    way = ways[one.identity.key] = way_of(one)
                    number = len(planned) - len(waiting)
                    text = f"job {number} of {len(planned)} {way.how}: {one.title} ({one.identity.key})"
                    live.begins(one.identity.key, one.title, text)
                    workers.start(one.identity.key, _Task(one.identity.key, way))
                for event in workers.wait(0.2):
                    happened(event)
                live.refresh()
            try:
                stop.check()
            except Interrupted as stopped:
                workers.signal(_passed_on(stopped.signal_number))
                while workers.busy:
                    for event in workers.wait(0.2):
                        happened(event)
                raise
        finally:
            workers.close()


def _passed_on(number: int) -> int:
    """The signal that stops a job as one stopped its sweep: nobody reads the output any more is none for a job."""
    return signal.SIGTERM if number == signal.SIGPIPE else number


def _run(task: _Task, of_key: dict[str, Planned], start: Start) -> _Result:
    """In a worker: run one job to its end."""
    try:
        outcome = start(of_key[task.key].with_way(task.way))
    except Interrupted as stopped:
        return _Result("", "", True, stopped.signal_number)
    error = outcome.error
    if error is None:
        return _Result("", "", outcome.stopped)
    trace = "".join(traceback.format_exception(error))
    if isinstance(error, (FtkError, OSError)):
        kind = next((name for name, of_kind in _KINDS.items() if isinstance(error, of_kind)), "RunError")
        text = error_text(error)
        return _Result(kind, f"{text}\n{trace}" if os.environ.get("FTK_TRACEBACK") == "1" else text, False)
    return _Result("bug", f"{error}\n{trace}", False)


def _outcome(one: Planned, event: Returned | Died, *, asked: bool) -> Outcome:
    """
    Args:
        one: the job.
        event: its end.
        asked: whether the sweep was asked to stop, and has asked its jobs.
    """
    outcome = Outcome(invocation=one.job.invocation)
    if isinstance(event, Died):
        outcome.error = RunError(f"its process ended {_how(event.code)} before the job did")
        return outcome
    result: Any = event.value
    outcome.stopped = result.stopped
    if result.kind:
        outcome.error = _KINDS.get(result.kind, WorkerError)(result.text)
    elif result.signal and not asked:
        outcome.error = RunError(f"its process was stopped {_how(-result.signal)}; what it has done is saved")
    return outcome


def _how(code: int) -> str:
    if code >= 0:
        return f"with exit code {code}"
    name = signal.Signals(-code).name
    memory = ", perhaps because the machine had too little memory" if -code == signal.SIGKILL else ""
    return f"by {name}{memory}"
