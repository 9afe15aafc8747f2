"""Exports of Prodigy: rows with an answer, and with spans, accepted options, or one label that was accepted or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import SHOWN
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.exports.wanted import Wanted

_ANSWERS = ("accept", "reject", "ignore")
_OWN = ("_input_hash", "_task_hash", "_session_id", "_view_id", "text", "image", "options")

_UNACCEPTED = {
    name: f"unaccepted_{name}" for name in ("label", "labels", "spans", "entities", "tags", "target", "accept")
}
"""What columns of a row are called that was not accepted."""


def recognises(values: Mapping[str, Any]) -> bool:
    """Whether a row has one of the answers of Prodigy beside what they are about."""
    answer = values.get("answer")
    return (
        isinstance(answer, str)
        and answer in _ANSWERS
        and "context" not in values
        and any(name in values for name in _OWN)
    )


def needs_all(rows: Sequence[Row]) -> bool:
    """Whether all rows of a file decide how each is read: answers about one label, or about one span."""
    return any(_is_about_label(row.values) or _is_about_span(row.values) for row in rows)


def begin(rows: Sequence[Row], wanted: Wanted, notes: Notes) -> Callable[[Row], Iterator[Row]]:
    """What makes plain rows: accepted options become ``label``; labelled rows that were not accepted are left out.

    An answer about one label is an answer, too: where it is the only label of the file, a rejected row has the label
    ``not …``, and where a row may have several, a rejected one is known to be absent. Such a row has no ``answer``: it
    is said by the label, and predictions that keep both are read again as they were.

    Args:
        rows: of the file; all of them if ``needs_all``, else the first ones.
        wanted: what the config and the task want.
        notes: collects rows that are left out.

    Raises:
        DataError: the task finds entities, and each row has an answer about one entity alone.
    """
    if not wanted.labelled:
        marked = any("spans" in row.values for row in rows)
        return lambda row: _to_predict(row, notes, marked=marked)
    _refuse_single_spans(rows, wanted, notes)
    about = [row for row in rows if _is_about_label(row.values) and row.values["answer"] != "ignore"]
    labels = {row.values["label"] for row in about}
    if "label" not in wanted.roles or wanted.numbers or not any(row.values["answer"] == "reject" for row in about):
        return lambda row: _plain(row, notes, labelled=True)
    if wanted.several:
        return _Several.of(about, notes).plain
    if len(labels) > 1:
        return lambda row: _plain(row, notes, labelled=True)
    return lambda row: _one_of_two(row, notes)


def _is_about_label(values: Mapping[str, Any]) -> bool:
    """Whether a row asks whether one label fits."""
    label = values.get("label")
    return isinstance(label, str) and bool(label) and "options" not in values and not values.get("spans")


def _is_about_span(values: Mapping[str, Any]) -> bool:
    """Whether a row asks whether one span fits. Old versions have the interface of ``ner.teach`` alone."""
    binary = values.get("_is_binary", values.get("_view_id") == "ner")
    return binary is True and bool(values.get("spans"))


def _refuse_single_spans(rows: Sequence[Row], wanted: Wanted, notes: Notes) -> None:
    if "tags" not in wanted.roles and "spans" not in wanted.roles:
        return
    single = [row.where for row in rows if _is_about_span(row.values)]
    if single:
        notes.add(kinds.SINGLE_SPANS, *single[:SHOWN], number=len(single))
        notes.raise_errors()


def _to_predict(row: Row, notes: Notes, *, marked: bool) -> Iterator[Row]:
    """The row to predict for; an accepted one without spans has none, if others of the file are ``marked``."""
    for plain in _plain(row, notes, labelled=False):
        if marked and "spans" not in plain.values and row.values["answer"] == "accept":
            plain.values["spans"] = []  # the gold standard of its prediction
        yield plain


def _plain(row: Row, notes: Notes, *, labelled: bool) -> Iterator[Row]:
    """The row with its accepted options as ``label``; labelled rows that were not accepted are left out."""
    values = dict(row.values)
    answer = values.get("answer")
    if labelled and answer != "accept":
        notes.add(kinds.NOT_ACCEPTED, row.where, answer=answer)
        return
    if answer != "accept":  # it stays a row, but what was not accepted is no gold standard beside its prediction
        yield replace(row, values={_UNACCEPTED.get(name, name): value for name, value in values.items()})
        return
    relations = values.get("relations")
    if labelled and isinstance(relations, list) and relations:
        notes.add(kinds.RESULT_NOT_READ, row.where, number=len(relations), what="relation")
    accepted = values.get("accept")
    if isinstance(accepted, list) and isinstance(values.get("options"), list):
        several = isinstance(values.get("config"), dict) and values["config"].get("choice_style") == "multiple"
        del values["accept"], values["options"]
        values["label"] = accepted if several or len(accepted) != 1 else accepted[0]
        if not accepted and not several:
            if labelled:
                notes.add(kinds.NOT_ANNOTATED, row.where)
                return
            del values["label"]  # a row without an option has no gold standard
    yield replace(row, values=values)


def _one_of_two(row: Row, notes: Notes) -> Iterator[Row]:
    """The row with its label, or with ``not`` before it where it was rejected."""
    values = row.values
    if not _is_about_label(values) or values["answer"] != "reject":
        yield from _plain(row, notes, labelled=True)
        return
    label = f"not {values['label']}"
    notes.add(kinds.REJECTED_LABEL, row.where, policy="opposite", label=values["label"], opposite=label)
    yield replace(row, values={**_without_answer(values), "label": label})


@dataclass(frozen=True, slots=True)
class _Several:
    """Answers about labels by their text, each of which becomes one row.

    Attributes:
        accepted: the labels of each text.
        notes: collects what is read.
        done: the texts whose row was made.
    """

    accepted: Mapping[Any, list[str]]
    notes: Notes
    done: set[Any] = field(default_factory=set)

    @classmethod
    def of(cls, rows: Sequence[Row], notes: Notes) -> _Several:
        """The answers of a file."""
        accepted: dict[Any, list[str]] = {}
        for row in rows:
            labels = accepted.setdefault(_subject(row), [])
            if row.values["answer"] == "accept" and row.values["label"] not in labels:
                labels.append(row.values["label"])
        return cls(accepted, notes)

    def plain(self, row: Row) -> Iterator[Row]:
        """The row with all labels that were accepted for its text; none for one more answer about it."""
        if not _is_about_label(row.values) or row.values["answer"] == "ignore":
            yield from _plain(row, self.notes, labelled=True)
            return
        if row.values["answer"] == "reject":
            self.notes.add(kinds.REJECTED_LABEL, row.where, policy="absent", label=row.values["label"], opposite="")
        subject = _subject(row)
        if subject in self.done:
            self.notes.add(kinds.ANSWER_MERGED, row.where)
            return
        self.done.add(subject)
        yield replace(row, values={**_without_answer(row.values), "label": self.accepted[subject]})


def _without_answer(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "answer"}


def _subject(row: Row) -> Any:
    text = row.values.get("text")
    return text if isinstance(text, str) else row.where
