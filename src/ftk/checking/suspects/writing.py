"""Writes suspects so that people can look at them: as JSON lines that doccano imports, and as tasks of Label Studio."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ftk.checking.suspects.asked import label_studio_file
from ftk.checking.suspects.finding import DoubtfulSpan, Suspect
from ftk.checking.suspects.own import signed
from ftk.data.examples.sentences import Sentence
from ftk.data.examples.tags import OUTSIDE, entities
from ftk.report.records import json_lines
from ftk.system.atomic import write_text
from ftk.system.strict_json import dumps


def write_suspects(path: Path, suspects: Sequence[tuple[str, Suspect]]) -> None:
    """Write suspects, the most suspect first, to a file of JSON lines, and to one for Label Studio beside it.

    Both hold the labels as they are, with what is suggested beside them, so that either is read back as data.

    Args:
        path: of the JSON lines.
        suspects: each with the name of its split.
    """
    with json_lines(path) as write:
        for record in records(suspects):
            write(record)
    tasks = json.loads(dumps([_task(rank, split, one) for rank, (split, one) in enumerate(suspects, 1)]))
    write_text(label_studio_file(path), dumps(signed(tasks, path.read_bytes()), indent=1) + "\n")


def records(suspects: Sequence[tuple[str, Suspect]]) -> Iterator[dict[str, Any]]:
    """A record for each suspect. ``label`` is as doccano has it: a list of names, or of [start, end, name]."""
    for rank, (split, one) in enumerate(suspects, 1):
        example = one.example
        record: dict[str, Any] = {"text": example.text}
        if getattr(example, "pair", None) is not None:
            record["pair"] = example.pair
        if isinstance(example, Sentence):
            record["label"] = [[start, end, name] for start, end, name in _spans(example)]
            record["suspects"] = [_of_span(span) for span in one.spans]
        else:
            record["label"] = [one.given]
            record["suggested"] = one.suggested
        yield record | _about(rank, split, one) | {"why": why(one)}


def why(suspect: Suspect) -> str:
    """In a sentence, what speaks against the label."""
    if suspect.spans:
        worst = suspect.spans[0]
        text = f"'{worst.text}' is {_said(worst.given)}, {_said(worst.suggested)} is likelier"
        likely = worst.likely
    else:
        text, likely = f"it is '{suspect.given}', '{suspect.suggested}' is likelier", suspect.by_heads
    text += f" ({100 * likely:.1f} % against {100 * (1 - likely):.1f} % by heads that did not learn it"
    if suspect.by_training is not None:
        text += f"; training gave its label {100 * suspect.by_training:.1f} % on average"
    return f"{text})"


def _said(name: str | None) -> str:
    return "without a label" if name is None else f"'{name}'"


def _about(rank: int, split: str, one: Suspect) -> dict[str, Any]:
    row = one.example.row
    found = {"rank": rank, "score": round(one.score, 6), "heads": round(one.by_heads, 6)}
    if one.by_training is not None:
        found["training"] = round(one.by_training, 6)
    item = {"item": row.item} if row.item else {}
    return found | {"split": split, "file": row.file, "line": row.line, **item}


def _of_span(span: DoubtfulSpan) -> dict[str, Any]:
    found = {"start": span.start, "end": span.end, "text": span.text, "label": span.given}
    return found | {"suggested": span.suggested, "score": round(span.likely, 6)}


def _spans(example: Sentence) -> list[tuple[int, int, str]]:
    """The spans of a sentence, by characters; where each word has a tag of its own, a span for each word."""
    tags = example.tags or []
    if all(tag == OUTSIDE or tag[:2] in ("B-", "I-") for tag in tags):
        found = entities(tags)
    else:
        found = [(tag, place, place + 1) for place, tag in enumerate(tags)]
    return [(example.starts[first], example.ends[end - 1], name) for name, first, end in found]


def _task(rank: int, split: str, one: Suspect) -> dict[str, Any]:
    """A task of Label Studio: the labels are its annotation, what is suggested is its prediction."""
    example = one.example
    data = {"text": example.text, **_about(rank, split, one), "why": why(one)}
    if getattr(example, "pair", None) is not None:
        data["pair"] = example.pair
    if isinstance(example, Sentence):
        units = _Utf16(example.text)
        given = [units.region(start, end, name) for start, end, name in _spans(example)]
        suggested = [units.region(span.start, span.end, span.suggested) for span in one.spans if span.suggested]
    else:
        given, suggested = [_choice(one.given)], [_choice(one.suggested)]
    prediction = {"model_version": "ftk check", "score": round(1 - one.score, 6), "result": suggested}
    return {"data": data, "annotations": [{"result": given}], "predictions": [prediction]}


def _choice(name: str | None) -> dict[str, Any]:
    return {"from_name": "label", "to_name": "text", "type": "choices", "value": {"choices": [name]}}


class _Utf16:
    """Counts characters as Label Studio does: as UTF-16 has them."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._plain = text.isascii() or max(text, default="") <= "\uffff"

    def region(self, start: int, end: int, name: str) -> dict[str, Any]:
        """A part of the text with its label."""
        value = {"start": self._place(start), "end": self._place(end), "text": self.text[start:end], "labels": [name]}
        return {"from_name": "label", "to_name": "text", "type": "labels", "value": value}

    def _place(self, at: int) -> int:
        return at if self._plain else len(self.text[:at].encode("utf-16-le", "surrogatepass")) // 2
