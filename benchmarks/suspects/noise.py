"""Corpora, and the wrong labels that are planted in them: those that a weak model confuses."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Row = dict[str, Any]
SHARE = 0.03
"""Of the rows whose label is made wrong."""
_WEAK = 10
"""Parts of the corpus; the weak model learns from one and confuses the others."""


@dataclass(frozen=True)
class Corpus:
    """Rows of a corpus, as ftk reads them, and the words of a command line that name its task."""

    name: str
    task: str
    rows: list[Row]


def corpora(data: Path) -> Iterator[Corpus]:
    """The corpora of the benchmark."""
    with open(data / "cls_banking77" / "train.csv", encoding="utf-8") as stream:
        rows = [{"text": row["text"], "label": row["category"]} for row in csv.DictReader(stream)]
    yield Corpus("banking77", "text-classification", rows)
    yield Corpus("sms_spam", "text-classification", _jsonl(data / "cls_sms_spam" / "spam.jsonl"))
    yield Corpus("BTC", "ner", list(_conll(data / "ner_btc" / "btc.train.conll")))
    yield Corpus("snips slots", "ner", [_of_snips(row) for row in _jsonl(data / "slot_snips" / "train.jsonl")])


def _jsonl(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _conll(path: Path) -> Iterator[Row]:
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        words = [line.split("\t") for line in block.splitlines() if "\t" in line]
        if words:
            yield {"tokens": [word[0] for word in words], "tags": [word[1] for word in words]}


def _of_snips(row: Row) -> Row:
    """A row of snips with its words, which single spaces part, and their tags."""
    tokens, tags, place = row["text"].split(), [], 0
    for token in tokens:
        begin = row["text"].index(token, place)
        place = begin + len(token)
        span = next((one for one in row["entities"] if one["start"] < place and begin < one["end"]), None)
        tags.append("O" if span is None else f"{'B' if begin <= span['start'] else 'I'}-{span['type']}")
    return {"tokens": tokens, "tags": tags}


def planted(corpus: Corpus, seed: int) -> tuple[list[Row], np.ndarray]:
    """The rows with wrong labels in ``SHARE`` of them, and [rows] which have one."""
    return (_in_texts if corpus.task == "text-classification" else _in_spans)(corpus.rows, seed)


def _in_texts(rows: list[Row], seed: int) -> tuple[list[Row], np.ndarray]:
    """Labels changed to those that a weak model confuses with them: row by row, the label that it gives instead.

    The weak model is naive Bayes over words, fitted on a tenth of the rows. Rows are drawn at random; the new label is
    drawn by the probabilities that the weak model gives the other labels of this row.
    """
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.naive_bayes import MultinomialNB

    generator = np.random.default_rng(seed)
    labels = np.array([row["label"] for row in rows])
    learned = generator.random(len(rows)) < 1 / _WEAK
    words = CountVectorizer().fit([rows[row]["text"] for row in np.flatnonzero(learned)])
    weak = MultinomialNB().fit(words.transform([rows[row]["text"] for row in np.flatnonzero(learned)]), labels[learned])
    chosen = generator.permutation(np.flatnonzero(~learned))[: round(SHARE * len(rows))]
    changed, wrong = [dict(row) for row in rows], np.zeros(len(rows), dtype=bool)
    found = weak.predict_proba(words.transform([rows[row]["text"] for row in chosen]))
    for row, shares in zip(chosen, found, strict=True):
        shares = np.where(weak.classes_ == labels[row], 0, shares + 1e-12)
        changed[row]["label"] = str(generator.choice(weak.classes_, p=shares / shares.sum()))
        wrong[row] = True
    return changed, wrong


def _in_spans(rows: list[Row], seed: int) -> tuple[list[Row], np.ndarray]:
    """Tags changed as a weak model gets them wrong: spans of other types, missed, spurious or cut elsewhere.

    The weak model gives each word the tag that it has most often in a tenth of the rows, by the word, or else by its
    last three letters. Rows are drawn at random among those in which it makes a mistake; one of its mistakes, drawn at
    random, replaces what the row says there.
    """
    generator = np.random.default_rng(seed)
    learned = generator.random(len(rows)) < 1 / _WEAK
    weak = _Weak([rows[row] for row in np.flatnonzero(learned)])
    changed, wrong, wanted = [dict(row) for row in rows], np.zeros(len(rows), dtype=bool), round(SHARE * len(rows))
    for row in generator.permutation(np.flatnonzero(~learned)):
        if wrong.sum() == wanted:
            break
        tags, given = rows[row]["tags"], weak.tags(rows[row]["tokens"])
        mistakes = _mistakes(tags, given)
        if mistakes:
            begin, end = mistakes[generator.integers(len(mistakes))]
            new = [*tags[:begin], *given[begin:end], *tags[end:]]
            changed[row]["tags"] = _valid(new)
            wrong[row] = changed[row]["tags"] != tags
    return changed, wrong


class _Weak:
    """The most frequent type of each word, or of its last three letters."""

    def __init__(self, rows: list[Row]) -> None:
        self.counts: dict[str, dict[str, int]] = {}
        for row in rows:
            for token, tag in zip(row["tokens"], row["tags"], strict=True):
                for key in (token.lower(), f"-{token[-3:].lower()}"):
                    of_key = self.counts.setdefault(key, {})
                    of_key[tag[2:]] = of_key.get(tag[2:], 0) + 1

    def tags(self, tokens: list[str]) -> list[str]:
        """Tags in IOB2: words of one type that follow each other are one span."""
        types = []
        for token in tokens:
            found = self.counts.get(token.lower()) or self.counts.get(f"-{token[-3:].lower()}") or {"": 1}
            types.append(max(found, key=lambda kind: (found[kind], kind)))
        return [
            "O" if not kind else f"{'I' if place and types[place - 1] == kind else 'B'}-{kind}"
            for place, kind in enumerate(types)
        ]


def _mistakes(tags: list[str], given: list[str]) -> list[tuple[int, int]]:
    """The runs of words whose type is another one; a run covers whole spans of both where they touch it."""
    found = []
    place = 0
    while place < len(tags):
        if tags[place][2:] == given[place][2:]:
            place += 1
            continue
        begin = place
        while place < len(tags) and tags[place][2:] != given[place][2:]:
            place += 1
        found.append((begin, place))
    return found


def _valid(tags: list[str]) -> list[str]:
    """The tags in IOB2: a span that goes on without a beginning begins."""
    found: list[str] = []
    for tag in tags:
        before = found[-1] if found else "O"
        found.append(f"B-{tag[2:]}" if tag[:2] == "I-" and before[2:] != tag[2:] else tag)
    return found
