"""What is in a split, in numbers: sizes, lengths, labels, and what an answer scores that is the same for every row."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

_OUTSIDE = "O"
_OF_SPANS = ("B-", "I-")


@dataclass(slots=True)
class Content:
    """What is in a split.

    Attributes:
        characters: of each row.
        words: of each row; words are separated by white space.
        labels: how many rows have each label.
        sets: how many rows have each set of labels, for rows with several.
        tags: how many words have each tag, for rows of tagged words.
        numbers: by target, those of all rows.
        kinds: how many rows are of each kind that a held-out split should have in proportion, for any other rows:
            questions with and without an answer, for instance.
    """

    characters: array[int] = field(default_factory=lambda: array("l"))
    words: array[int] = field(default_factory=lambda: array("l"))
    labels: Counter[str] = field(default_factory=Counter)
    sets: Counter[frozenset[str]] = field(default_factory=Counter)
    tags: Counter[str] = field(default_factory=Counter)
    numbers: dict[str, array[float]] = field(default_factory=dict)
    kinds: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, examples: Iterable[Any], *, texts: bool = True) -> Content:
        """The content of some examples, which are looked at once.

        Args:
            examples: of one split.
            texts: whether their keys are texts; that of an image is a number.
        """
        found = cls()
        add, characters, words = found._add_target, found.characters, found.words
        for example in examples:
            key = example.key if texts else ""
            characters.append(len(key))
            words.append(len(key.split()))
            add(example)
        return found

    def _add_target(self, example: Any) -> None:
        target = getattr(example, "target", None)
        if isinstance(target, str):
            self.labels[target] += 1
        elif isinstance(target, tuple):
            self.sets[frozenset(target)] += 1
            self.labels.update(dict.fromkeys(target, 1))
        elif isinstance(target, Mapping):
            for name, value in target.items():
                self.numbers.setdefault(name, array("d")).append(value)
        elif isinstance(tags := getattr(example, "tags", None), list):
            self.tags.update(tags)
        else:
            self.kinds.update(one for one in example.strata if isinstance(one, str))

    @property
    def rows(self) -> int:
        """The number of rows."""
        return len(self.characters)

    @property
    def has_spans(self) -> bool:
        """Whether the tags are those of spans."""
        return bool(self.tags) and all(tag == _OUTSIDE or tag.startswith(_OF_SPANS) for tag in self.tags)

    @property
    def counts(self) -> Counter[str]:
        """How often each label occurs: in how many rows, or how many spans or words have it."""
        if self.has_spans:
            return Counter({tag[2:]: number for tag, number in self.tags.items() if tag.startswith(_OF_SPANS[0])})
        return self.labels or self.tags or self.kinds

    def to_json(self) -> dict[str, Any]:
        """All of it, as values for JSON."""
        counts = self.counts
        total = max(1, sum(counts.values()) if self.tags else self.rows)
        found: dict[str, Any] = {"rows": self.rows}
        if any(self.characters):
            found |= {"characters": lengths(self.characters), "words": lengths(self.words)}
        if counts:
            found["labels"] = {
                name: {"count": number, "share": round(number / total, 6)} for name, number in counts.most_common()
            }
        if self.numbers:
            found["numbers"] = {name: _statistics(values) for name, values in self.numbers.items()}
        return found


def lengths(values: array[int]) -> dict[str, int]:
    """The length up to which half of the rows are, that for 95 % of them, and the longest."""
    half, most = np.quantile(np.asarray(values), [0.5, 0.95], method="inverted_cdf")
    return {"half": int(half), "most": int(most), "longest": max(values)}


def _statistics(values: array[float]) -> dict[str, float]:
    numbers = np.asarray(values)
    found = {"mean": numbers.mean(), "deviation": numbers.std(), "least": numbers.min(), "largest": numbers.max()}
    return {name: float(value) for name, value in found.items()}


def baseline(learned: Content, part: Content) -> dict[str, Any]:
    """The scores of giving every row of a split the same answer; empty where there is no such answer.

    The answer is the most frequent label, or set of labels, of the rows that are learned from; the mean of their
    numbers; no span, or the most frequent tag.

    Args:
        learned: the rows that decide the answer.
        part: the rows that get it.
    """
    if learned.sets:
        return _of_sets(learned, part)
    if learned.labels:
        label = learned.labels.most_common(1)[0][0]
        return {"answer": label, **_of_label(label, part.labels)}
    if learned.has_spans:
        return {"answer": _OUTSIDE, "words_outside": part.tags[_OUTSIDE] / max(1, sum(part.tags.values()))}
    if learned.tags:
        tag = learned.tags.most_common(1)[0][0]
        return {"answer": tag, **_of_label(tag, part.tags)}
    return _of_numbers(learned, part)


def _of_label(label: str, counts: Counter[str]) -> dict[str, float]:
    """Accuracy and macro-F1, which is over the labels that rows have or get."""
    share = counts[label] / max(1, sum(counts.values()))
    return {"accuracy": share, "f1_macro": 2 * share / (1 + share) / len({*counts, label})}


def _of_sets(learned: Content, part: Content) -> dict[str, Any]:
    answer = learned.sets.most_common(1)[0][0]
    right = sum(number * len(labels & answer) for labels, number in part.sets.items())
    named = part.rows * len(answer) + sum(number * len(labels) for labels, number in part.sets.items())
    return {
        "answer": sorted(answer),
        "accuracy": part.sets[answer] / max(1, part.rows),
        "f1_micro": 2 * right / named if named else 0.0,
    }


def _of_numbers(learned: Content, part: Content) -> dict[str, Any]:
    names = [name for name in learned.numbers if name in part.numbers]
    if not names:
        return {}
    means = {name: float(np.mean(learned.numbers[name])) for name in names}
    errors = np.concatenate([np.asarray(part.numbers[name]) - means[name] for name in names])
    return {
        "answer": means,
        "mae": float(np.abs(errors).mean()),
        "rmse": float(np.sqrt(np.square(errors).mean())),
    }
