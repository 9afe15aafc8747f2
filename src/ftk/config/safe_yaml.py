"""YAML from a folder that someone else may have written: plain values only, of limited size."""

from pathlib import Path
from typing import Any

import yaml

from ftk.errors import RunError, first_line

_MOST_BYTES = 1 << 20
_MOST_DEEP = 64


class _Loader(yaml.SafeLoader):
    """A SafeLoader that refuses aliases, too: a few lines with aliases expand to billions of values."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("it has an alias (*name)")
        self._depth += 1
        if self._depth > _MOST_DEEP:
            raise yaml.YAMLError(f"it is nested more than {_MOST_DEEP} levels deep")
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


def load_yaml(path: Path) -> Any:
    """The values in a YAML file.

    Raises:
        RunError: it cannot be read, or is not what ftk writes.
    """
    try:
        if not path.is_file():
            raise ValueError("there is no such file")
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError(f"it has more than {_MOST_BYTES:,} bytes")
        return yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        reason = first_line(error)
        raise RunError(f"{path}: this cannot be read as ftk wrote it ({reason}).") from error
