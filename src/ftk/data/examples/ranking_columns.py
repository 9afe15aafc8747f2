"""Which columns of a row have its query, its candidates, its negatives and its labels."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ftk.config.spelling.writing import pasted
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import SHOWN
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.cells import RowFault
from ftk.data.rows.choosing import settle_columns
from ftk.data.rows.columns import find_column, finite, missing, missing_role
from ftk.data.rows.lists import list_or_value

QUERY = ("query", "question", "history", "anchor")
CANDIDATE = ("candidate", "candidates", "positive", "answer", "response", "item", "document", "passage")
NEGATIVES = ("negatives", "negative", "hard_negatives")
LABEL = ("label", "labels", "relevance", "grade", "grades")
_NUMBERED = re.compile(r"(?:hard_)?neg(?:ative)?s?_?([0-9]{1,3})")


@dataclass(kw_only=True, slots=True)
class RankingColumns:
    """Finds the columns of rows. Without ``settle`` each row is looked at by itself, as in prediction.

    Attributes:
        wanted: ``data.columns``.
        labelled: whether rows must say which candidates are positives.
        elsewhere: whether rows without a list of candidates are ranked against candidates from elsewhere.
        notes: collects faults.
    """

    wanted: dict[str, Any]
    labelled: bool
    elsewhere: bool
    notes: Notes
    _settled: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self._settled = self.wanted

    def settle(self, rows: Sequence[Row]) -> None:
        """Choose the columns of all rows of a split. Negatives in columns with numbers become one column of lists.

        Raises:
            DataError: the rows do not say which column is meant.
        """
        for row in rows:
            self._gather(row)
        names = {"query": QUERY, "candidate": CANDIDATE, "negatives": NEGATIVES}
        if len({self._has_label(row) for row in rows}) > 1:
            del names["candidate"]  # rows are of several forms, which says more than their columns
        holds = dict.fromkeys(names, _is_filled)
        self._settled = settle_columns(rows, self.wanted, names, self.notes, holds, undecided=("candidate",))
        judged = [row for row in rows if self._takes_label(self._candidate(row))]
        self._settled = settle_columns(judged, self._settled, {"label": LABEL}, self.notes, undecided=("label",))
        self._check_labels(rows)

    def of(self, row: Row) -> tuple[str, dict[str, str | None]]:
        """The column of the query, and those of the other roles.

        Raises:
            RowFault: a required column is missing; of several faults the first has the others in ``also``.
        """
        found: dict[str, str | None] = {}
        faults = []
        # Lines of a text file are queries.
        queries = QUERY if self.labelled else (*QUERY, "text")
        roles = (("query", queries), ("candidate", CANDIDATE), ("negatives", NEGATIVES), ("label", LABEL))
        for role, names in roles:
            try:
                found[role] = self._column(row, role, names)
                if found[role] is None and (role == "query" or (role == "candidate" and not self.elsewhere)):
                    raise self._absent(row, role)
            except RowFault as fault:
                faults.append(fault)
        if faults:
            first, *also = faults
            first.also = tuple(also)
            raise first
        query = found.pop("query")
        assert query is not None
        if not self._takes_label(found["candidate"]):
            found["label"] = None
        return query, found

    def _has_label(self, row: Row) -> bool:
        return self._takes_label(self._candidate(row)) and any(name in row.values for name in LABEL)

    def _candidate(self, row: Row) -> str | None:
        return find_column(row, "candidate", self._settled, CANDIDATE, needed=False)

    def _takes_label(self, candidate_at: str | None) -> bool:
        """Whether a label is read: 'positive' says which candidate is one, so a label is about something else."""
        return candidate_at != "positive" or self.wanted.get("label") is not None

    def _absent(self, row: Row, role: str) -> RowFault:
        if role == "candidate" and not self.labelled:
            return missing(row, kinds.MISSING_CANDIDATE)
        return missing_role(row, role, f"a {role}")

    def _column(self, row: Row, role: str, names: Sequence[str]) -> str | None:
        """The column of a role; in an unlabelled row it is a fault if two columns could be the candidate."""
        there = [name for name in names if name in row.values] if self._settled.get(role) is None else []
        if not self.labelled and "candidates" in there:
            return "candidates"  # found by another model; the positive may be in another column
        if not self.labelled and role == "candidate" and len(there) > 1:
            raise RowFault(kinds.AMBIGUOUS_COLUMN, f"{row.where} has {', '.join(there)}", role=role)
        return find_column(row, role, self._settled, names, needed=self.labelled or role == "query")

    def _gather(self, row: Row) -> None:
        """Make one column of ``negative_1``, ``negative_2``, …, if there is no other one of negatives."""
        if self.wanted.get("negatives") is not None or any(name in row.values for name in NEGATIVES):
            return
        numbered = [(int(match[1]), name) for name in row.values if (match := _NUMBERED.fullmatch(name))]
        if numbered:
            names = [name for _, name in sorted(numbered)]
            row.values["negatives"] = [row.values[name] for name in names if _is_filled(row.values[name])]
            self.notes.add(kinds.NUMBERED_NEGATIVES, columns=names)

    def _check_labels(self, rows: Sequence[Row]) -> None:
        """Refuse positives beside a label of 0 or 1 that says of some that they are none."""
        negative = []
        seen = set()
        for row in rows:
            candidate_at = self._candidate(row)
            label_at = next((name for name in LABEL if name in row.values), None)
            if candidate_at != "positive" or label_at is None or self._takes_label(candidate_at):
                continue
            label = row.values[label_at]
            label = float(label) if isinstance(label, bool) else finite(label)
            seen.add(label)
            if label == 0:
                negative.append(row)
            self.notes.add(kinds.LABEL_NOT_READ, column=label_at, example=pasted(label_at))
        if seen == {0.0, 1.0}:
            places = [row.where for row in negative[:SHOWN]]
            self.notes.add(kinds.POSITIVE_WITHOUT_RELEVANCE, *places, number=len(negative))


def _is_filled(value: Any) -> bool:
    if isinstance(value, str) and value.lstrip()[:1] == "[":
        value = list_or_value(value)
    return bool(value) if isinstance(value, (str, list, tuple, dict)) else value is not None and value == value
