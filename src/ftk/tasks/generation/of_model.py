"""What the files of an encoder-decoder say about how it was trained to be asked, and to write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ftk.tasks import finding_kinds as kinds

if TYPE_CHECKING:
    from ftk.contracts.notes import Notes
    from ftk.contracts.saved_head import SavedHead

AUTO = "auto"
"""The value of ``task.source_prefix`` that takes what the model was trained with."""
_SHOWN = 4
_PREFIX = "prefix"
Entries = Mapping[str, Any]


def entries_for(kind: str, params: Entries) -> dict[str, dict[str, Any]]:
    """The entries of ``task_specific_params`` in config.json that are about a kind of task.

    Args:
        kind: ``summarization`` or ``translation``; T5 has one entry for each pair of languages.
        params: all entries.
    """
    known = {name: values for name, values in params.items() if isinstance(values, dict)}
    if kind in known:
        return {kind: known[kind]}
    return {name: values for name, values in known.items() if name.startswith(f"{kind}_")}


def entry_of(kind: str, prefix: str, params: Entries) -> dict[str, Any]:
    """The entry that is meant: the only one for a kind of task, or the one with this prefix; empty if there is none."""
    entries = [*entries_for(kind, params).values()]
    meant = entries if len(entries) == 1 else [one for one in entries if one.get(_PREFIX) and one[_PREFIX] == prefix]
    return meant[0] if len(meant) == 1 else {}


def settle_prefix(kind: str, task: Any, head: SavedHead | None, notes: Notes) -> Any:
    """The task with the prefix that its model was trained with, if ``source_prefix`` is auto.

    Args:
        kind: as in ``entries_for``.
        task: with the field ``source_prefix``.
        head: of the model that the task begins with; None if that has random weights.
        notes: collects what was chosen, or what there is to choose from.
    """
    if task.source_prefix != AUTO:
        return task
    entries = entries_for(kind, {} if head is None else head.task_params)
    prefixes = [str(values[_PREFIX]) for values in entries.values() if values.get(_PREFIX)]
    if len(prefixes) > 1:
        listed = ", ".join(f"'{one}'" for one in prefixes[:_SHOWN]) + (", …" if len(prefixes) > _SHOWN else "")
        notes.add(kinds.PREFIX_OPEN, choices=len(prefixes), prefixes=listed, first=prefixes[0])
        return replace(task, source_prefix="")
    if prefixes:
        notes.add(kinds.PREFIX_OF_MODEL, prefix=prefixes[0])
    return replace(task, source_prefix=prefixes[0] if prefixes else "")
