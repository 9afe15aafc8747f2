"""Whether files of suspects are as ftk wrote them, so that they can be replaced: what nobody changed is made again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ftk.system.strict_json import dumps

_KEY = "sha256"
"""Of the data of a task of Label Studio: the digest of both files."""


def signed(tasks: Iterable[dict[str, Any]], lines: bytes) -> list[dict[str, Any]]:
    """Tasks of Label Studio that say what both files held when they were written.

    Args:
        tasks: values for JSON.
        lines: the content of the file of JSON lines.
    """
    plain = list(tasks)
    digest = _digest(plain, lines)
    return [task | {"data": task["data"] | {_KEY: digest}} for task in plain]


def is_own(path: Path, tasks: Path) -> bool:
    """Whether ftk wrote both files, and nobody changed them since.

    Args:
        path: of the JSON lines.
        tasks: the file for Label Studio.
    """
    try:
        lines, found = path.read_bytes(), json.loads(tasks.read_text("utf-8"))
        if not found:
            return not lines
        plain = [task | {"data": {key: value for key, value in task["data"].items() if key != _KEY}} for task in found]
        return {task["data"][_KEY] for task in found} == {_digest(plain, lines)}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return False


def _digest(tasks: list[dict[str, Any]], lines: bytes) -> str:
    return hashlib.sha256(lines + b"\0" + dumps(tasks, indent=1).encode("utf-8", "surrogatepass")).hexdigest()
