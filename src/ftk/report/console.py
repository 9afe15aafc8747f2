"""The output of a run: messages, findings, metrics and progress, as text or as JSON lines; log.txt has the text.

rich is imported when something is shown, because a wrong command line is reported without it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from ftk.contracts.findings import Finding
from ftk.errors import printable
from ftk.report.output.json_output import json_line, plain_value, shows_json
from ftk.report.tables import TextTable, label_table, scores_line
from ftk.system.duration import duration
from ftk.system.signals import reader_gone
from ftk.system.strict_json import dumps

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_LOG_WIDTH = 100
_SECONDS_BETWEEN_LINES = 15


class Console:
    """Shows messages to people, or JSON lines to programs, and keeps the text for ``log.txt``.

    Attributes:
        json: whether JSON lines are shown.
        findings: all findings that were shown; they are also in ``findings.jsonl``.

    Args:
        stderr: show on standard error.
        quiet: show nothing; ``log.txt`` and ``findings.jsonl`` are written all the same.
    """

    def __init__(self, *, stderr: bool = False, quiet: bool = False) -> None:
        import rich.console

        self.json = shows_json() and not quiet
        self.findings: list[Finding] = []
        self._terminal = rich.console.Console(stderr=stderr, quiet=quiet, highlight=False, markup=False, emoji=False)
        # A terminal gets lines that break between words; a file or a pipe gets one line a message.
        self._terminal.soft_wrap = not self._terminal.is_terminal
        self._terminal.on_broken_pipe = self._reader_gone  # type: ignore[method-assign]
        self._early: list[str] = []
        self._log: TextIO | None = None
        self._findings_path: Path | None = None

    @property
    def interactive(self) -> bool:
        """Whether the output is text on a terminal, which can show progress in place."""
        return self._terminal.is_terminal and not self.json and not self._terminal.quiet

    @property
    def early(self) -> tuple[str, ...]:
        """The lines that were shown before a log file was opened."""
        return tuple(self._early)

    def say(self, text: str, *, style: str | None = None) -> None:
        """Show one message."""
        self.event("message", text, style=style)

    def warn(self, text: str) -> None:
        """Show a message that the user should read."""
        self.event("message", text, {"severity": "warning"}, shown=f"note: {text}", style="yellow")

    def event(
        self,
        type: str,
        text: str,
        values: Mapping[str, Any] | None = None,
        *,
        shown: str | None = None,
        style: str | None = None,
    ) -> None:
        """Show one event: its text, or a JSON object with its type, its text and its values.

        Args:
            type: the kind of event: ``message``, ``train``, ``validation``, …
            text: for JSON and for people.
            values: the content of the text, for programs.
            shown: for people, if it differs from ``text``.
            style: of rich.
        """
        line = printable(text if shown is None else shown)
        if self.json:
            self._print_json(type, {"text": text, **(values or {})})
        else:
            self._terminal.print(line, style=style)
        self._write(line)

    def report(self, findings: Iterable[Finding]) -> None:
        """Show findings, and keep them for ``findings.jsonl``."""
        shown = list(findings)
        self.findings += shown
        self._write_findings(shown)
        for finding in shown:
            self.event("finding", str(finding), finding.to_json())

    def result(self, split: str, metrics: Mapping[str, Any], title: str, decisive: str | None = None) -> None:
        """Show the scores of a split: a table by label if there are labels, and a line of the first scores.

        Args:
            split: its name.
            metrics: its scores.
            title: of the table; without a table, of the line.
            decisive: the name of the score that chose the model.
        """
        table = label_table(title, metrics)
        text = f"{title if table is None else split}  {scores_line(metrics, decisive)}"
        if self.json:
            self._print_json("result", {"split": split, "metrics": metrics})
            if table is not None:
                self._write(table.plain(_LOG_WIDTH))
            self._write(printable(text))
            return
        if table is not None:
            self.table(table)
        self.say(text)

    def table(self, table: TextTable) -> None:
        """Show a table, as wide as it needs to be; as lines if the terminal is too narrow for it."""
        if self.json:
            rows = [dict(zip(table.columns, row, strict=True)) for row in (*table.rows, *table.totals)]
            self._print_json("table", {"title": table.title, "rows": rows})
        elif table.fits(self._terminal.width):
            self._terminal.print(table.rendered())
        else:
            for line in table.lines():
                self._terminal.print(printable(line))
        self._write(table.plain(_LOG_WIDTH))

    def log_to(self, path: Path, *, append: bool) -> None:
        """Write all text to a file from now on, with what was shown before; findings go to a file beside it."""
        self._log = path.open("a" if append else "w", encoding="utf-8")  # closed by close()
        self._log.writelines(text + "\n" for text in self._early)
        self._early.clear()
        self._log.flush()
        self._findings_path = path.with_name("findings.jsonl")
        if not append:
            self._findings_path.write_text("", encoding="utf-8")
        self._write_findings(self.findings)

    def close(self) -> None:
        """Close the log."""
        if self._log is not None:
            self._log.close()
        self._log = self._findings_path = None

    @contextmanager
    def progress(self, total: int | None, done: int) -> Iterator[StepProgress]:
        """Shows the optimizer steps: a bar on a terminal, else lines.

        Args:
            total: steps of the whole run; None if tokens or time limit it.
            done: steps that an earlier part of the run made.
        """
        progress = StepProgress(self, total)
        if not self.interactive:
            yield progress
            return
        from rich.progress import BarColumn, Progress, TextColumn

        columns = (
            TextColumn("{task.fields[count]}", markup=False),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[status]}", markup=False),
        )
        with Progress(*columns, console=self._terminal, transient=True, expand=True) as bar:
            progress.attach(bar, bar.add_task("", total=1.0, count=f"step {done}", status=""))
            yield progress

    @contextmanager
    def counting(self, what: str) -> Iterator[Any]:
        """A running count on a terminal; shows nothing elsewhere."""
        if not self.interactive:
            yield lambda number: None
            return
        from rich.text import Text  # a plain string would be read as markup

        with self._terminal.status(Text(f"0 {what}")) as status:
            yield lambda number: status.update(Text(f"{number:,} {what}"))

    @contextmanager
    def preparing(self, what: str, size: int) -> Iterator[Callable[[int, int], None]]:
        """Shows how much of a text is tokenized: in place on a terminal, else one line from time to time.

        Args:
            what: names the work.
            size: bytes of the text, 0 if unknown; for compressed files it is too small.
        """
        began = time.monotonic()
        last = began

        def text(characters: int, tokens: int) -> str:
            share = f" ({min(100, 100 * characters // size)} % of the text)" if size else ""
            return f"{what}: {tokens:,} tokens{share}, {tokens / max(1e-9, time.monotonic() - began):,.0f} per second"

        if self.interactive:
            from rich.text import Text  # a plain string would be read as markup

            with self._terminal.status(Text(what)) as status:
                yield lambda characters, tokens: status.update(Text(text(characters, tokens)))
            return

        def now_and_then(characters: int, tokens: int) -> None:
            nonlocal last
            if time.monotonic() - last > _SECONDS_BETWEEN_LINES:
                last = time.monotonic()
                values = {"characters": characters, "tokens": tokens, "size": size}
                self.event("progress", text(characters, tokens), values)

        yield now_and_then

    def only_log(self, text: str) -> None:
        """Write a line to log.txt alone, for what the terminal shows on its bar."""
        self._write(text)

    def _print_json(self, type: str, values: Mapping[str, Any]) -> None:
        if self._terminal.quiet:
            return
        try:
            self._terminal.file.write(json_line(type, values) + "\n")
            self._terminal.file.flush()
        except BrokenPipeError:
            self._reader_gone()

    def _reader_gone(self) -> None:
        self._terminal.quiet = True
        reader_gone()

    def _write_findings(self, findings: Sequence[Finding]) -> None:
        if self._findings_path is not None and findings:
            # Half of a surrogate pair, as names of files may have, is written as its JSON escape.
            with self._findings_path.open("a", encoding="utf-8", errors="backslashreplace") as stream:
                stream.writelines(dumps(one.to_json(), default=plain_value) + "\n" for one in findings)

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
        self, step: int, share: float, loss: float | None, lr: float, tokens_per_second: float, left: float
    ) -> None:
        """Move the bar, if there is one."""
        if self._bar is not None:
            status = f"loss {_loss(loss)}  lr {lr:.2e}  {tokens_per_second:,.0f} tokens/s  {duration(left)}"
            bar, task = self._bar
            bar.update(task, completed=share, status=status, count=self._count(step))

    def logged(
        self, step: int, epoch: float, loss: float | None, lr: float, tokens_per_second: float, left: float
    ) -> None:
        """Show one line; a terminal has it on its bar, and only log.txt gets the line."""
        text = (
            f"{self._count(step)}  epoch {epoch:.2f}  loss {_loss(loss)}  lr {lr:.2e}  "
            f"{tokens_per_second:,.0f} tokens/s  {duration(left)} left"
        )
        if self._bar is None:
            values = {
                "step": step,
                "steps": self._total,
                "epoch": epoch,
                "loss": loss,
                "lr": lr,
                "tokens_per_second": tokens_per_second,
                "seconds_left": left,
            }
            self._console.event("train", text, values)
        else:
            self._console.only_log(text)

    def _count(self, step: int) -> str:
        return f"step {step}/{self._total}" if self._total is not None else f"step {step}"


def _loss(value: float | None) -> str:
    return f"{value:.4f}" if value is not None else "of nothing"
