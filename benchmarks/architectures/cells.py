"""One architecture in one task: trained, opened again, and compared with plain transformers."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.architectures.folders import save_folder

LABELS = ("a", "b")
TAGS = ("O", "B-PER", "I-PER")
_ROWS = (
    "red fox runs home again by slow train",
    "blue sea",
    "hello",
    "Ada Berg went to Oslo , Lima",
    "ship . ship",
    "sea",
)
_EQUAL = 1e-5
"""The largest difference of outputs in fp32: of outputs up to 1; relative to the largest one above."""
_EQUAL_LOSS = {"fp32": 1e-4, "auto": 0.05}
"""The largest relative difference of the first loss from that of plain transformers, by precision."""
_SAID = ("padded-left", "one-length", "pad-token-chosen", "pad-ids-differ", "pad-id-taken", "plain-way")
"""Findings that are listed with a cell."""


@dataclass(frozen=True)
class TaskCell:
    """A task of the matrix.

    Attributes:
        auto_model: the auto class of its head.
        labels: of the head; empty if it has none.
        train: the rows to train on.
        rows: the rows to predict for.
        words: of the command line.
    """

    auto_model: str
    labels: tuple[str, ...]
    train: list[dict[str, Any]]
    rows: list[dict[str, Any]]
    words: tuple[str, ...] = ()


def _answered(text: str) -> dict[str, Any]:
    word = text.split()[-1]
    answer = {"text": word, "start": text.rindex(word)}
    return {"question": "hello", "context": text, "answers": [answer]}


TASKS = {
    "text-classification": TaskCell(
        "AutoModelForSequenceClassification",
        LABELS,
        [{"text": text, "label": LABELS[at % 2]} for at, text in enumerate(_ROWS)],
        [{"text": text} for text in _ROWS],
    ),
    "token-classification": TaskCell(
        "AutoModelForTokenClassification",
        TAGS,
        [{"tokens": text.split(), "tags": [TAGS[word.istitle()] for word in text.split()]} for text in _ROWS],
        [{"tokens": text.split()} for text in _ROWS],
    ),
    "question-answering": TaskCell(
        "AutoModelForQuestionAnswering",
        (),
        [_answered(text) for text in _ROWS],
        [{"question": "hello", "context": text} for text in _ROWS],
    ),
    "mlm": TaskCell(
        "AutoModelForMaskedLM",
        (),
        [{"text": text} for text in _ROWS],
        [{"text": f"{text} [MASK] again"} for text in _ROWS],
        ("task.mask_share=0.4", "data.max_length=12", "data.workers=1"),
    ),
}
"""The tasks, by their names in ftk."""


class Differs(Exception):
    """ftk and plain transformers compute different numbers."""


def run_cell(model_type: str, task: str, work: Path, precisions: tuple[str, ...] = ("auto", "fp32")) -> tuple[str, str]:
    """Try an architecture in a task.

    Args:
        model_type: the architecture.
        task: one of ``TASKS``.
        work: a folder for what is written.
        precisions: what to train in; predictions are compared in fp32.

    Returns:
        What came of it, and what was said or what is wrong. ``works``: all numbers are those of plain transformers;
        ``refused``: by name, before rows were read; ``fault``; ``no model``: no tiny model can be made.
    """
    import ftk

    shutil.rmtree(work, ignore_errors=True)
    cell, folder = TASKS[task], work / "model"
    try:
        save_folder(folder, model_type, cell.auto_model, cell.labels)
    except Exception as error:
        try:
            _train(task, folder, work / "refused", precisions[0], cell.train)
        except ftk.FtkError as refusal:
            outcome = _refusal(refusal, model_type, task, work)
            if outcome[0] == "refused":
                return outcome
        return "no model", _last_line(error)
    try:
        with _composed_once():
            return "works", ", ".join(_compared(task, folder, work, precisions))
    except ftk.FtkError as error:
        return _refusal(error, model_type, task, work)
    except Differs as error:
        return "fault", str(error)
    except Exception as error:
        return "fault", _last_line(error)


def _compared(task: str, folder: Path, work: Path, precisions: tuple[str, ...]) -> list[str]:
    """Train, predict and compare; returns the findings that are worth telling.

    Raises:
        FtkError: ftk refuses the model.
        Differs: numbers differ.
    """
    import transformers
    from benchmarks.architectures.plain import first_loss

    import ftk

    cell, said = TASKS[task], dict[str, None]()
    model = None
    for precision in precisions:
        with _step_batches() as batches:
            run = _train(task, folder, work / precision, precision, cell.train)
        if model is None:
            model = getattr(transformers, cell.auto_model).from_pretrained(folder).float().eval()
        loss = next(event["loss"] for event in run.history if event["split"] == "train")
        wanted = first_loss(task, model, batches)
        if not abs(loss - wanted) <= _EQUAL_LOSS[precision] * abs(wanted):
            raise Differs(f"the first loss in {precision} is {loss:.6f}, that of transformers is {wanted:.6f}")
        said.update(dict.fromkeys(one["kind"] for one in run.findings if one["kind"] in _SAID))
    best = work / precisions[-1] / "best"
    ftk.load(best, "hardware.threads=1").predict(cell.rows)
    _compare_predictions(task, model, ftk.load(best, "hardware.threads=1", precision="fp32"))
    return list(said)


def _compare_predictions(task: str, plain: Any, model: Any) -> None:
    from benchmarks.architectures.plain import alone, in_rows, largest_difference

    for how in ("padded", "single"):
        with _outputs() as seen:
            for rows in [TASKS[task].rows] if how == "padded" else [[row] for row in TASKS[task].rows]:
                model.predict(rows)
        for batch, outputs in seen:
            difference = largest_difference(in_rows(task, outputs, batch), alone(task, plain, batch))
            if difference > _EQUAL:
                raise Differs(f"{how} rows differ from transformers by {difference:.1e}")


def _train(task: str, folder: Path, run: Path, precision: str, data: Any) -> Any:
    import ftk

    words = [
        f"task={task}",
        "model=auto",
        f"model.name={folder}",
        f"run.dir={run}",
        "run.curves=false",
        "run.keep=best",
    ]
    words += ["train.max_steps=1", "train.batch_size=8", "optimizer.lr=1e-9", "optimizer.weight_decay=0"]
    words += ["hardware.threads=1", f"hardware.precision={precision}", *TASKS[task].words]
    if task == "mlm":
        return ftk.pretrain(*words, data=data)
    return ftk.train(*words, "train.baselines=none", data=data)


def _refusal(error: Exception, model_type: str, task: str, work: Path) -> tuple[str, str]:
    """Whether a refusal names the architecture, and comes before rows are read: from rows that cannot be read, too."""
    import ftk

    text = " ".join(str(error).split())
    broken = work / "broken.jsonl"
    broken.write_text('{"text": \n')
    try:
        _train(task, work / "model", work / "again", "fp32", str(broken))
    except ftk.FtkError as early:
        if "broken.jsonl" in str(early):
            return "fault", f"refused after rows were read: {text}"
    return ("refused" if model_type in text else "fault"), text


@contextmanager
def _composed_once() -> Iterator[None]:
    """Compose equal command lines once for all cells: this takes longer than all that is tried. They are checked."""
    from ftk.api import loading, training
    from ftk.commands.checks.values import check_values
    from ftk.config.compose import compose

    def once(command: str, words: Any, **settings: Any) -> Any:
        job = _JOBS.get((command, *words))
        if job is None or check_values(job.config, command):
            job = _JOBS[command, *words] = compose(command, words, **settings)
        return copy.deepcopy(job)

    with patch.object(loading, "compose", once), patch.object(training, "compose_job", once):
        yield


_JOBS: dict[tuple[str, ...], Any] = {}


@contextmanager
def _step_batches() -> Iterator[list[Any]]:
    """The micro batches of the first step that is trained."""
    from ftk.core.batch_source import BatchSource

    found: list[Any] = []
    cut = BatchSource.cut

    def seen(*arguments: Any) -> Any:
        ready = cut(*arguments)
        if not found:
            found.extend(ready.batches)
        return ready

    with patch.object(BatchSource, "cut", seen):
        yield found


@contextmanager
def _outputs() -> Iterator[list[tuple[Any, Any]]]:
    """The batches that are predicted, with the outputs of the model."""
    from ftk.core.evaluate import Runner

    found: list[tuple[Any, Any]] = []
    outputs = Runner.outputs

    def seen(*arguments: Any) -> Iterator[tuple[Any, Any]]:
        for one in outputs(*arguments):
            found.append(one)
            yield one

    with patch.object(Runner, "outputs", seen):
        yield found


def _last_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[-1].strip() if lines else ''}"[:300]
