"""Names of classes: from the values of a column, and from a list where the column holds numbers."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.row import Row
from ftk.data.rows.cells import RowFault
from ftk.data.rows.cells import shortened as place_shortened
from ftk.errors import ConfigError

_WHOLE = re.compile(r"(-?)(0|[1-9][0-9]*)\.0+")
_SHOWN = 40
"""Maximum characters of a name that is shown in a list of names."""


def name_of(value: Any, row: Row, column: str, names: Sequence[str] | None) -> str:
    """A value of a label column as the name of a class.

    Args:
        value: a text, a number or a truth value.
        row: the row, for messages.
        column: the column, for messages.
        names: of the classes, if values are their numbers, counted from 0.

    Raises:
        RowFault: the value is something else, is empty, or has no name.
    """
    if isinstance(value, str):
        name = _plain(value.strip())
    elif isinstance(value, bool):
        name = str(value).lower()
    elif isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        name = str(int(value))
    else:
        kind = "nothing" if value is None else f"{value!r}"[:100]
        raise RowFault(kinds.NOT_A_LABEL, f"{row.where}: {column} is {kind}")
    if not name:
        raise RowFault(kinds.EMPTY_LABEL, row.where, column=column)
    if names is None or name in names:
        return name
    same = next((known for known in names if known == str(value).strip() or _plain(known) == name), None)
    if same is not None:
        return same
    if name.isascii() and name.isdigit() and int(name) < len(names):
        return names[int(name)]
    raise RowFault(kinds.UNNAMED_LABEL, place_shortened(f"{row.where}: {column}={value!r}"), names=len(names))


def _plain(name: str) -> str:
    """A name in the spelling of JSON, because CSV writes true as True or TRUE, and 1 as 1.0."""
    if name.lower() in ("true", "false"):
        return name.lower()
    whole = _WHOLE.fullmatch(name)
    return str(int(whole[1] + whole[2])) if whole else name


def shortened(name: str) -> str:
    """A name as it is shown among others: a very long one is cut."""
    return name if len(name) <= _SHOWN else f"{name[: _SHOWN - 1]}…"


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """The distinct names: sorted by value if they are numbers, else alphabetically."""
    found = set(names)
    numbers = all(name.lstrip("-").isdigit() and name.isascii() for name in found)
    return tuple(sorted(found, key=int if numbers else None))


def names_faults(value: Any) -> Iterator[str]:
    """The mistakes in ``task.label_names``."""
    try:
        read_names(value)
    except ConfigError as error:
        yield from error.faults


def read_names(value: Any) -> list[str] | None:
    """The names that ``task.label_names`` gives: a list, or a file with one per line.

    Raises:
        ConfigError: it is neither, or a name is empty or there twice.
    """
    if value is None:
        return None
    if isinstance(value, str):
        path = Path(value).expanduser()
        try:
            names = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            raise ConfigError(f"task.label_names={value}: the file cannot be read ({reason}).") from error
        names = [name.strip() for name in names]
        while names and not names[-1]:
            names.pop()
    elif isinstance(value, (list, tuple)):
        names = [str(name).lower() if isinstance(name, bool) else str(name).strip() for name in value]
    else:
        raise ConfigError(f"task.label_names={value}: it must be a list of names, or a file with one per line.")
    doubled = sorted({name for name in names if names.count(name) > 1})
    if not names or "" in names or doubled:
        what = f"'{doubled[0]}' is there twice" if doubled else "a name is empty" if names else "there is none"
        raise ConfigError(f"task.label_names={value}: {what}.")
    return names
