"""Runs the jobs of a sweep: what is done is skipped, what began goes on, what failed is tried again."""

import dataclasses
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ftk.config.compose import Start
from ftk.config.invocation import Invocation, Outcome, key_of
from ftk.config.jobs import Job
from ftk.config.mistakes import ConfigMistakes, Mistake
from ftk.config.spelling.writing import as_word
from ftk.data.readers.decoding.once import keep_pipes
from ftk.errors import ConfigError, DataError, FtkError, Interrupted, error_text, first_line, numbered, printable
from ftk.report.console import Console
from ftk.report.output.json_output import show_end, show_line, shows_json
from ftk.report.sweeps.folder import SweepFolder
from ftk.report.sweeps.identity import Identity, config_of, same_text
from ftk.report.sweeps.live import LiveTable
from ftk.report.sweeps.plan import Planned, Way, check_inputs, other_versions
from ftk.report.sweeps.results import JOBS, Failed
from ftk.report.sweeps.saved_jobs import written_values
from ftk.report.sweeps.side_by_side import WorkerError, run_side_by_side
from ftk.report.sweeps.tables import show_tables, title_of
from ftk.system.paths import expanded
from ftk.system.processes.workers import Workers
from ftk.system.processors import processors

_WITHOUT_FOLDER = ("predict", "explain")


def run_sweep(jobs: Sequence[Job], start: Start) -> list[Outcome]:
    """Run the jobs of a sweep in its folder, and write and show the results.

    Returns:
        The outcomes of the jobs that ran, with the error of the last attempt.

    Raises:
        RunError: the folder is another sweep's, or files have changed since jobs in it were done.
        Interrupted: someone asked it to stop; its message has the command that goes on.
    """
    if jobs[0].invocation.command in _WITHOUT_FOLDER:
        return list(_one_by_one_without_folder(jobs, start))
    return _Sweep(jobs, start).run()


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """1 if a job of a sweep failed, else 0. A single run raises its error instead."""
    return int(any(outcome.error is not None for outcome in outcomes))


