"""The spellings of marks around two entities in a text, and the text without them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.row import Row
from ftk.data.rows.cells import RowFault, shortened

Span = tuple[int, int]
"""Characters start … end - 1 of a text."""

USUAL = ("e1", "e2")
"""The names of marks with which marks of other spellings are recognised, too."""
_NAME = re.compile(r"\w[\w:.-]*")
_BETWEEN = re.compile(r"\.\.\.|…")
_FAMILIES = {
    **{f"{name}{role + 1}": (name, role) for name in ("e", "ent", "entity", "arg", "") for role in (0, 1)},
    "head": ("head", 0),
    "tail": ("head", 1),
    "h": ("h", 0),
    "t": ("h", 1),
    "subject": ("subject", 0),
    "object": ("subject", 1),
    "subj": ("subj", 0),
    "sub": ("subj", 0),
    "obj": ("subj", 1),
    "s": ("s", 0),
    "o": ("s", 1),
}
"""The names of marks that belong together, and whether each is that of the head, 0, or of the tail, 1."""
_TAG = re.compile(
    r"(?P<open>\{\{|\{|\[|<|&lt;)\s?(?P<slash>/?)\s?"
    r"(?P<name>(?:ent|entity|arg|e)[ _-]?[12]|[12]|head|tail|subject|object|subj?|obj|[htso])"
    r"(?P<part>[12]|[ _:-]?(?:start|begin|open|end|close|stop))?(?P<type>[\s:=_|-][^<>\[\]{}]{0,60})?"
    r"(?P<close>\}\}|\}|\]|>|&gt;)",
    re.IGNORECASE,
)
"""A mark in brackets: its name, whether it begins or ends an entity, and often the type of the entity."""
_CLOSING = {"{{": "}}", "{": "}", "[": "]", "<": ">", "&lt;": "&gt;"}
_ENDS = ("2", "end", "close", "stop")
_SIGNS = ((("@", "@"), ("#", "#")), (("$", "$"), ("#", "#")), (("<<", ">>"), ("[[", "]]")))
"""Signs around head and tail, as programs of this field write them."""
_TYPES = (re.compile(r"\s?\*[^*@#]{1,40}\*"), re.compile(r"\s?\^[^^@#]{1,40}\^"))
"""The types behind the first sign of the head and of the tail: ``@ * person * Ada @``."""
_LOOKS = re.compile(
    r"</?[^<>\s]{1,30}>|\[/?[A-Za-z][\w:-]{0,30}\]|\{\{?/?\w{1,30}\}?\}|<<|>>|\[\[|\]\]|\*\*|@[A-Z]\w*\$|[@#$§]"
)
_SEEN = 6


@dataclass(frozen=True, slots=True)
class Marked:
    """A text without its marks.

    Attributes:
        text: the rest.
        head, tail: what was marked in it.
        spelling: how it was marked; None if as the config says.
        typed: whether marks name types, which are left out.
    """

    text: str
    head: Span
    tail: Span
    spelling: str | None = None
    typed: bool = False


@dataclass(frozen=True, slots=True)
class _Place:
    """An entity between two marks, each of them a part of the text."""

    opening: Span
    closing: Span
    typed: bool = False


def is_name(mark: str) -> bool:
    """Whether a mark of the config is the name of tags: e1 for ``<e1>…</e1>``."""
    return _NAME.fullmatch(mark) is not None and not _BETWEEN.search(mark)


def is_mark(mark: str) -> bool:
    """Whether the config may name a mark like this."""
    parts = _BETWEEN.split(mark)
    if len(parts) == 1:
        return re.fullmatch(r"[^\s<>/]+", mark) is not None
    return len(parts) == 2 and all(part.strip() for part in parts)


def names_of(marks: tuple[str, str]) -> tuple[str, str]:
    """What head and tail are called in labels that have a direction."""
    return marks if all(map(is_name, marks)) else USUAL


def seen_marks(text: str) -> list[str]:
    """What may be marks in a text, each once."""
    return list(dict.fromkeys(_LOOKS.findall(text)))[:_SEEN]


def read_marks(row: Row, text: str, marks: tuple[str, str], *, beside: bool) -> Marked | None:
    """A text without the marks of two entities; None if it has none.

    Args:
        row: the row, for messages.
        text: as ``The <e1>hinge</e1> of the <e2>door</e2>``.
        marks: those of head and tail: a name, here ``e1``; what is before and behind an entity, ``[X]...[/X]``; or
            what stands for one, ``@GENE$``. With the usual names, marks of other spellings are recognised, too.
        beside: whether the row has columns of head and tail: then signs are not taken for marks.

    Raises:
        RowFault: a mark is missing or there twice, an end has no beginning, or the marked entities overlap.
    """
    if not all(map(is_name, marks)):
        spelled = _as_spelled(row, text, marks)
        return None if spelled is None else _without(row, text, spelled)
    fault = None
    if _named(marks).search(text):
        try:
            return _without(row, text, _of_names(row, text, marks), spaces=False)
        except RowFault as found_fault:
            fault = found_fault
    other = _other(text, beside=beside) if marks == USUAL else None
    if other is None:
        if fault is not None:
            raise fault
        return None
    found = _without(row, text, other)
    shown = " and ".join(f"{_shown(text, place.opening)}…{_shown(text, place.closing)}" for place in other)
    return Marked(found.text, found.head, found.tail, shortened(shown), any(place.typed for place in other))


def _shown(text: str, part: Span) -> str:
    return text[slice(*part)].strip()


@lru_cache(maxsize=8)
def _named(marks: tuple[str, str]) -> re.Pattern[str]:
    return re.compile(f"</?(?:{'|'.join(re.escape(mark) for mark in marks)})>")


def _of_names(row: Row, text: str, marks: tuple[str, str]) -> list[_Place]:
    """The places of ``<e1>…</e1>`` and ``<e2>…</e2>``."""
    found: dict[str, re.Match[str]] = {}
    for match in _named(marks).finditer(text):
        if match.group() in found:
            raise RowFault(kinds.REPEATED_MARK, f"{row.where}: {match.group()}")
        found[match.group()] = match
    places = []
    for name in marks:
        begin, end = found.get(f"<{name}>"), found.get(f"</{name}>")
        if end is not None and (begin is None or end.start() < begin.start()):
            raise RowFault(kinds.UNOPENED_MARK, f"{row.where}: </{name}>", mark=name)
        if begin is None or end is None:
            lacking = f"<{name}>…</{name}>" if begin is None else f"</{name}>"
            raise RowFault(kinds.MISSING_MARK, f"{row.where}: there is no {lacking}")
        places.append(_Place(begin.span(), end.span()))
    return places


def _as_spelled(row: Row, text: str, marks: tuple[str, str]) -> list[_Place] | None:
    """The places of marks that the config spells; None if the text has none of them."""
    together = marks[0] == marks[1]
    found = [_pairs(row, text, mark, 2 if together else 1) for mark in dict.fromkeys(marks)]
    if not any(found):
        return None
    for mark, places in zip(marks, found, strict=False):
        if len(places) < (2 if together else 1):
            raise RowFault(kinds.MISSING_MARK, f"{row.where}: there is no {mark}")
    return [place for places in found for place in places]


def _pairs(row: Row, text: str, mark: str, most: int) -> list[_Place]:
    """The places of one spelling, in their order."""
    if is_name(mark):
        mark = f"<{mark}>...</{mark}>"
    opening, *rest = _BETWEEN.split(mark)
    begins = _found(text, opening)
    ends = _found(text, rest[0]) if rest else begins
    if rest and rest[0] == opening:
        begins, ends = ends[::2], ends[1::2]
    if len(begins) > most or len(ends) > most:
        raise RowFault(kinds.REPEATED_MARK, f"{row.where}: {mark}")
    if len(begins) != len(ends) or any(end < begin for begin, end in zip(begins, ends, strict=True)):
        raise RowFault(kinds.MISSING_MARK, f"{row.where}: there is no {mark}")
    if not rest:
        return [_Place((begin[0], begin[0]), (begin[1], begin[1])) for begin in begins]
    return [_Place(begin, end) for begin, end in zip(begins, ends, strict=True)]


def _found(text: str, part: str) -> list[Span]:
    return [match.span() for match in re.finditer(re.escape(part), text)]


def _other(text: str, *, beside: bool) -> list[_Place] | None:
    """The places of marks that say themselves which is that of the head; None if there are none."""
    found = _tags(text) if any(bracket in text for bracket in _CLOSING) else []
    if not found and not beside:
        found = _signs(text)
    return found[0] if len(found) == 1 else None


def _tags(text: str) -> list[list[_Place]]:
    """The places of marks in brackets, for each kind of brackets and of names that has both entities."""
    groups: dict[tuple[str, str], tuple[list[re.Match[str]], list[re.Match[str]]]] = {}
    for match in _TAG.finditer(text):
        family, role = _FAMILIES[re.sub("[ _-]", "", match["name"].casefold())]
        if match["close"].lower() == _CLOSING[match["open"].lower()]:
            groups.setdefault((match["open"], family), ([], []))[role].append(match)
    complete = []
    for (_, family), roles in groups.items():
        if all(_is_pair(matches, closed=not family) for matches in roles):
            complete.append(
                [_Place(one.span(), end.span(), bool(one["type"])) for one, end in roles],
            )
    return complete


def _is_pair(matches: Sequence[re.Match[str]], *, closed: bool) -> bool:
    """Whether marks of one name are one that begins an entity and one that ends it, or the same mark on both sides."""
    if len(matches) != 2:
        return False
    ends = [bool(match["slash"]) or _part(match) in _ENDS for match in matches]
    return not ends[0] and (ends[1] or not (closed or _part(matches[0]) or _part(matches[1])))


def _part(match: re.Match[str]) -> str:
    return (match["part"] or "").strip(" _:-").casefold()


def _signs(text: str) -> list[list[_Place]]:
    """The places of the signs around both entities, for each pair of signs that the text uses for exactly two."""
    complete = []
    for signs in _SIGNS:
        places = []
        for (opening, closing), types in zip(signs, _TYPES, strict=True):
            begins, ends = _found(text, opening), _found(text, closing)
            if opening == closing:
                begins, ends = ends[::2], ends[1::2]
            if len(begins) != 1 or len(ends) != 1 or begins[0][1] >= ends[0][0]:
                break
            begin, end = begins[0], ends[0]
            if text[begin[1]].isspace() != text[end[0] - 1].isspace():
                break  # '@ 5 @' or '@5@', and not '@ 5@'
            kind = types.match(text, begin[1], end[0]) if opening == closing else None
            places.append(_Place((begin[0], kind.end() if kind else begin[1]), end, kind is not None))
        if len(places) == len(signs):
            complete.append(places)
    return complete


def _without(row: Row, text: str, places: Sequence[_Place], *, spaces: bool = True) -> Marked:
    """The text without the marks, with ``spaces`` also without the space between a mark and its entity."""
    head, tail = places
    if head.opening[0] < tail.closing[1] and tail.opening[0] < head.closing[1]:
        marks = sorted([head.opening, head.closing, tail.opening, tail.closing])
        raise RowFault(kinds.ENTITIES_OVERLAP, f"{row.where}: {''.join(text[slice(*mark)] for mark in marks)}")
    plain: list[str] = []
    at = length = 0
    found = {}
    for role, place in sorted(enumerate(places), key=lambda item: item[1].opening):
        begin, end = place.opening[1], place.closing[0]
        if spaces and place.opening[0] < begin < end and text[begin] == " ":
            begin += 1
        if spaces and begin < end < place.closing[1] and text[end - 1] == " ":
            end -= 1
        plain += text[at : place.opening[0]], text[begin:end]
        length += place.opening[0] - at
        found[role] = (length, length + end - begin)
        length += end - begin
        at = place.closing[1]
    return Marked("".join([*plain, text[at:]]), found[0], found[1])
