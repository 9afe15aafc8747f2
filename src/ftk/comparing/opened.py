"""The predictions of a run, or of any tool in ftk's form, opened to be resampled and compared."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ftk.comparing.fields import GOLD, RunFacts, facts_of_records, facts_of_run, gold_key
from ftk.contracts.spec import TaskSpec
from ftk.data.rows.documents import DOCUMENT
from ftk.errors import DataError, RunError
from ftk.report.saved_run import is_run, runs_near

if TYPE_CHECKING:
    from ftk.contracts.outcomes import Records, RowStatistics

_INPUT = ("text", "pair", "tokens", "question", "context", "query", "candidate", "source", "image")
"""The keys of a record that say what the model was asked."""
_TIES = ("context", "query")
"""Keys of which several rows share a value: questions about one text, candidates of one query."""


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What a model predicted for the rows of a split, with their gold standard.

    Attributes:
        path: the run folder or the file.
        split: test or validation; empty for a file.
        facts: the task, its fields and what else the run folder says.
        records: one for each row.
        group: the key of the records that says which rows belong together; None: a document column, if there is one.
    """

    path: Path
    split: str
    facts: RunFacts
    records: Records
    group: str | None = None

    @property
    def spec(self) -> TaskSpec:
        """The facts about the task."""
        return self.facts.spec

    @property
    def fields(self) -> Mapping[str, Any]:
        """The fields of the task."""
        return self.facts.fields

    @property
    def config(self) -> Mapping[str, Any]:
        """The config of the run; empty for a file."""
        return self.facts.config

    @property
    def environment(self) -> Mapping[str, Any]:
        """The content of ``environment.json``; empty for a file."""
        return self.facts.environment

    @property
    def metrics(self) -> Mapping[str, Any]:
        """The scores of the split as the run wrote them; empty for a file."""
        found = self.facts.metrics.get(self.split, {})
        return found if isinstance(found, Mapping) else {}

    @cached_property
    def scores(self) -> Mapping[str, RowStatistics]:
        """What each score is made of, by its name.

        Raises:
            DataError: the records are not those of the task.
            RunError: the scores of the task are not made of rows.
        """
        if self.spec.statistics is None:
            raise RunError(f"{self.path}: the scores of {self.facts.task} are not made of rows that can be resampled.")
        try:
            return self.spec.statistics(self.records, self.fields)
        except DataError as error:
            raise DataError(f"{self.path}: {error}") from error

    @property
    def statistics(self) -> RowStatistics:
        """What the score is made of that chose the best model of the run."""
        return self.statistics_of(None)

    def statistics_of(self, score: str | None) -> RowStatistics:
        """What a score is made of.

        Args:
            score: its name; None: the one that chose the best model.

        Raises:
            RunError: it is not known, or not made of rows.
        """
        name = (self.facts.metric or next(iter(self.scores))) if score is None else score
        if name in self.scores:
            return self.scores[name]
        raise RunError(
            f"{self.path}: {name} is not a score that is made of rows; {self.facts.task} has "
            f"{', '.join(self.scores)}: compare.score=…"
        )

    @cached_property
    def keys(self) -> Sequence[Hashable]:
        """[rows] the identity of each row: its input, and the how many-th row with this input it is."""
        seen: Counter[bytes] = Counter()
        keys = []
        for record in self.records:
            asked = json.dumps(_asked(record), ensure_ascii=False, sort_keys=True, default=str)
            digest = blake2b(asked.encode("utf-8", "surrogatepass"), digest_size=16).digest()
            keys.append((digest, seen[digest]))
            seen[digest] += 1
        return keys

    @cached_property
    def groups(self) -> NDArray[np.int64]:
        """[rows] the number of the document of each, from 0; each row is one of its own where nothing joins rows."""
        return self._grouped[1]

    @property
    def grouped_by(self) -> str | None:
        """The key of the records that joins rows; None if none does."""
        return self._grouped[0]

    @cached_property
    def _grouped(self) -> tuple[str | None, NDArray[np.int64]]:
        names = (*DOCUMENT, *(name for name in _TIES if name in self.spec.columns))
        if self.group is not None:
            if not any(self.group in record for record in self.records):
                has = ", ".join(self.records[0]) if self.records else "no row"
                raise DataError(f"{self.path}: no record has '{self.group}' (compare.group); the first has {has}.")
            names = (self.group,)
        for name in names:
            values = [record.get(name) for record in self.records]
            there = [value for value in values if isinstance(value, (str, int)) and str(value).strip()]
            if there and len({*map(str, there)}) < len(there):
                return name, _numbered(values)
        return None, np.arange(len(self.records))

    def of_rows(self, rows: Sequence[int] | NDArray[Any]) -> Outcomes:
        """The outcomes of some of the rows, in this order."""
        return dataclasses.replace(self, records=[self.records[int(row)] for row in rows])

    @property
    def gold(self) -> list[Any]:
        """[rows] the gold standard of each."""
        return [[record[name] for name in GOLD if name in record] for record in self.records]


