"""Every shipped config composes, is complete, and passes the checks that a user's would have to pass."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from conftest import Result
from ftk.commands.checks.values import check_values
from ftk.config.command_line import CommandLine
from ftk.config.jobs import check_command_line, initialized, register
from ftk.config.overrides import items
from ftk.config.paths import is_choice, parts_of, shipped_configs, shipped_files, values_of
from ftk.config.schema import SCHEMAS
from ftk.contracts.task import fields_of
from ftk.tasks import build_task

SHIPPED = shipped_files()
FILES = {name for name in SHIPPED if is_choice(name)}
OPTIONS = sorted(name for name in FILES if "/" in name)
PRIMARIES = sorted(FILES - set(OPTIONS), key=lambda name: (name == "check", name))
"""The commands; a check takes what others take."""
TRAINING = ("pretrain", "finetune")
NEEDED = {
    "pretrain": (),
    "finetune": (),
    "evaluate": ("checkpoint=checkpoint",),
    "predict": ("checkpoint=checkpoint", "input=input.txt"),
    "check": ("task=ner",),
    "report": (),
    "compare": (),
    "explain": ("checkpoint=checkpoint", "input=input.txt"),
}
"""What a command cannot do without."""
NEEDED_BY = {
    "model/auto": ("model.name=some/model",),
    "data/hub": ("data.name=some/dataset",),
}
SMALL = [
    name
    for name in OPTIONS
    if name.startswith("model/") and "model_type: ftk-" in (shipped_configs() / f"{name}.yaml").read_text()
]
ONLY_FINETUNED = {
    **dict.fromkeys(SMALL, ("task=text-classification",)),
    "model/encoder-decoder": ("model.name=some/model", "task=summarization"),
    "model/pointer-generator": ("task=summarization",),
    "model/bart-tiny": ("task=summarization",),
    "model/marian-tiny": ("task=translation",),
    "model/t5-tiny": ("task=summarization",),
    "model/fusion": ("task=image-text-classification",),
    "model/resnet-tiny": ("task=image-classification",),
    "model/vit-tiny": ("task=image-classification",),
}
"""Models that hide no words, and a task for each."""
NEEDED_BY |= ONLY_FINETUNED


@pytest.fixture
def checkpoint_and_input() -> None:
    Path("checkpoint").mkdir()
    Path("checkpoint/ftk.json").write_text("{}")
    Path("input.txt").write_text("Ada\n")


def composed(command: str, *words: str) -> dict[str, object]:
    from hydra import compose

    register()
    with initialized(None):
        return dict(items(compose(command, overrides=list(words))))


def meant_for(name: str, command: str) -> bool:
    """Whether a command has the section that an option is for, and trains the task that is in it."""
    group, _, option = name.partition("/")
    text = (shipped_configs() / f"{name}.yaml").read_text(encoding="utf-8")
    if group == "task" and command in TRAINING:
        return build_task(values_of(name)).spec.command == command
    if name in ONLY_FINETUNED:
        return command == "finetune"
    if group not in SCHEMAS[command].__dataclass_fields__ and command not in TRAINING:
        return False
    if group == "model" and command not in TRAINING:  # a model as it comes
        return values_of(name)["init"] == "pretrained" and option != "auto"
    if group == "experiment":
        return f"#   command:  ftk {command} experiment={option}" in text
    return group in SCHEMAS[command].__dataclass_fields__ or (command in TRAINING and group == "debug")


def test_there_is_a_primary_config_for_each_command_that_has_a_schema() -> None:
    assert set(SCHEMAS) == set(PRIMARIES)
    assert {"model/tiny", "task/ner", "data/auto", "hardware/auto", "debug/one-step"} <= set(OPTIONS)


@pytest.mark.parametrize("command", PRIMARIES)
@pytest.mark.usefixtures("checkpoint_and_input")
def test_a_command_composes_and_is_complete(command: str) -> None:
    assert len(check_command_line(command, CommandLine.parse(NEEDED[command]), check=check_values)) == 1
    assert [key for key, value in composed(command).items() if value == "???"] == []


MODELS = [name for name in OPTIONS if name.startswith("model/")]
RARELY = {*MODELS} - {*MODELS[::4]}
"""Options that the slow tests alone compose: a fast one takes a fifth of a second."""


@pytest.mark.parametrize(
    ("command", "name"),
    [
        # Options that several commands take are composed for the first of them each time; of models, one in four.
        pytest.param(command, name, marks=[pytest.mark.slow] if number or name in RARELY else [])
        for name in OPTIONS
        for number, command in enumerate(command for command in PRIMARIES if meant_for(name, command))
    ],
)
@pytest.mark.usefixtures("checkpoint_and_input")
def test_an_option_composes_and_passes_the_checks(command: str, name: str) -> None:
    group, _, option = name.partition("/")
    needed = NEEDED[command]
    if group == "model" and command not in TRAINING:
        needed = ("task=ranking", *(word for word in needed if not word.startswith(("checkpoint=", "task="))))
    needed = tuple(word for word in needed if not word.startswith(f"{group}="))
    words = (f"{group}={option}", *needed, *NEEDED_BY.get(name, ()))
    (job,) = check_command_line(command, CommandLine.parse(words), check=check_values)
    config = job.config
    assert isinstance(config, SCHEMAS[command])
    if group == "model" and command in TRAINING:
        assert config.optimizer["lr"] == "auto"


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_is_used_by_some_command(name: str) -> None:
    assert any(meant_for(name, command) for command in PRIMARIES)


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_a_file_says_in_its_first_lines_what_it_is(name: str) -> None:
    lines = (shipped_configs() / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    headline = lines[1] if lines[0].startswith("# @package") else lines[0]
    assert headline.startswith("# ")
    assert headline.endswith((".", "?"))
    assert lines[0] == "# @package _global_" or name.partition("/")[0] not in ("experiment", "debug")


@pytest.mark.parametrize("name", [name for name in OPTIONS if name.startswith("task/")])
def test_a_task_file_sets_every_field_of_its_task(name: str) -> None:
    node = values_of(name)
    assert set(node) - {"_target_"} == set(fields_of(build_task(node)))


@pytest.mark.parametrize("command", PRIMARIES)
def test_values_of_a_command_are_those_that_hydra_composes(command: str) -> None:
    own = {key: value for key, value in values_of(command).items() if key != "hydra"}
    assert dict(items(OmegaConf.merge(OmegaConf.structured(SCHEMAS[command]), own))) == composed(command)


@pytest.mark.parametrize("name", ["model/fusion", "task/ner", "task/translation"])
def test_values_of_an_option_are_those_that_hydra_composes(name: str) -> None:
    group, _, option = name.partition("/")
    own = {**values_of("finetune"), group: values_of(name)}
    del own["hydra"]
    chosen = composed("finetune", f"{group}={option}")
    assert dict(items(OmegaConf.merge(OmegaConf.structured(SCHEMAS["finetune"]), own))) == chosen


def test_files_that_begin_with_an_underscore_are_included_by_others() -> None:
    included = {part.name for name in FILES for part in parts_of(name, SHIPPED)}
    assert set(SHIPPED) <= included


def test_debug_and_experiments_change_only_what_they_say() -> None:
    plain, changed = composed("finetune"), composed("finetune", "debug=one-step")
    differing = {key for key in plain if plain[key] != changed[key] and not isinstance(plain[key], dict)}
    assert differing == {"data.limit", "train.max_steps", "train.batch_size", "train.log_every", "data.unseen_labels"}


@pytest.mark.parametrize(
    ("flags", "fragment"),
    [
        (["--cfg", "job"], "  lr: auto"),
        (["--cfg=job", "--resolve"], "  default_lr: 0.003"),
        (["-c", "job", "-p", "optimizer"], "# @package optimizer\n"),
        (["--cfg", "hydra"], "sweep:\n    dir: runs\n"),
        (["--cfg", "all"], "\nschedule:\n"),
        (["--help"], "each key of it to be set with key=value"),
        (["-h", "--resolve"], "default_lr: 0.003"),
        (["--hydra-help"], "Hydra ("),
    ],
)
def test_flags_that_print(ftk: Callable[..., Result], flags: list[str], fragment: str) -> None:
    words = [] if flags == ["--hydra-help"] else ["model=tiny", "model.default_lr=3e-3"]
    result = ftk("finetune", *flags, *words)
    assert (result.code, result.err) == (0, "")
    assert fragment in result.out
    assert list(Path().iterdir()) == []


def test_info_says_where_configs_come_from(tmp_path: Path) -> None:
    # In a process of its own: Hydra logs what it prints, to where standard output was at first.
    argv = [sys.executable, "-m", "ftk", "finetune", "--info", "model=tiny"]
    answer = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert f"| ftk      | file://{shipped_configs()} |" in answer.stdout
    assert "    model: tiny:" in answer.stdout
    assert answer.stderr == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", PRIMARIES)
def test_help_shows_groups_and_keys(ftk: Callable[..., Result], command: str) -> None:
    result = ftk(command, "--help")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"ftk {command}: ")
    # The groups that are named are those that the command takes.
    assert all((f"\n{name}: " in result.out) == (command in TRAINING) for name in ("optimizer", "debug"))
    assert "hydra" not in result.out.replace("hydra.cc", "")
    if command in ("compare", "report"):  # they take runs, and no groups
        return
    assert re.search("^(hardware: auto, cpu|Groups, .*: data, hardware, model, task)", result.out, re.MULTILINE)
    # Each key follows its description.
    if command == "check":  # it has no run folder
        return
    assert re.search(r"^run:\n(  # .*\n)+  dir: null\n(  # .*\n)+  seed: 1\n", result.out, re.MULTILINE)
