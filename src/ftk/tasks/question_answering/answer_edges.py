"""What training answers leave out of the words that they begin and end in: quotes, full stops, particles, endings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ftk.data.examples.questions import QuestionExample

_LONGEST = 8
"""Characters of the longest string that is cut off: an ending, and not a part of a compound or of a sentence."""
_MOST = 500
"""Strings of each kind that are kept, the most frequent first."""


@dataclass(frozen=True, slots=True)
class AnswerEdges:
    """The strings between an answer and the white space before or after it, where more answers leave them out than
    have them.

    Attributes:
        before, after: these strings.
    """

    before: frozenset[str]
    after: frozenset[str]

    @classmethod
    def of(cls, examples: Iterable[QuestionExample]) -> AnswerEdges:
        """The edges of the answers of training rows."""
        left: dict[str, Counter[str]] = {"before": Counter(), "after": Counter()}
        kept: dict[str, Counter[str]] = {"before": Counter(), "after": Counter()}
        for example in examples:
            for answer in example.answers or ():
                if answer.start is None:
                    continue
                end = answer.start + len(answer.text)
                _count(left["after"], kept["after"], _run(example.context, end), answer.text)
                before = _run_before(example.context, answer.start)
                _count(left["before"], kept["before"], before[::-1], answer.text[::-1])
        found = {
            side: [edge for edge, number in counts.most_common() if number > kept[side][edge]][:_MOST]
            for side, counts in left.items()
        }
        # No value of a model folder may look like an interpolation.
        return cls(
            frozenset(edge[::-1] for edge in found["before"] if "{$" not in edge),
            frozenset(edge for edge in found["after"] if "${" not in edge),
        )

    @classmethod
    def of_field(cls, value: Mapping[str, Any]) -> AnswerEdges:
        """The edges that ``to_field`` wrote."""
        return cls(frozenset(map(str, value["before"])), frozenset(map(str, value["after"])))

    def to_field(self) -> dict[str, list[str]]:
        """The edges as values of JSON."""
        return {"before": sorted(self.before), "after": sorted(self.after)}

    def cut(self, context: str, first: tuple[int, int], last: tuple[int, int]) -> tuple[int, int]:
        """The characters of a passage without what answers leave out.

        Only its first and its last sub-word are cut, and of each at least one character stays: what is a sub-word of
        its own is for the model to leave out.

        Args:
            context: the text.
            first, last: the characters of the first and of the last sub-word.
        """
        start, end = first[0], last[1]
        run = _run_before(context, last[1])
        ending = _run(context, last[1])
        for place in range(max(last[0] + 1, last[1] - _LONGEST), last[1]):
            edge = context[place : last[1]] + ending
            stem = run[: len(run) - (last[1] - place)]
            if edge in self.after and not ("." in stem and edge[0] == "."):  # U.S. ends with its full stop
                end = place
                break
        beginning = _run_before(context, first[0])
        for place in range(min(first[1] - 1, first[0] + _LONGEST), first[0], -1):
            if beginning + context[first[0] : place] in self.before:
                start = place
                break
        return (start, end) if start < end else (first[0], last[1])


def _count(left: Counter[str], kept: Counter[str], edge: str, text: str) -> None:
    """Count what follows an answer in its word, or how the answer ends if nothing follows."""
    if edge:
        if len(edge) <= _LONGEST:
            left[edge] += 1
        return
    word = text.split()[-1]
    kept.update(word[-size:] for size in range(1, min(_LONGEST, len(word) - 1) + 1))


def _run(text: str, place: int) -> str:
    """The characters from a place up to white space, or some more than are ever cut off."""
    parts = text[place : place + _LONGEST + 1]
    return parts.split(maxsplit=1)[0] if parts and not parts[0].isspace() else ""


def _run_before(text: str, place: int) -> str:
    """The characters from white space up to a place, or some more than are ever cut off."""
    parts = text[max(0, place - _LONGEST - 1) : place]
    return parts.rsplit(maxsplit=1)[-1] if parts and not parts[-1].isspace() else ""
