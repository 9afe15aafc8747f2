"""The part of ``ftk check`` that finds suspects."""

from __future__ import annotations

from typing import Any

import numpy as np

from ftk.checking.looking.labels import labels_of
from ftk.checking.suspects.asked import label_studio_file, suspects_file
from ftk.checking.suspects.finding import find_suspects
from ftk.checking.suspects.writing import write_suspects
from ftk.config.schema import CheckConfig
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import SHOWN
from ftk.contracts.notes import Notes
from ftk.contracts.protocols import Corpus
from ftk.data.row_corpus import RowCorpus
from ftk.report.console import Console
from ftk.report.dynamics import Dynamics, identities
from ftk.system.paths import expanded
from ftk.system.startup import fast_import

_FEW = 0.5
"""The share of the training rows below which a run says little about them."""


def check_suspects(config: CheckConfig, corpus: Corpus, notes: Notes, console: Console) -> None:
    """Find the rows of all splits whose label is likely wrong, write them, and note how many there are.

    All splits are judged together: errors in test rows are errors, too, and more rows make better heads.

    Args:
        config: of the check.
        corpus: with its rows.
        notes: collects how many there are.
        console: shows long work.

    Raises:
        DataError: the rows have no labels of a kind that is judged.
        RunError: the run left no losses, or a file cannot be written.
        ModelError: the model has no pretrained weights, or cannot be read.
    """
    path = suspects_file(config)
    assert path is not None
    assert isinstance(corpus, RowCorpus)
    dynamics = None if config.run is None else Dynamics.read(expanded(config.run))
    encoder = None
    if config.model is not None:
        with fast_import("torch"):
            from ftk.inference.states.frozen import FrozenEncoder  # torch from here on
        encoder = FrozenEncoder.open(config.model, config.data, config.hardware, console)
    judged = _judged(corpus, config)
    splits, examples = [split for split, _ in judged], [example for _, example in judged]
    found = find_suspects(examples, encoder, dynamics)
    if dynamics is not None:
        there = ~np.isnan(dynamics.of(identities(examples))[0])
        seen, training = int(np.count_nonzero(there)), len(corpus.examples.get("train", ()))
        notes.add(kinds.ROWS_OF_RUN, run=str(config.run), seen=seen, rows=len(examples))
        if seen < max(1, _FEW * training):
            notes.add(kinds.FEW_ROWS_OF_RUN, run=str(config.run), seen=seen, rows=len(examples))
    listed = [(splits[one.number], one) for one in found.found]
    write_suspects(path, listed)
    for split in dict.fromkeys(splits):
        own = [one.example.row.where for name, one in listed if name == split]
        if own:
            with notes.of(split):
                notes.add(kinds.SUSPECT_LABEL, *own[:SHOWN], number=len(own), file=str(path), part=split)
    notes.add(kinds.SUSPECTS, estimate=found.estimate, file=str(path), tool=str(label_studio_file(path)))


def _judged(corpus: RowCorpus, config: CheckConfig) -> list[tuple[str, Any]]:
    """All rows, each with its split, without those whose labels no training row has: they are reported as such, and
    nothing that is learned can tell whether they are right."""
    rows = [(_named(split, config), example) for split, part in corpus.examples.items() for example in part]
    known = {label for split, example in rows if split == "train" for label in labels_of(example)}
    if not known:
        return rows
    return [(split, example) for split, example in rows if known.issuperset(labels_of(example))]


def _named(split: str, config: CheckConfig) -> str:
    """The split that the user named which has the rows: those that are held out are rows of ``data.train``."""
    return split if getattr(config.data, split) is not None else "train"
