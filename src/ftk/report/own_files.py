"""The files that ftk writes into a run folder, and their removal. What else is in it belongs to the user."""

from pathlib import Path

from ftk.system.atomic import remove, remove_leftovers

OWN = (
    "environment.json",
    "log.txt",
    "findings.jsonl",
    "metrics.jsonl",
    "metrics.json",
    "predictions",
    "dynamics",
    "curves.png",
    "report.html",
    "tracker.json",
    "tensorboard",
    "wandb",
    "best",
    "last",
    "previous",
    # Last, because it marks the folder as a run: a removal that was interrupted can be repeated.
    "config.yaml",
)
_UNNAMED = (".best.old", ".last.old", ".previous.old", ".best.new", ".last.new")
"""Model folders that were being written or removed when a run was killed."""


def clear_leftovers(folder: Path) -> None:
    """Remove the temporary files of a run that was killed."""
    for name in OWN:
        remove_leftovers(folder / name)


def remove_own(folder: Path) -> None:
    """Remove everything of a run but its lock."""
    for name in (*_UNNAMED, *OWN):
        remove(folder / name)
