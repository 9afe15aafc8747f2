"""Names of classes: from the values of a column, and from a list where the column holds numbers."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from ftk.config.spelling.writing import as_word, pasted
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.row import ClassName, Row
from ftk.data.rows.cells import RowFault
from ftk.data.rows.cells import shortened as place_shortened
from ftk.data.rows.lists import scalar_of
from ftk.errors import ConfigError
from ftk.system.paths import expanded

NO_CLASS = "-1"
"""The number that the datasets library and others give to rows without a class."""
IGNORED = "-100"
"""The number that torch does not learn."""
WRITTEN = frozenset(
    {"\\n", "nan", "-nan", "<na>", "nat", "#n/a", "#na", "#value!", "#ref!", "#name?", "1.#qnan", "1.#ind"}
)
"""What programs write for a missing value, in lower case; databases write \\N."""
TRUTH = ("false", "true")
"""The names of truth values, in the order of their numbers."""
_READ_AS_TRUTH = {True: ("true", "yes", "on"), False: ("false", "no", "off")}
"""What YAML reads as a truth value."""
_WHOLE = re.compile(r"(-?)(0|[1-9][0-9]*)\.0+")
_NUMBER = re.compile(r"-?\d{1,9}(\.0+)?")
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
    if isinstance(value, ClassName) and names is not None and value not in names:
        value = value.number  # the names of the config win over those of the file
    if isinstance(value, str):
        value = value.strip()
        value = scalar_of(value) if value[-1:] == ")" else value
    elif isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, str):
        name = _plain(value)
    elif isinstance(value, bool):
        name = str(value).lower()
    elif isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        name = str(int(value))
    else:
        raise _not_a_label(value, row, column)
    if not name:
        raise RowFault(kinds.EMPTY_LABEL, row.where, column=column)
    if names is None or name in names:
        return name
    same = next((known for known in names if known == str(value).strip() or _plain(known) == name), None)
    if same is not None:
        return same
    if name.isdecimal() and int(name) < len(names):
        return names[int(name)]
    if name in TRUTH and len(names) == len(TRUTH):
        return names[TRUTH.index(name)]
    if name in (NO_CLASS, IGNORED):
        raise RowFault(kinds.UNLABELLED_ROW, row.where, label=name)
    if name.casefold() in WRITTEN:
        raise RowFault(kinds.MISSING_LABEL, row.where, label=name)
    raise RowFault(kinds.UNNAMED_LABEL, place_shortened(f"{row.where}: {column}={value!r}"), names=len(names))


def _not_a_label(value: Any, row: Row, column: str) -> RowFault:
    """The fault of a row whose label is no value of one class."""
    if isinstance(value, Mapping) and value:
        place = place_shortened(f"{row.where}: {column} has {', '.join(map(str, value))}")
        return RowFault(kinds.NOT_AN_OBJECT_PART, place, role="label", example=pasted(f"{column}.{next(iter(value))}"))
    if isinstance(value, (list, tuple)):
        place = place_shortened(f"{row.where}: {column} has {value!r}")
        return RowFault(kinds.LABELS_IN_LISTS, place, first=pasted(f"{column}.0"))
    shown = "nothing" if value is None else f"{value!r}"[:100]
    return RowFault(kinds.NOT_A_LABEL, f"{row.where}: {column} is {shown}")


def tag_names(tags: Sequence[Any], row: Row, names: Sequence[str] | None) -> Sequence[Any]:
    """The tags of a row, with names in place of the numbers of classes; other tags stay as they are.

    Args:
        tags: texts or numbers.
        row: the row, for messages.
        names: of the classes, counted from 0; None: nothing is replaced.

    Raises:
        RowFault: a number has no name.
    """
    if names is None:
        return tags
    known = set(names)
    return [tag if isinstance(tag, str) and tag in known else _tag_name(tag, row, names) for tag in tags]


def _tag_name(tag: Any, row: Row, names: Sequence[str]) -> Any:
    number = tag.number if isinstance(tag, ClassName) else tag
    if isinstance(number, bool) or not isinstance(number, (int, float, str)) or not is_number(str(number)):
        return tag
    place = int(float(number))
    if str(place) == IGNORED:
        raise RowFault(kinds.IGNORED_TAG, place_shortened(f"{row.where}: the tag {tag!r}"), tag=IGNORED)
    if not 0 <= place < len(names):
        raise RowFault(kinds.UNNAMED_LABEL, place_shortened(f"{row.where}: the tag {tag!r}"), names=len(names))
    return names[place]


def is_number(name: str) -> bool:
    """Whether a label is a whole number, such as the number of a class."""
    return _NUMBER.fullmatch(name.strip()) is not None


def are_class_numbers(counts: Mapping[str, int]) -> bool:
    """Whether tags are the numbers of classes, 0 that of a token outside of all spans, rather than names.

    All of them are numbers, counted from 0 without a gap, or 0 is that of most tokens.

    Args:
        counts: how often each tag occurs.
    """
    if len(counts) < 2 or not all(map(is_number, counts)):
        return False
    numbers = {int(float(tag)) for tag in counts}
    outside = sum(count for tag, count in counts.items() if float(tag) == 0)
    return numbers == set(range(len(numbers))) or 2 * outside > sum(counts.values())


def _plain(name: str) -> str:
    """A name in the spelling of JSON, because CSV writes true as True or TRUE, and 1 as 1.0."""
    if name.lower() in ("true", "false"):
        return name.lower()
    whole = _WHOLE.fullmatch(name)
    return str(int(whole[1] + whole[2])) if whole else name


def name_of_key(key: Any, names: Sequence[str]) -> str:
    """The label that a key of a mapping names: YAML reads the keys ``true``, ``yes`` and ``on`` as a truth value.

    Args:
        key: of a mapping in the config.
        names: of the labels.
    """
    if not isinstance(key, bool):
        return str(key)
    fitting = [name for name in names if name.casefold() in _READ_AS_TRUTH[key]]
    return fitting[0] if len(fitting) == 1 else TRUTH[key]


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
        path = expanded(value)
        try:
            names = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            raise ConfigError(f"task.label_names={value}: the file cannot be read ({reason}).") from error
        names = [name.strip() for name in names]
        while names and not names[-1]:
            names.pop()
    elif any(isinstance(one, Mapping) for one in (value if isinstance(value, (list, tuple)) else (value,))):
        raise ConfigError(
            f"task.label_names={as_word(value)}: it names labels that the data numbers, as a list in the order of the "
            "numbers. ftk does not rename labels: change them in the data."
        )
    elif isinstance(value, (list, tuple)):
        names = [str(name).lower() if isinstance(name, bool) else str(name).strip() for name in value]
        if None in value:
            quoted = pasted(["null" if name is None else name for name in value])
            raise ConfigError(
                f"task.label_names={as_word(value)}: null is no name; a label of this name stands in quotation marks: "
                f"task.label_names={quoted}"
            )
    else:
        raise ConfigError(
            f"task.label_names={as_word(value)}: it must be a list of names, or a file with one per line."
        )
    doubled = sorted(name for name, times in Counter(names).items() if times > 1)
    if not names or "" in names or doubled:
        what = f"'{doubled[0]}' is there twice" if doubled else "a name is empty" if names else "there is none"
        raise ConfigError(f"task.label_names={as_word(value)}: {what}.")
    return names
