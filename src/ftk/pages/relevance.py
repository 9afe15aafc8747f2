"""Which words wrong answers rest on, as the list of wrong examples shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ftk.pages.marking import MOST_CHARACTERS, Marks, Parts, cut, marked
from ftk.pages.predictions import Form
from ftk.pages.record_values import pairs_of
from ftk.pages.spans import RIGHT, text_of

MOST_EXPLAINED = 200
"""Wrong examples of a page that are explained."""
STRENGTHS = 4
"""Steps of how strongly a word is marked, beside that of the strongest word."""
_MOST_OF_ROW = 4
"""Explanations of one example that are shown."""
_NAMED = 5
"""Words whose scores are written out."""


@dataclass(frozen=True, slots=True)
class Explained:
    """What one answer rests on, in one of the texts that the model read.

    Attributes:
        of: the answer, such as ``PER “Ada”``; empty where an example has one alone.
        name: of the text, as the list names it.
        text: the whole.
        marks: begin, end, class and label of words; a class is ``for`` or ``against`` with a strength, a label is the
            number.
        strongest: the strongest words with their numbers, in words; empty in all texts of an answer but the last.
        around: the first character of the strongest word; None where no word is marked.
        left: how many more answers of the example are wrong and not shown; 0 but in the last text of the last answer.
    """

    of: str
    name: str
    text: str
    marks: Marks
    strongest: str
    around: int | None
    left: int = 0


@dataclass(frozen=True, slots=True)
class Explanations:
    """What the wrong answers of a page rest on.

    Attributes:
        rows: by the number of a row, from 0, what its wrong answers rest on.
        asked: how many wrong rows were explained, the first of the page's order.
        why: why there are none; empty if there are.
        note: what a reader has to know about how they were found.
    """

    rows: Mapping[int, Sequence[Explained]] = field(default_factory=dict)
    asked: int = 0
    why: str = ""
    note: str = ""


def legend(form: Form) -> list[tuple[str, str, str]]:
    """A word, its class and what the class means, for each class that needs it."""
    signs = ("for", "against"), ("speaks {}for the answer that was given", "speaks {}against it")
    if form is Form.numbers:
        signs = ("more", "less"), ("raises the number {}", "lowers it {}")
    return [
        (word, f"{kind}{strength}", " ".join(text.format(how).split()))
        for word, kind, text in zip(signs[0], ("for", "against"), signs[1], strict=True)
        for strength, how in ((STRENGTHS, "strongly "), (1, "a little "))
    ]


def explained(record: Mapping[str, Any], form: Form, found: Sequence[Mapping[str, Any]]) -> list[Explained]:
    """What the wrong answers of a record rest on.

    Args:
        record: of a prediction.
        form: of the record.
        found: its explanations, as ``ftk explain`` writes them; those of answers that are right are left out.
    """
    shown = [one for one in found if one.get("relevance") and _is_wrong(record, form, one)]
    made: list[Explained] = []
    for one in shown[:_MOST_OF_ROW]:
        made += _of_answer(record, one, alone=len(shown) == 1)
    if (left := len(shown) - _MOST_OF_ROW) > 0:
        made[-1] = replace(made[-1], left=left)
    return made


def with_relevance(texts: Sequence[tuple[str, Parts]], found: Sequence[Explained]) -> list[tuple[str, Parts]]:
    """The texts of an example with what its answer rests on.

    A text that has no marks yet takes those of the only answer; for others, it is repeated with its marks.
    """
    shown = list(texts)
    plain = {name: at for at, (name, parts) in enumerate(shown) if all(isinstance(part, str) for part in parts)}
    for one in found:
        parts = marked(one.text, one.marks, MOST_CHARACTERS, around=one.around)
        if not one.of and one.name in plain:
            shown[plain[one.name]] = (one.name, parts)
        elif one.marks:
            of = f"why {one.of}" if one.of else "why"
            shown.append((f"{of}, {one.name}" if one.name else of, parts))
        if one.strongest:
            shown.append(("strongest words", [one.strongest]))
        if one.left:
            shown.append(
                (
                    "not shown",
                    [f"what {one.left:,} more wrong {'answer rests' if one.left == 1 else 'answers rest'} on"],
                )
            )
    return shown


def _is_wrong(record: Mapping[str, Any], form: Form, explanation: Mapping[str, Any]) -> bool:
    label = explanation.get("label")
    if form is Form.spans:
        right = {
            (one.given.label, one.given.start, one.given.end)
            for one in pairs_of(record) or ()
            if one.cause == RIGHT and one.given is not None
        }
        return (label, explanation.get("start"), explanation.get("end")) not in right
    return form is not Form.labels or label not in set(map(str, record.get("gold_labels") or ()))


def _of_answer(record: Mapping[str, Any], explanation: Mapping[str, Any], *, alone: bool) -> list[Explained]:
    """What one answer rests on, in each of the texts that the model read."""
    words = explanation["relevance"]
    most = max(abs(float(word["score"])) for word in words)
    fields = list(dict.fromkeys(word.get("field", "") for word in words))
    made = []
    for name in fields:
        own = [word for word in words if word.get("field", "") == name]
        marks = [
            (word["start"], word["end"], kind, f"{word['score']:+.3g}")
            for word in own
            if (kind := _kind(float(word["score"]), most))
        ]
        strongest = max(own, key=lambda word: abs(float(word["score"])))
        made.append(
            Explained(
                of="" if alone and "start" not in explanation else _answer(explanation),
                name="" if name in ("", "text") else name,
                text=_text(record, explanation, name),
                marks=marks,
                strongest=_strongest(words, most) if name == fields[-1] else "",
                around=strongest["start"] if marks else None,
            )
        )
    return made


def _kind(score: float, most: float) -> str:
    """The class of a word: whether it speaks for the answer, and how strongly; empty for a weak one."""
    strength = round(STRENGTHS * abs(score) / most) if most else 0
    return f"{'for' if score > 0 else 'against'}{strength}" if strength else ""


def _answer(explanation: Mapping[str, Any]) -> str:
    """What is explained, in words."""
    name = next((str(explanation[key]) for key in ("label", "target", "of") if key in explanation), "")
    text = explanation.get("text")
    quoted = f"“{cut(str(text), 60)}”" if text is not None else ""
    return " ".join(filter(None, (cut(name, 60), quoted)))


def _text(record: Mapping[str, Any], explanation: Mapping[str, Any], name: str) -> str:
    """The text in which the words of an explanation count characters."""
    if name == "candidate":
        return str(explanation.get("text", ""))
    return str(record[name]) if isinstance(record.get(name), str) else text_of(record)


def _strongest(words: Sequence[Mapping[str, Any]], most: float) -> str:
    """The strongest words with their numbers."""
    named = [word for word in words if _kind(float(word["score"]), most)]
    named = sorted(named, key=lambda word: -abs(float(word["score"])))[:_NAMED]
    return " · ".join(f"“{cut(str(word['text']), 40)}”\u00a0{word['score']:+.3g}" for word in named)
