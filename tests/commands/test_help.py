"""The meaning of keys, by name and above the config of a command."""

from collections.abc import Callable

import pytest

from conftest import Result
from data_helpers import shipped_task
from ftk.commands import WITH_JSON
from ftk.config.overrides import WITHOUT_SWEEPS

GROUPS = {
    "tasks on texts": ("text-classification", "multi-label", "regression", "image-text-classification"),
    "tasks on whole texts and images": (
        "text-classification",
        "multi-label",
        "regression",
        "image-classification",
        "image-text-classification",
    ),
    "ner with spans": ("token-classification",),
}
TASKS = (
    *("ner", "token-classification", "text-classification", "multi-label", "regression", "relation", "ranking"),
    *("question-answering", "summarization", "translation", "image-classification", "image-text-classification"),
)


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        (("data.limit",), {"data.limit"}),
        (("data.limit=5",), {"data.limit"}),
        (("limit", "train.patience"), {"data.limit", "train.patience"}),
        (("schedule",), {"schedule.decay", "schedule.warmup", "schedule.floor", "schedule.cooldown"}),
        (("optimizer.momentum",), {"optimizer.momentum"}),
        (("checkpoint",), {"checkpoint"}),
        (("task.threshold",), {"task.threshold"}),
        (("data.columns.text=body",), {"data.columns.text"}),
        (("data.columns.label",), {"data.columns.label"}),
    ],
)
def test_keys_are_explained(ftk: Callable[..., Result], words: tuple[str, ...], keys: set[str]) -> None:
    result = ftk("help", *words)
    assert (result.code, result.err) == (0, "")
    heads = [line for line in result.out.splitlines() if not line.startswith(" ")]
    assert {line.partition(":")[0].partition(";")[0] for line in heads} == keys
    assert all(line.strip() for line in result.out.splitlines())


@pytest.mark.slow
def test_the_role_of_each_column_is_explained_with_its_tasks(ftk: Callable[..., Result]) -> None:
    columns = {name: shipped_task(name).spec.columns for name in TASKS}
    for role in {role for roles in columns.values() for role in roles}:
        words = " ".join(ftk("help", f"data.columns.{role}").out.split())
        named = {member for group, members in GROUPS.items() if group in words for member in members}
        for name in (name for name, roles in columns.items() if role in roles):
            assert name in named or name in words, f"{role} of {name}"


def test_a_key_that_does_not_exist_is_refused(ftk: Callable[..., Result]) -> None:
    result = ftk("help", "data.limt")
    assert (result.code, result.out) == (1, "")
    assert "'data.limit'" in result.err


@pytest.mark.slow
def test_a_command_is_its_help(ftk: Callable[..., Result]) -> None:
    assert ftk("help", "predict") == ftk("predict", "--help")


@pytest.mark.slow
@pytest.mark.parametrize("task", ["ner", "regression"])
def test_the_help_of_a_command_comments_each_key(ftk: Callable[..., Result], task: str) -> None:
    """Each line of the config that is a key has the text of ``ftk help`` above it."""
    result = ftk("finetune", f"task={task}", "--help")
    assert result.code == 0, result.err
    config = result.out.partition("key=value:\n")[2].splitlines()
    at = config.index("  patience: auto")
    assert config[at - 1].startswith("  # ")
    explained = " ".join(ftk("help", "train.patience").out.split())
    comment = []
    while config[at - 1].startswith("  # "):
        at -= 1
        comment.insert(0, config[at].removeprefix("  # "))
    assert " ".join(comment) in explained
    keys = [n for n, line in enumerate(config) if line.startswith("  ") and line[2] not in " #-_" and line[-1] != ":"]
    bare = [config[n].strip() for n in keys if not config[n - 1].startswith("  #")]
    assert bare == []


@pytest.mark.parametrize("command", WITH_JSON)
def test_the_usage_of_a_command_has_the_flags_that_it_takes(ftk: Callable[..., Result], command: str) -> None:
    usage = ftk(command, "--help").out
    assert "[--json]" in usage
    if command in WITHOUT_SWEEPS:
        assert "--multirun" not in usage
