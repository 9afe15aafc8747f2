"""Whether commands show text or, with --json, one JSON object per line; and how a command ends in either form."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

from ftk.errors import ConfigError, DataError, printable
from ftk.system.strict_json import dumps, finite

_as_json: ContextVar[bool] = ContextVar("as_json", default=False)


@contextmanager
def json_output(wanted: bool) -> Iterator[None]:
    """A block in which new consoles show JSON lines instead of text."""
    token = _as_json.set(wanted)
    try:
        yield
    finally:
        _as_json.reset(token)


def shows_json() -> bool:
    """Whether new consoles show JSON lines."""
    return _as_json.get()


def show_line(as_json: bool, text: str, warning: bool) -> None:
    """Show a message on standard error, from any thread."""
    values = {"text": text, **({"severity": "warning"} if warning else {})}
    sys.stderr.write((json_line("message", values) if as_json else printable(text)) + "\n")
    sys.stderr.flush()


def show_end(type: str, text: str, error: BaseException) -> None:
    """Show on standard error why a command ended: a text, or JSON with the faults or findings of the error."""
    with suppress(BrokenPipeError):  # nobody reads it, and the exit code says the same
        _show_end(type, text, error)


def _show_end(type: str, text: str, error: BaseException) -> None:
    if not _as_json.get():
        sys.stderr.write(printable(text) + "\n")
        return
    values: dict[str, Any] = {"text": text, "error": error.__class__.__name__}
    if isinstance(error, ConfigError):
        values["faults"] = list(error.faults)
    if isinstance(error, DataError):
        values["findings"] = [finding.to_json() for finding in error.findings]
    sys.stderr.write(json_line(type, values) + "\n")


def json_line(type: str, values: Mapping[str, Any]) -> str:
    """One line of JSON output, in ASCII for any terminal; a number that JSON does not have becomes null."""
    return dumps(finite({"type": type, **values}), ensure_ascii=True, default=plain_value)


def plain_value(value: Any) -> Any:
    """A number of numpy as one of Python, any other value as a text."""
    return value.item() if hasattr(value, "item") else str(value)
