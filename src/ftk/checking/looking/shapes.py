"""Texts that hold something other than a person wrote: markup, escapes, addresses alone, words in place of a text."""

from __future__ import annotations

import re

from ftk.checking.looking.row_texts import Part
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes

_TAGS = (
    "p|br|hr|div|span|a|b|i|u|em|strong|small|font|center|li|ul|ol|dl|dt|dd|td|tr|th|table|tbody|thead|img|script|style|"
    "h[1-6]|blockquote|pre|code|sup|sub|iframe|input|button|form|html|head|body|meta|link|title|nav|section|article"
)
_MARKUP = re.compile(
    rf"</?(?:{_TAGS})(?:\s[^<>]{{0,300}})?/?>|&(?:amp|lt|gt|quot|apos|nbsp|[a-z]{{3,6}}|#\d{{2,6}}|#x[0-9a-f]{{2,5}});",
    re.IGNORECASE,
)
_ESCAPES = re.compile(
    r"\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}|\\[nrt](?![a-z])|(?<=[.!?;,])\\[nrt]|"
    r"(?<!\S)[^\s/:]{0,40}(?:%[2-7A-F][0-9A-F]){2,}[^\s/]*(?!\S)"
)
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\w{2,}")
_NUMBER = re.compile(r"[-+]?[\d.,:/%\s()$€£]*\d[\d.,:/%\s()$€£]*")
_SIGNS = re.compile(r"[!-/:-@\[-`{-~\s]+")
_FACE = re.compile("[:;=8xX].?[()\\[\\]{}DPp/|*<>3]|[()\\[\\]{}D/|*<>].?[:;=8xX]")
"""An emoticon, which says something."""
_PLACEHOLDER = re.compile(
    r"\[(?:deleted|removed|redacted|text|image|video|no text)\]|to ?do|tbd|t\.b\.d\.|xxx+|asdf\w*|"
    r"(?:this is a )?test(?:ing|\d+)?|dummy(?: text)?|placeholder|sample text|your text here|foo ?bar|undefined|"
    r"\[object object\]|#error!?|no (?:text|content|description|comment)s?",
    re.IGNORECASE | re.DOTALL,
)
_SHORT, _LONGEST = 60, 240
"""Characters of what stands in place of a text, and of an address or a number alone."""


def note_shapes(part: Part, notes: Notes) -> None:
    """Report rows of a part with a text that is none, or that has something in it that is none."""
    if "<" in part.joined or "&" in part.joined:
        part.search(kinds.MARKUP_LEFT, _MARKUP, notes)
    if "\\" in part.joined or "%" in part.joined:
        part.search(kinds.ESCAPES_LEFT, _ESCAPES, notes)
    alone: dict[str, list[tuple[int, str]]] = {"an address": [], "a number": [], "punctuation": []}
    instead = []
    for at, single in enumerate(part.single):
        for text in map(str.strip, single):
            if not text or len(text) > _LONGEST:
                continue
            what = _alone(text)
            if what is not None:
                alone[what].append((at, text))
            elif (len(text) <= _SHORT and _PLACEHOLDER.fullmatch(text)) or text[:11].casefold() == "lorem ipsum":
                instead.append((at, text))
            else:
                continue
            break
    for what, found in alone.items():
        part.note(kinds.NO_WORDS, found, notes, what=what)
    part.note(kinds.PLACEHOLDER, instead, notes)


def _alone(text: str) -> str | None:
    """What a text is, if it is nothing but an address, a number or punctuation."""
    first = text[0]
    if not first.isalpha() or first in "hwHW" or "@" in text:
        if len(text.split(None, 1)) == 1 and _ADDRESS.fullmatch(text):
            return "an address"
        if not first.isalpha():
            if _SIGNS.fullmatch(text) and not _FACE.search(text):
                return "punctuation"
            if _NUMBER.fullmatch(text):
                return "a number"
    return None
