"""The controls of an annotation tool, and the columns that their values become."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from ftk.config.spelling.writing import pasted
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.data.rows.exports.wanted import Wanted

_COLUMNS = {
    "labels": "spans",
    "hypertextlabels": "spans",
    "paragraphlabels": "spans",
    "choices": "label",
    "taxonomy": "label",
    "number": "score",
    "rating": "score",
    "textarea": "target",
}
"""By the type of a control, the column that its values become where no other control is of its kind."""
_ROLES = {"spans": "spans", "label": "label", "score": "label", "target": "target"}
"""By such a column, the role of ``data.columns`` that reads it."""


@dataclass(frozen=True, slots=True, order=True)
class Control:
    """A control: its name, what it is about if its name is not enough, and its type in small letters."""

    name: str
    about: str
    type: str

    @property
    def column(self) -> str | None:
        """The column that its values usually become; None if they are not read."""
        return _COLUMNS.get(self.type)


def name_columns(
    file: str, controls: Iterable[Control], taken: Collection[str], wanted: Wanted, notes: Notes
) -> dict[Control, str]:
    """The column of each control.

    The only control of its kind gives the column that tasks read: ``spans``, ``label``, ``score``. Controls that the
    config names, and several of one kind, have a column of their own each, called as they are.

    Args:
        file: whose controls they are.
        controls: of all its rows.
        taken: the columns that the rows have already.
        wanted: what the config and the task want.
        notes: collects the finding if the task could read several.

    Raises:
        DataError: the task could read several, and the config names none.
    """
    groups: dict[str, list[Control]] = {}
    for control in sorted(controls):
        if control.column is not None:
            groups.setdefault(control.column, []).append(control)
    own = _own_names([control for group in groups.values() for control in group], taken)
    found: dict[Control, str] = {}
    for column, group in groups.items():
        role = _ROLES[column]
        asked = [control for control in group if own[control] == wanted.columns.get(role)]
        found |= {control: own[control] for control in asked}
        left = [control for control in group if control not in found]
        usual = column != "target" or "target" in wanted.roles
        if len(left) == 1 and not asked and usual:
            found[left[0]] = column
        elif len(left) > 1 and not asked and _is_read(column, groups, wanted):
            choices = [f"data.columns.{role}={pasted(own[control])}" for control in left]
            names = [f"'{own[control]}'" for control in left]
            notes.add(kinds.SEVERAL_CONTROLS, file, names=names, role=role, choices=" or ".join(choices))
    notes.raise_errors()
    used = set(found.values())
    for control, name in own.items():
        if control not in found:
            found[control] = name if name not in used else f"{name}_{control.type}"
    return found


def _is_read(column: str, groups: Collection[str], wanted: Wanted) -> bool:
    """Whether the task reads a column of this kind, and the config names no other one."""
    role = _ROLES[column]
    if not wanted.labelled or role not in wanted.roles or wanted.columns.get(role) is not None:
        return False
    if role != "label":
        return True
    return column == ("score" if wanted.numbers and "score" in groups else "label")


def _own_names(controls: list[Control], taken: Collection[str]) -> dict[Control, str]:
    """A name for each control that no other one has, and no column of the rows."""
    names = [control.name for control in controls]
    found: dict[Control, str] = {}
    for control in controls:
        name = control.name
        if names.count(name) > 1:
            name = f"{name}_{control.about or control.type}"
        if name in taken:
            name = f"{name}_{control.type}"
        found[control] = name if name not in found.values() else f"{name}_{control.type}"
    return found
