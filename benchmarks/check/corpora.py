"""The corpora that are checked: the files and the command line of each, and its rows as its task reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.check.tables import Format, cells, jsonl, parallel, squad, tagged

from ftk.checking.collected import Collected
from ftk.checking.reading import read_all
from ftk.commands.checks.values import check_values
from ftk.config.compose import compose
from ftk.tasks import build_task


@dataclass(frozen=True)
class Corpus:
    """A corpus of the development data.

    Attributes:
        name: of the row in tables.
        folder: with its files.
        task: that reads it.
        files: by split, the names of its files.
        form: how its files are read and written.
        words: the other words of the command line; FOLDER stands for the folder.
    """

    name: str
    folder: str
    task: str
    files: dict[str, tuple[str, ...]]
    form: Format
    words: tuple[str, ...] = ()

    def command(self, data: Path) -> list[str]:
        """The words of a command line that reads it.

        Args:
            data: the folder with the corpora, or with a copy of this one.
        """
        folder = data / self.folder
        paths = {split: [str(folder / name) for name in names] for split, names in self.files.items()}
        splits = [
            f"data.{split}={one[0] if len(one) == 1 else '[' + ','.join(one) + ']'}" for split, one in paths.items()
        ]
        return [f"task={self.task}", *splits, *(word.replace("FOLDER", str(folder)) for word in self.words)]


def _splits(train: str, validation: str | None = None, test: str | None = None) -> dict[str, tuple[str, ...]]:
    named = {"train": train, "validation": validation, "test": test}
    return {split: (name,) for split, name in named.items() if name is not None}


CORPORA = (
    Corpus(
        "cls_banking77",
        "cls_banking77",
        "text-classification",
        _splits("train.csv", test="test.csv"),
        cells(0, 1, separator=",", header=True),
    ),
    Corpus(
        "cls_goemotions",
        "cls_goemotions",
        "multi-label",
        _splits("train.tsv", "dev.tsv", "test.tsv"),
        cells(0, 1, separator="\t", header=False),
        ("data.header=false", "data.columns.text=0", "data.columns.label=1", "task.label_names=FOLDER/labels.txt"),
    ),
    Corpus("cls_sms_spam", "cls_sms_spam", "text-classification", _splits("spam.jsonl"), jsonl("text", "label")),
    Corpus(
        "fusion_emoji",
        "fusion_emoji",
        "image-text-classification",
        _splits("train.jsonl", "dev.jsonl", "test.jsonl"),
        jsonl("text", "label"),
    ),
    Corpus("ner_btc", "ner_btc", "ner", _splits("btc.train.conll", "btc.dev.conll", "btc.test.conll"), tagged()),
    Corpus(
        "ner_ncbi_disease", "ner_ncbi_disease", "ner", _splits("train.conll", "devel.conll", "test.conll"), tagged()
    ),
    Corpus(
        "ner_uner_zh",
        "ner_uner_zh",
        "ner",
        _splits("zh_gsdsimp-ud-train.iob2", "zh_gsdsimp-ud-dev.iob2", "zh_gsdsimp-ud-test.iob2"),
        tagged(1, 2),
    ),
    Corpus("ner_wnut17", "ner_wnut17", "ner", _splits("train.conll", "dev.conll", "test.conll"), tagged()),
    Corpus(
        "pair_banking77",
        "pair_banking77",
        "text-classification",
        _splits("train.jsonl", "dev.jsonl", "test.jsonl"),
        jsonl("text_a", "label"),
    ),
    Corpus("qa_xquad", "qa_xquad", "question-answering", _splits("xquad.en.json", test="xquad.de.json"), squad()),
    Corpus(
        "re_semeval2010",
        "re_semeval2010",
        "relation",
        _splits("train.jsonl", test="test.jsonl"),
        jsonl("text", "label"),
    ),
    Corpus("reg_sts2016", "reg_sts2016", "regression", _splits("sts2016_open.jsonl"), jsonl("text_a", "score")),
    Corpus(
        "reg_vader",
        "reg_vader",
        "regression",
        _splits("tweets.jsonl", test="movieReviewSnippets.jsonl"),
        jsonl("text", "score"),
    ),
    Corpus(
        "slot_snips, intents",
        "slot_snips",
        "text-classification",
        _splits("train.jsonl", "validate.jsonl"),
        jsonl("text", "intent"),
        ("data.columns.label=intent",),
    ),
    Corpus(
        "slot_snips, slots",
        "slot_snips",
        "token-classification",
        _splits("train.jsonl", "validate.jsonl"),
        jsonl("text"),
    ),
    Corpus(
        "sum_scitldr",
        "sum_scitldr",
        "summarization",
        _splits("train.jsonl", "dev.jsonl", "test.jsonl"),
        jsonl("source"),
        ("data.columns.target=targets",),
    ),
    Corpus(
        "mt_tanaka_enja",
        "mt_tanaka_enja",
        "translation",
        {"train": ("train.en", "train.ja"), "validation": ("dev.en", "dev.ja"), "test": ("test.en", "test.ja")},
        parallel(),
        ("data=parallel",),
    ),
)


def rows_of(corpus: Corpus, data: Path) -> dict[str, Sequence[Any]]:
    """The rows of a corpus by split, as its task reads them.

    Args:
        corpus: which.
        data: the folder with the corpora.
    """
    config = compose("check", corpus.command(data), check=check_values).config
    return read_all(config.data, build_task(config.task), Collected()).examples
