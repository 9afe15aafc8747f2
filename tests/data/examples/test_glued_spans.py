"""Spans that end inside words: where a language joins other words to names, and where offsets are wrong."""

from typing import Any

import pytest

from data_helpers import data_config, ner_task
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Reading
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.text.words import Words


def marked(text: str, shift: int = 0) -> dict[str, Any]:
    """A text whose names stand in brackets, as a row with spans."""
    plain, spans = "", []
    for part in text.split("["):
        name, bracket, rest = part.partition("]")
        if bracket:
            spans.append([len(plain) + shift, len(plain) + len(name) + shift, "X"])
        plain += name + rest
    return {"text": plain, "spans": spans}


def words_of(rows: list[dict[str, Any]], **fields: Any) -> tuple[Words, Notes]:
    notes = Notes()
    numbered = [Row(values, "rows.jsonl", number) for number, values in enumerate(rows, start=1)]
    task: Any = ner_task(**fields).resolve_auto(numbered, Reading(data_config().columns, True, notes))
    task.read(numbered, Reading(data_config().columns, True, notes))
    return task.words, notes


GLUED = {
    "Korean": ["[서울]에서 [김민수]가 잔다.", "[부산]은 멀다.", "[민수]는 [한국은행]에 간다."],
    "Turkish": ["[Ankara]da kaldı.", "[İzmir]den [Ayşe]yle geldi.", "[Ali]nin evi"],
    "Finnish": ["Asun [Helsingi]ssä.", "[Turu]sta [Espoo]seen"],
    "Hungarian": ["[Budapest]en él [Anná]val.", "[Győr]ből jött."],
    "Basque": ["[Bilbo]n bizi da.", "[Ane]rekin [Donostia]ra"],
    "Tamil": ["[சென்னை]யில் உள்ளது.", "[மதுரை]க்கு போ"],
    "Arabic": ["و[باريس] ب[لندن]", "ل[سعاد] كتاب"],
    "Hebrew": ["ב[ירושלים] ול[חיפה]", "מ[תל] אביב"],
    "German compounds": ["Die [Rhein]brücke und das [Merkel]foto", "ein [Bosch]gerät"],
    "Japanese with Latin": ["[Tokyo]de neru", "[Osaka]kara kita"],
    "Estonian": ["[Tartu]s on külm.", "[Mari]ga [Tallinna]sse"],
}


@pytest.mark.parametrize("language", GLUED)
def test_names_with_endings_are_read_by_character(language: str) -> None:
    rows = [marked(text) for text in GLUED[language]]
    words, notes = words_of(rows)
    notes.raise_errors()
    assert words is Words.characters
    [said] = [found for found in notes if found.kind == kinds.WORDS_BY_CHARACTER]
    assert said.values["percent"] > 50


@pytest.mark.parametrize(
    "rows",
    [
        [marked("[Rita Kos] sleeps in [Oslo]."), marked("[Jean]-Luc and [Ada]'s")],
        [marked("[小明]在[北京]睡觉。")],
        [marked("[Rita] [Kos] sleeps"), marked("[Oslo] and [Lima] are [far]off")],
        [marked("nobody sleeps")],
        [{"tokens": ["a", "b"], "tags": ["O", "B-X"]}],
    ],
)
def test_other_spans_leave_words_as_they_are(rows: list[dict[str, Any]]) -> None:
    assert words_of(rows)[0] is Words.auto


@pytest.mark.parametrize("shift", [-2, -1, 1, 2])
def test_wrong_offsets_are_not_read_by_character(shift: int) -> None:
    texts = [
        "We saw [Rita Kos] and [Ada] there.",
        "In [Oslo] [Emil] sleeps, and [Hana] too.",
        "So [Turin], (not [Lima])!",
    ]
    words, notes = words_of([marked(text, shift) for text in texts])
    assert words is Words.auto
    reported = {kinds.SPAN_INSIDE_WORD.id, kinds.SPANS_SHIFTED.id, kinds.SPANS_SHORT.id}
    assert reported & {found.kind.id for found in notes}


def test_what_is_set_stays() -> None:
    rows = [marked(text) for text in GLUED["Korean"]]
    assert words_of(rows, words="fine")[0] is Words.fine
    assert words_of(rows, words="pieces")[0] is Words.pieces