class _Sweep:
    def __init__(self, jobs: Sequence[Job], start: Start) -> None:
        first = jobs[0]
        self.start = start
        self.console = Console()
        self.command = first.invocation.command
        self.invocation = first.invocation
        self.settings = first.config.sweep
        self.overwrite = first.config.run.overwrite
        self.run_dir = first.config.run.dir
        assert first.invocation.sweep_dir is not None
        known = {}
        self.jobs: dict[str, Planned] = {}
        for job in jobs:
            config = config_of(job.invocation.resolved)
            identity = Identity.of(self.command, config)
            known[same_text(self.command, job.invocation.resolved)] = identity, config
            self.jobs.setdefault(identity.key, Planned(job=job, identity=identity, title=_title(job.invocation)))
        self.repeated = len(jobs) - len(self.jobs)
        self.folder = SweepFolder(first.invocation.sweep_dir, known, self.console.warn)
        self.outcomes: dict[str, Outcome] = {}
        self.ways: dict[str, Way] = {}

    def run(self) -> list[Outcome]:
        swept = dict.fromkeys(key_of(word) for one in self.jobs.values() for word in one.job.invocation.swept)
        keys = list(written_values([f"{key}=" for key in swept]))
        with self.folder.lock(keys):
            to_run = self._planned()
            try:
                self._run_all(to_run)
                for _ in range(self.settings.retry):
                    again = [key for key in self.outcomes if self._may_be_tried_again(key)]
                    if again:
                        self.console.say(f"sweep: {numbered(len(again), 'job')} that failed: tried again")
                        self._run_all([self.jobs[key] for key in again])
            except Interrupted as stopped:
                self._report()
                raise Interrupted(stopped.signal_number, self._how_to_go_on()) from stopped
            self._report()
        return list(self.outcomes.values())

    def _planned(self) -> list[Planned]:
        """The jobs that are to run; says what becomes of all."""
        planned = list(self.jobs.values())
        done = [] if self.overwrite else [one for one in planned if one.is_done(self.folder)]
        check_inputs(done, self.folder)
        to_run = [one for one in planned if one not in done]
        begun = [one for one in to_run if one.identity.key in self.folder.saved and not self.overwrite]
        parts = [f"{len(done)} done before", f"{len(begun)} begun before", f"{len(to_run) - len(begun)} new"]
        if self.overwrite:
            parts = ["all of them run again (run.overwrite=true)"]
        if failed := sum(one.identity.key in self.folder.failed for one in to_run):
            parts.append(f"{failed} failed before")
        if self.settings.jobs > 1 and not Workers.possible():
            raise ConfigError(f"sweep.jobs={self.settings.jobs}: this system runs one job at a time; use sweep.jobs=1.")
        if self.settings.jobs > processors():
            self.console.warn(
                f"sweep.jobs={self.settings.jobs}: more than this machine has processors ({processors()}); each job "
                "has one thread, and they wait for each other"
            )
        self.console.say(f"sweep: {numbered(len(planned), 'job')} in {self.folder.path}: {', '.join(parts)}")
        if self.repeated:
            self.console.warn(
                f"{numbered(self.repeated, 'job')} of this line would train the same as another one and "
                f"{'is' if self.repeated == 1 else 'are'} left out: only {'its' if self.repeated == 1 else 'their'} "
                "keys of run or sweep, or nothing, are different"
            )
        for text in other_versions(done, self.folder):
            self.console.warn(text)
        return to_run

    def _run_all(self, planned: Sequence[Planned]) -> None:
        if self.settings.jobs > 1:  # even one job: what ended its process must not end this one
            for one in planned:  # each process would read its own part of a pipe
                keep_pipes(dataclasses.asdict(one.job.config))
            with LiveTable(self.console) as live:
                jobs = self.settings.jobs
                run_side_by_side(planned, jobs, self.start, way_of=self._way, ended=self._ended, live=live)
            return
        for number, one in enumerate(planned, 1):
            way = self._way(one)
            self.console.say(f"job {number} of {len(planned)} {way.how}: {one.title} ({one.identity.key})")
            self._ended(one, way, self.start(one.with_way(way)))

    def _way(self, one: Planned) -> Way:
        way = self.ways[one.identity.key] = one.way(self.folder)
        return way

    def _ended(self, one: Planned, way: Way, outcome: Outcome) -> None:
        """Keep how a job ended, and write the results so far."""
        key = one.identity.key
        self.outcomes[key] = outcome
        self.folder.refresh(way.folder)
        if outcome.error is not None:
            words = written_values(list(one.job.invocation.overrides))
            failed = Failed(group=one.identity.group, words=words, error=first_line(outcome.error))
            self.folder.fails(key, failed)
            _show_failure(self.command, f"{one.title} ({key})", outcome.error)
        else:
            self.folder.fails(key, None)
        self.folder.write()

    def _may_be_tried_again(self, key: str) -> bool:
        """Whether a job failed, and not of what the user wrote: that fails again."""
        error = self.outcomes[key].error
        return error is not None and not isinstance(error, (ConfigError, DataError))

    def _report(self) -> None:
        """Show the table, and write the results."""
        for way in self.ways.values():  # that of a job that was interrupted, too
            self.folder.refresh(way.folder)
        rows = self.folder.rows()
        there = {row.key for row in rows}
        failed = there & {key for key, outcome in self.outcomes.items() if outcome.error is not None}
        waiting = sum(key not in there for key in self.jobs)
        failed |= {row.key for row in rows if row.state == "failed"}
        show_tables(self.console, rows, title_of(rows, failed=len(failed), waiting=waiting))
        self.folder.write()
        self.console.say(f"results: {self.folder.path / JOBS}")

    def _how_to_go_on(self) -> str:
        done = {key for key, one in self.jobs.items() if one.is_done(self.folder)}
        old = {key for key in done if key not in self.outcomes or self.outcomes[key].error is not None}
        text = f"stopped; {len(done)} of {numbered(len(self.jobs), 'job')} are done."
        if self.overwrite and old:  # the line that goes on overwrites nothing
            text = (
                f"stopped; {len(done) - len(old)} of {numbered(len(self.jobs), 'job')} are done again. The results of "
                f"{len(old)} are those of before; they stay what they are without run.overwrite=true."
            )
        words = [f"sweep.dir={as_word(self.folder.path)}"]
        if self.overwrite and not self.invocation.sets("run.overwrite"):  # a config sets it
            words.append("run.overwrite=false")
        if self.run_dir is not None and "run.dir" not in map(key_of, self.invocation.argv):  # as here
            words.append("run.dir=null")
        return f"{text} Go on with:\n{self.invocation.sweep_line(*words)}"


def _one_by_one_without_folder(jobs: Sequence[Job], start: Start) -> Iterator[Outcome]:
    _refuse_one_output(jobs)
    for number, job in enumerate(jobs, 1):
        show_line(shows_json(), f"job {number} of {len(jobs)}: {_title(job.invocation)}", False)
        outcome = start(job)
        if outcome.error is not None:
            _show_failure(job.invocation.command, _title(job.invocation), outcome.error)
        yield outcome


def _refuse_one_output(jobs: Sequence[Job]) -> None:
    """Refuse jobs that would write the same output.

    Raises:
        ConfigMistakes: two jobs name one output.
    """
    written: set[Path] = set()
    for output in (job.config.output for job in jobs if job.config.output != "-"):
        path = expanded(output).resolve()
        if path in written:
            advice = "Several jobs would write this file; give each its own: 'output=out-${hydra:job.num}.jsonl'."
            raise ConfigMistakes([Mistake(f"output={output}", advice)])
        written.add(path)


def _title(invocation: Invocation) -> str:
    return " ".join(invocation.swept) or "the only one"


def _show_failure(command: str, title: str, error: Exception) -> None:
    """Report a failed job at once; the others still run."""
    if isinstance(error, WorkerError):
        what, _, trace = str(error).partition("\n")
        sys.stderr.write(printable(trace))
        error = WorkerError(what)
    elif not isinstance(error, (FtkError, OSError)) or os.environ.get("FTK_TRACEBACK") == "1":
        sys.excepthook(type(error), error, error.__traceback__)
    show_end("error", f"ftk {command}: job {title} failed: {error_text(error)}", error)
