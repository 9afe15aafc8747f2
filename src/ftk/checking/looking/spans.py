"""Marked spans and answers that look like slips: at their edges, or by what is marked elsewhere."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ftk.checking.looking.row_texts import Part
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import SHOWN
from ftk.contracts.notes import Notes
from ftk.data.examples.questions import QuestionExample
from ftk.data.examples.sentences import Sentence
from ftk.data.examples.tags import strict_entities
from ftk.data.text.scripts import is_spaced

_EDGES = frozenset(",;:!?\"'`“”„«»()[]{}<>|、，。；：！？（）《》「」…")
"""Punctuation that is hardly a part of a name. A point ends abbreviations."""
_PAIRS = {"(": ")", "[": "]", "{": "}", "<": ">", "“": "”", "„": "“", "«": "»", "（": "）", "《": "》", "「": "」"}
_QUOTES = frozenset("\"'`„“”")
_MOST_WORDS = 6
_LEAST_CHARACTERS = 3
_TIMES = 3
"""A text is mostly marked if it is marked so many times, and left unmarked half as often at most. A label is usual for
a text that has it so many times."""

Words = tuple[str, ...]


def note_edges(part: Part, notes: Notes) -> None:
    """Report spans of a part with punctuation at their edges, and answers that begin or end inside a word."""
    edges: list[str] = []
    inside: list[str] = []
    number = [0, 0]
    for example in part.examples:
        if isinstance(example, Sentence):
            for label, begin, end in strict_entities(example.tags or ()):
                text = example.text[example.starts[begin] : example.ends[end - 1]]
                if _is_punctuated(text):
                    number[0] += 1
                    edges.append(f"{example.row.where_token(begin)}: {label} {text[:60]!r}")
        elif isinstance(example, QuestionExample):
            for answer in example.answers or ():
                if answer.start is None:
                    continue
                if _is_punctuated(answer.text):
                    number[0] += 1
                    edges.append(f"{example.row.where}: {answer.text[:60]!r}")
                if _cuts_word(example.context, answer.start, answer.start + len(answer.text)):
                    number[1] += 1
                    inside.append(f"{example.row.where}: {answer.text[:60]!r}")
    for kind, places, found in (
        (kinds.PUNCTUATED_SPAN, edges, number[0]),
        (kinds.ANSWER_INSIDE_WORD, inside, number[1]),
    ):
        if found:
            notes.add(kind, *places[:SHOWN], number=found)


def _is_punctuated(text: str) -> bool:
    """Whether a text has punctuation at an edge that does not belong to what is inside."""
    first, last = text[:1], text[-1:]
    if len(text) < 2 or (first not in _EDGES and last not in _EDGES):
        return False
    if first in _QUOTES and sum(text.count(sign) for sign in _QUOTES) % 2 == 0:  # a title, or a word in quotes
        first = ""
    if last in _QUOTES and sum(text.count(sign) for sign in _QUOTES) % 2 == 0:
        last = ""
    if first in _PAIRS and _PAIRS[first] in text:  # (S)-warfarin
        first = ""
    if last in _PAIRS.values() and any(left in text and right == last for left, right in _PAIRS.items()):
        last = ""  # Georgia (USA)
    if last in "!?" or last == "'":  # Yahoo!, the Smiths'
        last = ""
    return first in _EDGES or last in _EDGES


def _cuts_word(text: str, begin: int, end: int) -> bool:
    def inside(at: int) -> bool:
        around = text[at - 1 : at + 1] if at > 0 else ""
        return len(around) == 2 and around.isalpha() and is_spaced(around)

    return inside(begin) or inside(end)


@dataclass(slots=True)
class Mentions:
    """The texts that are marked in training, and where they also stand.

    Attributes:
        marked: for each marked text how often each label marks it.
    """

    marked: dict[Words, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    _places: dict[tuple[Words, str], str] = field(default_factory=dict)

    def add(self, part: Part) -> None:
        """Count the marked texts of some rows."""
        for example in part.examples:
            if isinstance(example, Sentence) and example.tags:
                for label, begin, end in strict_entities(example.tags):
                    words = tuple(_words(example, begin, end))
                    self.marked[words][label] += 1
                    self._places.setdefault((words, label), example.row.where_token(begin))

    def note_types(self, notes: Notes) -> None:
        """Report texts that are marked with one label mostly, and with another one rarely."""
        found = []
        for words, labels in self.marked.items():
            (usual, most), *others = labels.most_common()
            for label, number in others:
                if number == 1 and most >= _TIMES:
                    text = " ".join(words)
                    found.append(f"{self._places[words, label]}: {text!r} is {label}, {most} times {usual}")
        if found:
            notes.add(kinds.SEVERAL_TYPES, *found[:SHOWN], number=len(found))

    def note_unmarked(self, examples: Iterable[Any], notes: Notes) -> None:
        """Report places where a text stands without a mark that is marked mostly.

        Args:
            examples: all training rows, which are looked at a second time.
            notes: collects the finding.
        """
        wanted = {
            words: sum(labels.values())
            for words, labels in self.marked.items()
            if sum(labels.values()) >= _TIMES
            and len(words) <= _MOST_WORDS
            and len("".join(words)) >= _LEAST_CHARACTERS
            and any(word[:1].isupper() or not word.isascii() for word in words)
        }
        lengths: dict[str, set[int]] = defaultdict(set)
        for words in wanted:
            lengths[words[0]].add(len(words))
        unmarked: Counter[Words] = Counter()
        places: dict[Words, list[str]] = defaultdict(list)
        for example in examples:
            if not isinstance(example, Sentence) or not example.tags:
                continue
            text = list(_words(example, 0, len(example.tags)))
            for at, word in enumerate(text):
                if example.tags[at] != "O" or word not in lengths:
                    continue
                for length in lengths[word]:
                    words = tuple(text[at : at + length])
                    if words in wanted and all(tag == "O" for tag in example.tags[at : at + length]):
                        unmarked[words] += 1
                        if len(places[words]) < SHOWN:
                            places[words].append(f"{example.row.where_token(at)}: {' '.join(words)!r}")
        slips = {words: number for words, number in unmarked.items() if 2 * number <= wanted[words]}
        if slips:
            shown = [where for words in slips for where in places[words]]
            notes.add(kinds.UNMARKED_MENTION, *shown[:SHOWN], number=sum(slips.values()))


def _words(example: Sentence, begin: int, end: int) -> Iterator[str]:
    """Some words of a sentence."""
    for at in range(begin, end):
        yield example.text[example.starts[at] : example.ends[at]]
