"""How often the training rows of a run have each entity."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ftk.contracts.notes import Notes
from ftk.data.examples.sentences import Sentence
from ftk.data.examples.tags import strict_entities
from ftk.data.storage.stored import Stored
from ftk.errors import FtkError, first_line
from ftk.pages.run_files import RunFiles
from ftk.report.saved_run import changed_splits

_MOST_ROWS = 200_000
"""Training rows that are looked at when a run ends."""


def entities_of(examples: Sequence[Any]) -> Mapping[tuple[str, str], int] | None:
    """How often training rows in memory have each label and text, in small letters.

    Args:
        examples: of the training split.

    Returns:
        None for another task, and for rows on disk or too many of them.
    """
    if isinstance(examples, Stored) or len(examples) > _MOST_ROWS or not len(examples):
        return None
    return Counter(_entities(examples)) if isinstance(examples[0], Sentence) else None


def training_entities(run: RunFiles) -> tuple[Mapping[tuple[str, str], int] | None, str]:
    """The same, with the training rows read again as the run read them; and why they are not, if they are not."""
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    from ftk.config.schema import DataConfig
    from ftk.tasks import build_task

    if not isinstance(run.config.get("train"), dict):
        return None, "this run trained nothing"
    notes = Notes()
    try:
        data = OmegaConf.to_object(OmegaConf.merge(OmegaConf.structured(DataConfig), run.config["data"]))
        assert isinstance(data, DataConfig)
        corpus = build_task(run.config["task"]).open_corpus(data, notes)
        if "train" in changed_splits(run.environment, corpus.fingerprints()):
            return None, "the files of the training rows have changed"
    except (FtkError, OmegaConfBaseException, KeyError, OSError) as error:
        return None, f"the training rows cannot be read ({first_line(error)})"
    return entities_of(getattr(corpus, "examples", {}).get("train", ())), "the training rows are too many"


def _entities(examples: Iterable[Sentence]) -> Iterable[tuple[str, str]]:
    for example in examples:
        for label, begin, end in strict_entities(example.tags or ()):
            yield label, example.text[example.starts[begin] : example.ends[end - 1]].lower()
