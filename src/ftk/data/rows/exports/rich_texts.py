"""Texts in HTML and dialogues as plain texts, and the spans in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from typing import Any

_LINE = "br"


class _Text(HTMLParser):
    """Collects the text of a document as browsers count its characters: a line break is one."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == _LINE:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def text_of_html(html: str) -> str:
    """The text of an HTML document, without its tags."""
    reader = _Text()
    reader.feed(html)
    reader.close()
    return "".join(reader.parts)


def html_column(values: Mapping[str, Any]) -> str | None:
    """The one column of a row that holds HTML; None if none does, or several."""
    found = [name for name, value in values.items() if isinstance(value, str) and "<" in value and ">" in value]
    return found[0] if len(found) == 1 else None


def dialogue_column(values: Mapping[str, Any]) -> str | None:
    """The one column of a row that holds a dialogue, a list of objects with a text; None if none does, or several."""
    found = [name for name, value in values.items() if _texts(value)]
    return found[0] if len(found) == 1 else None


def text_of_dialogue(turns: Any) -> str:
    """The turns of a dialogue, each on a line."""
    return "\n".join(_texts(turns))


def span_of_html(value: Mapping[str, Any], text: str) -> tuple[int, int] | None:
    """The first character of a region of an HTML document in its text, and the one after it; None if it is not known.

    Args:
        value: of the result: with ``globalOffsets``, or else with a text that occurs once.
        text: of the document.
    """
    offsets = value.get("globalOffsets")
    if isinstance(offsets, dict) and type(offsets.get("start")) is int and type(offsets.get("end")) is int:
        return offsets["start"], offsets["end"]
    marked = value.get("text")
    if isinstance(marked, str) and marked and text.count(marked) == 1:
        return text.index(marked), text.index(marked) + len(marked)
    return None


def span_of_dialogue(value: Mapping[str, Any], turns: Any) -> tuple[int, int] | None:
    """The same for a region of a dialogue, whose offsets count from the beginning of a turn."""
    texts = _texts(turns)
    try:
        first, last = int(value["start"]), int(value["end"])
        start, end = int(value["startOffset"]), int(value["endOffset"])
    except (KeyError, TypeError, ValueError):
        return None
    if not 0 <= first <= last < len(texts) or start > len(texts[first]) or end > len(texts[last]):
        return None
    return _before(texts, first) + start, _before(texts, last) + end


def _before(texts: Sequence[str], turn: int) -> int:
    return sum(len(text) + 1 for text in texts[:turn])


def _texts(turns: Any) -> list[str]:
    """The texts of the turns of a dialogue; none if it is something else."""
    if not isinstance(turns, list) or not all(
        isinstance(one, dict) and isinstance(one.get("text"), str) for one in turns
    ):
        return []
    return [one["text"] for one in turns]
