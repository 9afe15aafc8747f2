"""The terminal, and log.txt beside it: messages, tables, progress.

rich is imported where something is shown: what is wrong with a command line is said without it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from ftk.errors import printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID
    from rich.table import Table

_LOG_WIDTH = 100
_SECONDS_BETWEEN_LINES = 15
_NUMBERS_IN_A_LINE = 5
_MOST_LABELS = 40
"""Rows of a table of labels; all of them are in metrics.json."""


class Console:
    """Prints messages, tables and progress; keeps all messages for ``log.txt``.

    Args:
        stderr: print to standard error.
        quiet: print nothing; messages are kept all the same.
    """

    def __init__(self, *, stderr: bool = False, quiet: bool = False) -> None:
        import rich.console

        self._terminal = rich.console.Console(stderr=stderr, quiet=quiet, highlight=False, markup=False, emoji=False)
        # A terminal gets lines that break between words; a file or a pipe gets one line a message.
        self._terminal.soft_wrap = not self._terminal.is_terminal
        self._early: list[str] = []
        self._log: TextIO | None = None

    @property
    def interactive(self) -> bool:
        """Whether a person looks at a terminal, rather than a file or a pipe."""
        return self._terminal.is_terminal and not self._terminal.quiet

    @property
    def early(self) -> tuple[str, ...]:
        """The messages so far that no log file has got."""
        return tuple(self._early)

    def say(self, text: str, *, style: str | None = None) -> None:
        """One message."""
        text = printable(text)
        self._terminal.print(text, style=style)
        self._write(text)

    def warn(self, text: str) -> None:
        """A message that should be read."""
        self.say(f"note: {text}", style="yellow")

    def table(self, table: Table) -> None:
        """A table, as wide as it needs to be."""
        import rich.console

        self._terminal.print(table)
        plain = rich.console.Console(file=None, width=_LOG_WIDTH, color_system=None, force_terminal=False)
        with plain.capture() as capture:
            plain.print(table)
        self._write(capture.get().rstrip("\n"))

    def log_to(self, path: Path, *, append: bool) -> None:
        """Keep what is said in a file from now on, and what has been said so far."""
        self._log = path.open("a" if append else "w", encoding="utf-8")  # closed by close()
        for text in self._early:
            self._log.write(text + "\n")
        self._early.clear()
        self._log.flush()

    def close(self) -> None:
        """Close the log."""
        if self._log is not None:
            self._log.close()
            self._log = None

    @contextmanager
    def progress(self, total: int | None, done: int) -> Iterator[StepProgress]:
        """A bar for the optimizer steps where there is a terminal; plain lines where there is none.

        Args:
            total: steps of the whole run; None where tokens or time limit it.
            done: of an earlier part of the run.
        """
        progress = StepProgress(self, total)
        if not self.interactive:
            yield progress
            return
        from rich.progress import BarColumn, Progress, TextColumn

        columns = (
            TextColumn("{task.fields[count]}"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[status]}"),
        )
        with Progress(*columns, console=self._terminal, transient=True, expand=True) as bar:
            progress.attach(bar, bar.add_task("", total=1.0, count=f"step {done}", status=""))
            yield progress

    @contextmanager
    def counting(self, what: str) -> Iterator[Any]:
        """A running count on the terminal; nothing where there is none."""
        if not self.interactive:
            yield lambda number: None
            return
        with self._terminal.status(f"0 {what}") as status:
            yield lambda number: status.update(f"{number:,} {what}")

    @contextmanager
    def preparing(self, what: str, size: int) -> Iterator[Callable[[int, int], None]]:
        """Shows how much of a text has become tokens: in place on a terminal, now and then a line where there is none.

        Args:
            what: is being done.
            size: bytes of the text, 0 where that is not known; compressed files show too few.
        """
        began = time.monotonic()
        told = began

        def text(characters: int, tokens: int) -> str:
            share = f" ({min(100, 100 * characters // size)} % of the text)" if size else ""
            return f"{what}: {tokens:,} tokens{share}, {tokens / max(1e-9, time.monotonic() - began):,.0f} a second"

        if self.interactive:
            with self._terminal.status(what) as status:
                yield lambda characters, tokens: status.update(text(characters, tokens))
            return

        def now_and_then(characters: int, tokens: int) -> None:
            nonlocal told
            if time.monotonic() - told > _SECONDS_BETWEEN_LINES:
                told = time.monotonic()
                self.say(text(characters, tokens))

        yield now_and_then

    def only_log(self, text: str) -> None:
        """A line for log.txt alone: the terminal shows the same on its bar."""
        self._write(text)

    def _write(self, text: str) -> None:
        if self._log is None:
            self._early.append(text)
        else:
            self._log.write(text + "\n")
            self._log.flush()


class StepProgress:
    """Shows the optimizer steps."""

    def __init__(self, console: Console, total: int | None) -> None:
        self._console = console
        self._total = total
        self._bar: tuple[Progress, TaskID] | None = None

    def attach(self, bar: Progress, task: TaskID) -> None:
        """Show steps on this bar."""
        self._bar = (bar, task)

    def stepped(
        self, step: int, share: float, loss: float | None, lr: float, tokens_a_second: float, left: float
    ) -> None:
        """Move the bar; does nothing without a terminal."""
        if self._bar is not None:
            status = f"loss {_loss(loss)}  lr {lr:.2e}  {tokens_a_second:,.0f} tokens/s  {duration(left)}"
            bar, task = self._bar
            bar.update(task, completed=share, status=status, count=self._count(step))

    def logged(
        self, step: int, epoch: float, loss: float | None, lr: float, tokens_a_second: float, left: float
    ) -> None:
        """One plain line; on a terminal the bar has shown it and only log.txt gets it."""
        text = (
            f"{self._count(step)}  epoch {epoch:.2f}  loss {_loss(loss)}  lr {lr:.2e}  "
            f"{tokens_a_second:,.0f} tokens/s  {duration(left)} left"
        )
        if self._bar is None:
            self._console.say(text)
        else:
            self._console.only_log(text)

    def _count(self, step: int) -> str:
        return f"step {step}/{self._total}" if self._total is not None else f"step {step}"


def _loss(value: float | None) -> str:
    return f"{value:.4f}" if value is not None else "of nothing"


def duration(seconds: float) -> str:
    """0:07, 12:31 or 1:02:09."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def scores_line(metrics: Mapping[str, Any]) -> str:
    """The first plain numbers of some metrics, in one line; the others are in metrics.json."""
    numbers = {name: value for name, value in metrics.items() if isinstance(value, float)}
    return "  ".join(f"{name} {value:.4f}" for name, value in islice(numbers.items(), _NUMBERS_IN_A_LINE))


