"""What is shown of jobs that run at once: a table in place on a terminal, elsewhere a line when one begins or ends."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from ftk.errors import printable
from ftk.report.console import Console
from ftk.report.output.json_output import shows_json
from ftk.system.duration import duration

if TYPE_CHECKING:
    from rich.live import Live

_SECONDS_BETWEEN = 0.2


class LiveTable:
    """The jobs that run, with the last line that each has printed.

    Args:
        console: shows messages where no table can be shown in place.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._jobs: dict[str, tuple[str, float, str]] = {}
        self._live: Live | None = None
        self._shown = 0.0

    def __enter__(self) -> LiveTable:
        if self._console.interactive:
            from rich.live import Live

            self._live = Live(transient=True, auto_refresh=False)
            self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._live is not None:
            self._live.stop()

    def begins(self, key: str, title: str, text: str) -> None:
        """A job begins."""
        self._jobs[key] = title, time.monotonic(), ""
        self._say(text)

    def printed(self, key: str, line: str) -> None:
        """A job has printed a line."""
        if shows_json():
            self._pass_on(key, line)
        elif key in self._jobs:
            title, began, _ = self._jobs[key]
            self._jobs[key] = title, began, printable(line)

    def ended(self, key: str, text: str) -> None:
        """A job has ended."""
        self._jobs.pop(key, None)
        self._say(text)

    def refresh(self) -> None:
        """Show the table as it is now."""
        if self._live is None or time.monotonic() - self._shown < _SECONDS_BETWEEN:
            return
        from rich.table import Table
        from rich.text import Text

        self._shown = time.monotonic()
        table = Table.grid(padding=(0, 2))
        for title, began, line in self._jobs.values():
            cells = title, duration(self._shown - began), line
            table.add_row(*(Text(cell, no_wrap=True, overflow="ellipsis") for cell in cells))
        self._live.update(table, refresh=True)

    def _say(self, text: str) -> None:
        if self._live is None:
            self._console.say(text)
        else:
            self._live.console.print(printable(text), markup=False, highlight=False, emoji=False)

    def _pass_on(self, key: str, line: str) -> None:
        """An event of a job, with the job that it is of."""
        try:
            event: Any = json.loads(line)
            kind, text = event.pop("type"), event.pop("text", "")
        except (ValueError, KeyError, AttributeError):
            return
        self._console.event(kind, text, {"job": key, **event})