def open_outcomes(
    path: Path,
    split: str = "test",
    *,
    task: str | None = None,
    gold: str | None = None,
    group: str | None = None,
    like: RunFacts | None = None,
) -> Outcomes:
    """Open the predictions of a run folder, or a JSON Lines file of predictions in ftk's form.

    Args:
        path: the folder or the file.
        split: of a run folder, test or validation.
        task: the word for the task of a file, such as ner; None: that of ``like``, or what its records look like.
        gold: the key of the records of a file that has the gold standard, if it is not called as ftk calls it.
        group: the key of the records that says which rows belong together; None: a document column, if there is one.
        like: the facts of a run beside which a file is opened.

    Raises:
        RunError: there is no such run, it has no predictions of the split, or the task is not known.
        DataError: a line is not a record.
    """
    if path.is_dir():
        if not is_run(path):
            raise RunError(f"{path}: this folder is not a run of ftk (it has no config.yaml of one).{runs_near(path)}")
        facts = facts_of_run(path)
        records = _records(_predictions(path, split, facts))
        return Outcomes(path, split, facts, records, group)
    records = _records(path)
    facts = facts_of_records(path, records, task, like)
    if gold is not None:
        records = [_with_gold(path, line, record, gold, facts.task) for line, record in enumerate(records, 1)]
    return Outcomes(path, "", facts, records, group)


def _predictions(path: Path, split: str, facts: RunFacts) -> Path:
    file = path / "predictions" / f"{split}.jsonl"
    if file.is_file():
        return file
    if not facts.spec.writes_records:
        raise RunError(f"{path}: runs of {facts.task} write no predictions, so their rows cannot be resampled.")
    there = sorted(one.stem for one in (path / "predictions").glob("*.jsonl"))
    has = f"it has those of {' and '.join(there)}: compare.split={there[0]}" if there else "it has none"
    finished = "" if (path / "metrics.json").is_file() else " The run is not finished."
    raise RunError(f"{path}: there are no predictions of the {split} split; {has}.{finished}")


def _records(path: Path) -> list[dict[str, Any]]:
    records = []
    with open(path, encoding="utf-8") as lines:
        try:
            for number, line in enumerate(lines, 1):
                if not line.strip():
                    continue
                record = json.loads(line)
                if not isinstance(record, dict):
                    raise DataError(f"{path}:{number}: expected an object on each line, got {line.strip()[:80]}")
                records.append(record)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}:{len(records) + 1}: this line is not JSON in UTF-8 ({error}).") from error
    if not records:
        raise DataError(f"{path}: the file has no predictions.")
    return records


def _with_gold(path: Path, line: int, record: dict[str, Any], gold: str, task: str) -> dict[str, Any]:
    if gold not in record:
        raise DataError(f"{path}:{line}: the record has no '{gold}' (compare.gold); it has {', '.join(record)}.")
    return {**record, gold_key(task, record): record[gold]}


def _asked(record: Mapping[str, Any]) -> list[Any]:
    """What a record says of its input."""
    asked: list[Any] = [[name, record[name]] for name in _INPUT if name in record]
    for role in ("head", "tail"):
        if isinstance(place := record.get(role), Mapping):
            asked.append([place.get("start"), place.get("end")])
    candidates = record.get("candidates")
    if isinstance(candidates, list) and "query" in record:
        texts = {one["index"]: one.get("text") for one in candidates if isinstance(one, Mapping) and "index" in one}
        asked.append([texts[at] for at in sorted(texts)])
    return asked


def _numbered(values: Sequence[Any]) -> NDArray[np.int64]:
    """[rows] a number for each value; rows without one have a number of their own."""
    known: dict[Any, int] = {}
    own = (object() for _ in iter(int, 1))
    return np.array(
        [
            known.setdefault(next(own) if value is None or not str(value).strip() else str(value), len(known))
            for value in values
        ]
    )