def label_table(title: str, metrics: Mapping[str, Any]) -> Table | None:
    """Scores by label and over all; None where a task has no labels."""
    per_label = metrics.get("per_label")
    if not per_label:
        return None
    from rich.table import Table

    columns = list(next(iter(per_label.values())))
    table = Table(title=title, title_justify="left")
    table.add_column("label")
    for name in columns:
        table.add_column(name, justify="right")
    shown = dict(per_label)
    if len(shown) > _MOST_LABELS:
        worst = sorted(shown, key=lambda label: shown[label].get("f1", 0.0))[:_MOST_LABELS]
        shown = {label: shown[label] for label in worst}
        table.title = f"{title}; the {_MOST_LABELS} of {len(per_label)} labels with the lowest f1"
    for label, scores in shown.items():
        table.add_row(printable(label), *(_cell(scores.get(name)) for name in columns))
    table.add_section()
    for over, ending in (("all", ""), ("micro average", "_micro"), ("macro average", "_macro")):
        totals = [metrics.get(f"{name}{ending}") for name in columns]
        if sum(value is not None for value in totals) > 1:
            table.add_row(over, *map(_cell, totals), style="bold")
    return table


def results_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A plain table of strings."""
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for column in columns:
        # Words below one another, so that no header is broken within one; of what is too wide values alone are folded.
        table.add_column(column.replace(" ", "\n"), overflow="fold", no_wrap=" " in column)
    for row in rows:
        table.add_row(*row)
    return table


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else f"{value:,}"
