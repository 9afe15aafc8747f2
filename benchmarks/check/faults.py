"""Kinds of faults, the findings that say each, and what plants it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from benchmarks.check.changes import (
    PLANTED,
    Plant,
    added,
    either,
    emptied,
    labelled,
    leaked,
    longer,
    once,
    relabelled,
    repeated,
    replaced,
    retagged,
    said,
    sorted_by_label,
    telling,
    unlabelled,
)
from benchmarks.check.marks import (
    broken_tags,
    cut,
    equal_pair,
    far_number,
    inside_word,
    other_text,
    punctuated,
    unmarked,
    unreadable,
    utf16,
)


@dataclass(frozen=True)
class Fault:
    """One kind of fault.

    Attributes:
        name: of the column in the table.
        kinds: the findings that say it, each of which will do.
        plant: puts it into rows.
    """

    name: str
    kinds: tuple[str, ...]
    plant: Plant


CASE = partial(labelled, str.swapcase, PLANTED)
TAG_CASE = partial(retagged, lambda tag: tag[:2] + tag[2:].swapcase(), PLANTED)
UNSEEN = partial(labelled, lambda _: "brandneu", PLANTED, where="test")
UNSEEN_TAG = partial(retagged, lambda _: "B-BRANDNEU", PLANTED, where="test")
RARE = partial(labelled, lambda _: "seltenes", 2)
RARE_TAG = partial(retagged, lambda _: "B-SELTENES", 2)

FAULTS = (
    Fault("control characters", ("control-character",), partial(added, "the\x07re")),
    Fault("invisible characters", ("invisible-character",), partial(added, "th\u200bere")),
    Fault("lost characters", ("lost-character",), partial(added, "caf\ufffd")),
    Fault("mojibake", ("mojibake",), partial(added, "cafÃ©")),
    Fault("marks of direction", ("direction-mark",), partial(added, "\u202egnp.exe")),
    Fault("private characters", ("private-character",), partial(added, "so\ue123")),
    Fault("mixed alphabets", ("mixed-scripts",), partial(added, "pаypal")),
    Fault("accents apart", ("apart-accents",), partial(added, "cafe\u0301")),
    Fault("HTML", ("markup-left",), partial(added, "there<br/>&nbsp;")),
    Fault("escapes", ("escapes-left",), partial(added, "caf\\u00e9")),
    Fault("an address alone", ("no-words",), partial(replaced, "https://example.org/a?b=c")),
    Fault("placeholders", ("placeholder",), partial(replaced, "[deleted]")),
    Fault("empty texts", ("empty-row", "half-a-pair", "missing-text", "empty-part"), emptied),
    Fault("far longer texts", ("far-longer",), longer),
    Fault("cut texts", ("cut-texts",), cut),
    Fault("unreadable lines", ("unreadable-row", "unreadable"), unreadable),
    Fault("repeated rows", ("repeated-row",), repeated),
    Fault("rows of training in test", ("row-of-training",), partial(leaked, "")),
    Fault("near-duplicates in test", ("near-duplicate-of-training",), partial(leaked, "ok")),
    Fault("the same text, another label", ("relabelled-row",), relabelled),
    Fault("label in another case", ("alike-labels", "unseen-spelling"), once(either(CASE, TAG_CASE))),
    Fault("missing labels", ("missing-label", "missing-tag", "odd-label", "not-a-number"), unlabelled),
    Fault("labels that training lacks", ("unseen-label", "unseen-entity", "unseen-name"), either(UNSEEN, UNSEEN_TAG)),
    Fault("rare labels", ("rare-label",), once(either(RARE, RARE_TAG))),
    Fault("sorted rows", ("sorted-rows",), sorted_by_label),
    Fault("label in the text", ("label-in-text",), said),
    Fault("a column that tells", ("column-tells",), telling),
    Fault("broken tags", ("broken-tag",), broken_tags),
    Fault("punctuation in spans", ("punctuated-span",), punctuated),
    Fault(
        "marks inside words", ("span-inside-word", "spans-short", "spans-shifted", "answer-inside-word"), inside_word
    ),
    Fault("other text than at offsets", ("span-text-differs", "misplaced-answer", "absent-answer"), other_text),
    Fault("UTF-16 offsets", ("offsets-found", "offsets-by-file", "offsets-change", "spans-of-other-unit"), utf16),
    Fault("unmarked names", ("unmarked-mention",), unmarked),
    Fault("equal texts", ("equal-texts",), equal_pair),
    Fault("far numbers", ("number-apart",), partial(far_number, 4500.0)),
    Fault("no numbers", ("not-a-number",), partial(far_number, "much")),
)
