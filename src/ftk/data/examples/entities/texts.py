"""Where entities that a row gives as texts are in its sentence."""

import re
from collections.abc import Mapping
from enum import Enum

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.examples.entities.marks import Span
from ftk.data.rows.cells import RowFault, shortened
from ftk.data.text.words import is_inside_word


class Repeated(Enum):
    """What to do with an entity that is given as a text and occurs more than once."""

    error = "error"
    first = "first"


def find_texts(
    row: Row, text: str, known: Mapping[str, Span | str], repeated: Repeated, notes: Notes
) -> dict[str, Span]:
    """The places of head and tail.

    Args:
        row: the row, for messages.
        text: of the sentence.
        known: by role the place of an entity, or its text.
        repeated: the policy for a text that occurs more than once.
        notes: counts the entities that were found.

    Raises:
        RowFault: a text does not occur, or more than once.
    """
    places = {role: _places(row, role, text, one) if isinstance(one, str) else [one] for role, one in known.items()}
    for role, others in (("head", places["tail"]), ("tail", places["head"])):
        if len(others) == 1 and len(places[role]) > 1:  # 'Oslo' beside 'Bank of Oslo'
            places[role] = [place for place in places[role] if not _share(place, others[0])] or places[role]
    found: dict[str, Span] = {}
    for role, candidates in places.items():
        wanted = known[role]
        if len(candidates) > 1:
            free = [place for place in candidates if not any(_share(place, other) for other in found.values())]
            place = shortened(f"{row.where}: {wanted!r}")
            if repeated is Repeated.error:
                raise RowFault(kinds.REPEATED_ENTITY, f"{place} occurs {len(candidates)} times", role=role)
            notes.add(kinds.REPEATED_ENTITY, place, policy="first", role=role)
            candidates = free or candidates
        found[role] = candidates[0]
        if isinstance(wanted, str):
            same = text[slice(*candidates[0])] == wanted.strip()
            notes.add(kinds.ENTITY_AS_TEXT, row.where, policy=None if same else "alike", role=role)
    return found


def _places(row: Row, role: str, text: str, wanted: str) -> list[Span]:
    """Where a text occurs: as whole words, else inside of words, else in another spelling."""
    parts = [re.escape(part) for part in re.split(r"[\s_]+", wanted.strip(" \t\r\n_"))]
    for pattern, flags in ((re.escape(wanted.strip()), 0), (r"[\s_]+".join(parts), re.IGNORECASE)):
        spans = [match.span(1) for match in re.finditer(f"(?=({pattern}))", text, flags)]
        whole = [span for span in spans if not any(is_inside_word(text, edge) for edge in span)]
        if spans:
            return whole or spans
    raise RowFault(kinds.ABSENT_ENTITY, shortened(f"{row.where}: {wanted!r}"), role=role)


def _share(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]
