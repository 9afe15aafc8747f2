"""The part of a check that a training begins with: it takes a fraction of the time that reading takes."""

from __future__ import annotations

from ftk.checking.rows import check_examples
from ftk.contracts.notes import Notes
from ftk.contracts.protocols import Corpus
from ftk.data.row_corpus import RowCorpus
from ftk.data.splitting.repeats import note_repeats


def check_before_training(corpus: Corpus, notes: Notes) -> None:
    """Report what is odd about labelled rows, as far as that is found quickly: ``ftk check`` finds more.

    Args:
        corpus: read and checked. Of a corpus of raw texts nothing is reported.
        notes: collects the findings.
    """
    if not isinstance(corpus, RowCorpus):
        return
    # Splits that are held out are parts of one file, of which reading has said what is repeated.
    named = {split: rows for split, rows in corpus.examples.items() if split in corpus.files}
    note_repeats(named, corpus.task.spec.wording.subject, notes)
    check_examples(named, notes, near_duplicates=None, thorough=False)
