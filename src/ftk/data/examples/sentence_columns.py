"""Which columns of a row have its tokens, its text, its tags and its spans."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ftk.config.spelling.writing import pasted
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.examples.spans.forms import holds_spans
from ftk.data.examples.tag_columns import column_of_tags, has_tag_per_word
from ftk.data.examples.tags import Units, units_of
from ftk.data.rows.cells import column_fits, parse_json_list
from ftk.data.rows.choosing import settle_columns
from ftk.data.rows.columns import has_column, missing_configured

NAMES = {
    "tokens": ("tokens", "words"),
    "tags": ("tags", "ner_tags", "labels", "ner", "word_labels"),
    "text": ("text", "sentence"),
    "spans": ("spans", "entities", "label", "labels", "ents", "annotations"),
}
"""The column names that are tried for roles that ``data.columns`` does not name."""
_OF_TOKENS = ("tags", "labels", "pos_tags", "upos", "pos", "ner_tags", "ner")
"""The same for tags of single tokens."""


@dataclass(kw_only=True)
class SentenceColumns:
    """Finds the columns of rows. Without ``settle`` each row is looked at by itself, as in prediction.

    Attributes:
        wanted: ``data.columns``.
        labelled: whether a row without labels is an error.
        units: what tags are of.
    """

    wanted: dict[str, Any]
    labelled: bool
    units: Units
    _settled: dict[str, Any] = field(default_factory=dict, init=False)
    _spans_at: dict[str, str] = field(default_factory=dict, init=False)
    _by_spans: bool = field(init=False)
    """Whether rows that have tags and spans are read by their spans."""

    def __post_init__(self) -> None:
        self._by_spans = self.wanted.get("spans") is not None and self.wanted.get("tags") is None

    def settle(self, rows: Sequence[Row], notes: Notes) -> None:
        """Choose the columns of all rows of a split, and for each file the column of its spans.

        Raises:
            DataError: the rows do not say which column is meant.
        """
        names = {role: self.names(role) for role in ("tokens", "text", "tags")}
        marking = names["tags"]
        if self.units is Units.spans:
            names["tags"] = marking = _marking_spans(rows, marking)
            if len(names["tags"]) > 1 and self.wanted.get("tags") is None:
                chosen = column_of_tags(rows, names["tags"], lambda row: self._find(row, "tokens"), notes)
                names["tags"] = names["tags"] if chosen is None else (chosen,)
        if self.units is not Units.tokens:
            names["spans"] = NAMES["spans"]
        holds = {"tags": lambda value: bool(value) and column_fits("tags", value), "spans": _has_spans}
        self._settled = settle_columns(rows, self.wanted, names, notes, holds, undecided=("spans",))
        if self.units is Units.spans and len(names["tags"]) == 1 and self.wanted.get("tags") is None:
            self._settled["tags"] = chosen = names["tags"][0]
            others = [name for name in self.names("tags") if name not in marking]
            others = [name for name in others if any(name in row.values for row in rows)]
            if others:
                notes.add(kinds.COLUMN_CHOSEN, policy="marks", role="tags", column=chosen, others=others)
        wanted = self._settled.get("spans")
        tried = NAMES["spans"] if wanted is None else (str(wanted),)
        for row in rows if self.units is not Units.tokens else ():
            if row.file not in self._spans_at:
                for name in tried:
                    if has_column(row, name) and (wanted is not None or _has_spans(row.values[name])):
                        self._spans_at[row.file] = name
                        break
        if self.units is Units.spans and self.wanted.get("tags") is None and not self._by_spans:
            self._weigh_spans(rows, notes)

    def _weigh_spans(self, rows: Sequence[Row], notes: Notes) -> None:
        """Choose between tags and spans for rows that have both: spans if no tag marks one."""
        counts: Counter[str] = Counter()
        found: tuple[str | None, str | None] = (None, None)
        for row in rows:
            spans_at = self._spans_at.get(row.file) if not row.lines else None
            tags_at = self._find(row, "tags") if spans_at is not None else None
            if spans_at is None or tags_at in (None, spans_at) or self._find(row, "tokens") is None:
                continue
            spans, tags = parse_json_list(row.values.get(spans_at)), parse_json_list(row.values[str(tags_at)])
            if isinstance(spans, list) and isinstance(tags, list):
                counts["spans"] += len(spans)
                counts["tags"] += _marked(tags)
                found = tags_at, spans_at
        if found[0] is None or not counts["spans"]:
            return
        self._by_spans = not counts["tags"]
        read = "spans" if self._by_spans else "tags"
        names: dict[str, Any] = {"tags": found[0], "spans": found[1], "read": read}
        names["example"] = pasted(names["tags" if self._by_spans else "spans"])
        numbers = {"by_tags": counts["tags"], "by_spans": counts["spans"]}
        notes.add(kinds.TAGS_AND_SPANS, policy=read, **names, **numbers)

    def of(self, row: Row) -> tuple[str | None, str | None, str | None, str | None]:
        """The columns with tokens, text, tags and spans; of tokens and text, tokens are read if a row has both.

        Raises:
            RowFault: a column that the config names is not in the row.
        """
        tokens_at, text_at, tags_at = (self._find(row, role) for role in ("tokens", "text", "tags"))
        spans_at = None
        if self.units is not Units.tokens:
            spans_at = self._spans_at.get(row.file) or self._find(row, "spans")
            if self._by_spans and spans_at and spans_at != tags_at:
                tags_at = None
        if tokens_at and text_at and (self.wanted.get("text") is not None or (spans_at and not tags_at)):
            tokens_at = None
        if text_at and tags_at and not (tokens_at or spans_at) and has_tag_per_word(row, text_at, tags_at):
            tokens_at = text_at
        return tokens_at, text_at, tags_at, spans_at

    def names(self, role: str) -> tuple[str, ...]:
        """The column names to try for a role."""
        if role != "tags" or self.units is Units.spans:
            return NAMES[role]
        return _OF_TOKENS if self.units is Units.tokens else (*NAMES[role], *_OF_TOKENS)

    def _find(self, row: Row, role: str) -> str | None:
        wanted = self.wanted.get(role)
        if wanted is not None:
            if row.lines:  # the CoNLL reader has chosen the columns
                return role if role in row.values else None
            if has_column(row, str(wanted)):
                return str(wanted)
            if role in ("tags", "spans") and not self.labelled:
                return None
            raise missing_configured(row, role, wanted)
        settled = self._settled.get(role)
        for name in self.names(role) if settled is None else (settled,):
            if name in row.values and _fits(role, row.values[name]):
                return name
        return None


def _fits(role: str, value: Any) -> bool:
    if role == "spans":
        return holds_spans(value)
    if role == "tokens":  # annotation tools have objects there, beside the text
        return not isinstance(value, list) or not any(isinstance(item, dict) for item in value)
    return column_fits(role, value)


def _has_spans(value: Any) -> bool:
    return bool(parse_json_list(value)) and holds_spans(value)


def _marking_spans(rows: Sequence[Row], names: tuple[str, ...]) -> tuple[str, ...]:
    """Of several columns of tags, those whose tags mark spans."""
    shapes = {tuple(row.values) for row in rows}
    present = [name for name in names if any(name in shape for shape in shapes)]
    if len(present) < 2:
        return names
    counts: dict[str, Counter[str]] = {name: Counter() for name in present}
    for row in rows:
        for name in present:
            value = parse_json_list(row.values.get(name))
            value = value.split() if isinstance(value, str) else value
            if isinstance(value, (list, tuple)):
                counts[name].update(tag for tag in value if isinstance(tag, str))
    return tuple(name for name in present if units_of(counts[name]) is Units.spans) or names


def _marked(tags: Sequence[Any]) -> int:
    """How many spans tags mark."""
    before, number = "O", 0
    for tag in map(str, tags):
        number += tag not in ("O", "0") and (before in ("O", "0") or tag[:2] in ("B-", "S-", "U-"))
        before = tag
    return number
