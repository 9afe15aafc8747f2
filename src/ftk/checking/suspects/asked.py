"""What a check is asked about suspects, and the mistakes in it that show before any row is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ftk.checking.suspects.own import is_own
from ftk.comparing.fields import facts_of_run
from ftk.config.mistakes import Mistake
from ftk.config.schema import CheckConfig
from ftk.config.spelling.writing import as_word
from ftk.contracts.task import Task
from ftk.errors import FtkError
from ftk.system.atomic import unwritable
from ftk.system.paths import expanded
from ftk.tasks import build_task, called

_FILE = "suspects.jsonl"
_JUDGED = "single_label_classification"
"""The problem of tasks whose texts have one label each."""


def suspects_file(config: CheckConfig) -> Path | None:
    """The file for suspects; None if none are wanted."""
    if config.suspects is False:
        return None
    return Path(_FILE) if config.suspects is True else expanded(config.suspects)


def label_studio_file(path: Path) -> Path:
    """The file with the tasks of Label Studio, beside the one with the JSON lines."""
    return path.with_name(f"{path.stem}.label-studio.json")


def suspects_mistakes(config: CheckConfig) -> Iterator[Mistake]:
    """A file for suspects that would replace work of the user, a run that is none, and tasks without suspects."""
    if not isinstance(config.suspects, (bool, str)) or (path := suspects_file(config)) is None:
        return
    what = f"suspects={as_word(config.suspects)}"
    there = [file for file in (path, label_studio_file(path)) if file.exists()]
    if there and not is_own(path, label_studio_file(path)):
        yield Mistake(what, f"There is a file {there[0]}, which may hold work of yours; name another: suspects=<file>.")
    if why := unwritable(path.resolve().parent):
        yield Mistake(what, f"{why}; name another folder.")
    if config.run is not None and not expanded(config.run).is_dir():
        yield Mistake(f"run={config.run}", "There is no such folder; name the folder of a run.")
    with suppress(FtkError):  # a task that cannot be built is reported by itself
        task = build_task(config.task)
        spec = task.spec
        if config.run is not None and (other := _other_task(expanded(config.run), task)) is not None:
            advice = f"This run is of task={other}, the check of task={called(task)}; name a run of the same task."
            yield Mistake(f"run={config.run}", advice)
        if not (spec.finds_spans or (spec.modalities == ("text",) and spec.problem_type == _JUDGED)):
            advice = (
                "Labels are judged of texts with one label each, and of words with tags or spans; not of this task."
            )
            yield Mistake(what, advice)
        elif spec.finds_spans and config.model is None:
            yield Mistake(what, "Words are judged by states of an encoder; name one, such as model=minilm.")


def _other_task(run: Path, task: Task) -> str | None:
    """The task of a run, if it is another one; None also for a folder that does not say."""
    try:
        facts = facts_of_run(run)
    except FtkError:
        return None
    return facts.task if facts.kind != type(task).__name__ else None
