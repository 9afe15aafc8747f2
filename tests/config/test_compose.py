"""One run or a sweep, as the job sees it; nothing of it stays behind in the process."""

import os
import shlex
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import hydra
import pytest
import yaml
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from conftest import write_lines
from ftk.commands.checks.values import check_values
from ftk.config import checking, jobs
from ftk.config.command_line import override_words
from ftk.config.compose import compose, run_jobs
from ftk.config.data_choices import Format
from ftk.config.invocation import Invocation, Outcome
from ftk.config.mistakes import ConfigMistakes
from ftk.config.schema import FinetuneConfig
from ftk.errors import ConfigError, DataError


class Jobs:
    """Notes what each job is given."""

    def __init__(self) -> None:
        self.configs: list[FinetuneConfig] = []
        self.invocations: list[Invocation] = []

    def __call__(self, config: FinetuneConfig, invocation: Invocation) -> dict[str, Any]:
        self.configs.append(config)
        self.invocations.append(invocation)
        if config.run.seed == 13:
            raise DataError("a file is broken")
        return {"seed": config.run.seed}


def run(command: str, argv: list[str], job: Jobs) -> list[Outcome]:
    return run_jobs(command, argv, job, check=check_values)


@pytest.mark.parametrize(
    ("argv", "composed"),
    [
        (["train.epochs=-1"], 1),
        (["optimizer.lrr=1"], 2),
        (["task=nerr"], 2),
        (["model=tiny", "optimizer.lrr=1"], 3),
        (["model=tiny", "task=nerr", "optimizer.lrr=1"], 3),
        (["model=tiny", "optimizer.lrr=1", "train.epochs=-1"], 4),
    ],
)
def test_nothing_is_composed_twice_to_find_mistakes(
    monkeypatch: pytest.MonkeyPatch, argv: list[str], composed: int
) -> None:
    asked: list[tuple[str, ...]] = []

    def compose(command: str, overrides: Sequence[str] = (), return_hydra_config: bool = False) -> DictConfig:
        asked.append(tuple(overrides))
        return hydra.compose(command, overrides=list(overrides), return_hydra_config=return_hydra_config)

    monkeypatch.setattr(jobs, "compose", compose)
    monkeypatch.setattr(checking, "compose", compose)
    with pytest.raises(ConfigError):
        run("finetune", argv, Jobs())
    assert len(asked) == len(set(asked)) == composed


def test_one_run() -> None:
    jobs = Jobs()
    argv = ["model=tiny", "optimizer.lr=1e-3", "debug=limit"]
    (outcome,) = run("finetune", argv, jobs)
    assert (outcome.metrics, outcome.error) == ({"seed": 1}, None)
    (invocation,) = jobs.invocations
    assert invocation.choices["model"] == "tiny"
    assert invocation.choices["task"] == "ner"
    assert invocation.overrides == tuple(argv)
    assert (invocation.swept, invocation.sweep_job, invocation.sweep_dir) == ((), None, None)
    resolved = yaml.safe_load(invocation.resolved)
    assert resolved["optimizer"]["lr"] == 1e-3
    assert resolved["data"]["limit"] == 64
    assert jobs.configs[0].model.config["hidden_size"] == resolved["model"]["config"]["hidden_size"]
    assert type(jobs.configs[0]) is FinetuneConfig
    assert type(jobs.configs[0].optimizer) is dict  # OmegaConf ends here
    assert list(Path().iterdir()) == []


def test_the_command_that_repeats_a_run() -> None:
    jobs = Jobs()
    argv = ["model=tiny", "data.encoding=latin-1", "run.dir=a b=é", "++run.overwrite=true"]
    run("finetune", argv, jobs)
    (invocation,) = jobs.invocations
    assert shlex.split(invocation.command_line()) == ["ftk", "finetune", *argv]
    again = invocation.command_line(
        without=("run.dir", "run.overwrite"), extra=("run.dir=it's=here", "run.resume=true")
    )
    assert shlex.split(again) == ["ftk", "finetune", *argv[:2], "run.dir=it's=here", "run.resume=true"]
    run("finetune", shlex.split(again)[2:], jobs)
    assert jobs.configs[1].run.dir == "it's=here"


def test_a_sweep() -> None:
    Path("own/model").mkdir(parents=True)
    write_lines("own/model/mine.yaml", ["defaults: [tiny]", "dropout: 0.2"])
    jobs = Jobs()
    argv = [
        "-m",
        "--config-dir",
        "own",
        "model=tiny,mine",
        "run.seed=range(12,14)",
        "run.dir=my sweep",
        "train.epochs=2",
    ]
    outcomes = run("finetune", argv, jobs)
    assert [(config.model.dropout, config.run.seed) for config in jobs.configs] == [
        (None, 12),
        (None, 13),
        (0.2, 12),
        (0.2, 13),
    ]
    assert [outcome.metrics for outcome in outcomes] == [{"seed": 12}, {}, {"seed": 12}, {}]
    assert [str(outcome.error) for outcome in outcomes if outcome.error is not None] == ["a file is broken"] * 2
    last = jobs.invocations[-1]
    assert (last.sweep_job, last.sweep_dir) == (3, Path("my sweep"))
    assert last.swept == ("model=mine", "run.seed=13")
    assert last.choices["model"] == "mine"
    words = shlex.split(last.command_line())
    assert sorted(words) == sorted(
        ["ftk", "finetune", "--config-dir=own", "model=mine", "run.seed=13", "train.epochs=2"]
    )
    with pytest.raises(DataError):
        run("finetune", words[2:], jobs)
    alone, in_sweep = jobs.configs[-1], jobs.configs[-2]
    assert alone.run.dir is None
    assert alone == replace(in_sweep, run=alone.run)


@pytest.mark.slow
def test_in_a_sweep_over_tasks_a_field_that_the_default_task_has_not_is_the_same_for_all() -> None:
    jobs = Jobs()
    fields = ["task.num_beams=2", "task.source_prefix=", "+model.config.dropout_rate=0.2", "task.length_penalty=1.5"]
    run("finetune", ["-m", "task=summarization,translation", "model=t5-tiny,bart-tiny", *fields[:2]], jobs)
    assert [config.task["num_beams"] for config in jobs.configs] == [2] * 4
    assert [config.task["source_prefix"] for config in jobs.configs] == [""] * 4
    assert {invocation.swept for invocation in jobs.invocations} == {
        (f"task={task}", f"model={model}")
        for task in ("summarization", "translation")
        for model in ("t5-tiny", "bart-tiny")
    }
    again = Jobs()
    run("finetune", ["-m", "task=translation,summarization", "model=t5-tiny", "run.seed=1,2", *fields], again)
    assert [config.model.config["dropout_rate"] for config in again.configs] == [0.2] * 4
    assert [config.task["length_penalty"] for config in again.configs] == [1.5] * 4
    words = shlex.split(again.invocations[-1].command_line())
    assert {"task.num_beams=2", "task.source_prefix=", "+model.config.dropout_rate=0.2"} <= set(words)


def test_a_sweep_of_one_and_where_it_goes_by_itself() -> None:
    jobs = Jobs()
    run("finetune", ["--multirun", "model=tiny"], jobs)
    (invocation,) = jobs.invocations
    assert (invocation.sweep_job, invocation.swept) == (0, ())
    assert invocation.sweep_dir is not None
    assert invocation.sweep_dir.parent == Path("runs")
    assert invocation.sweep_dir.name.startswith("finetune-sweep-")


def test_the_folder_of_a_sweep_may_be_named_in_yaml() -> None:
    Path("own/experiment").mkdir(parents=True)
    write_lines("own/experiment/mine.yaml", ["# @package _global_", "run: {dir: from/yaml}"])
    jobs = Jobs()
    run("finetune", ["-m", "-cd", "own", "experiment=mine", "model=tiny", "run.seed=1,2"], jobs)
    assert [invocation.sweep_dir for invocation in jobs.invocations] == [Path("from/yaml")] * 2
    assert {path.name for path in Path().iterdir()} == {"own", "from"}


@pytest.mark.parametrize(
    "argv", [["model=tiny", "run.seed=13"], ["model=tinny"], ["--cfg", "job"], ["-m", "model=tiny"]]
)
def test_nothing_stays_behind(argv: list[str]) -> None:
    before = (list(sys.argv), dict(os.environ), Path.cwd())
    with suppress(ConfigError, DataError):
        run("finetune", argv, Jobs())
    assert (list(sys.argv), dict(os.environ), Path.cwd()) == before
    assert not GlobalHydra.instance().is_initialized()


def test_what_has_changed_since_the_sweep_was_checked_fails_its_job_alone() -> None:
    write_lines("data.conll", ["Ada\tB-PER", ""])

    class Removes(Jobs):
        def __call__(self, config: FinetuneConfig, invocation: Invocation) -> dict[str, Any]:
            Path("data.conll").unlink()
            return super().__call__(config, invocation)

    outcomes = run("finetune", ["-m", "model=tiny", "data.train=data.conll", "run.seed=1,2", "run.dir=x"], Removes())
    assert outcomes[0].error is None
    assert isinstance(outcomes[1].error, ConfigError)
    assert "There is no such file" in str(outcomes[1].error)


def composed(*overrides: str, **options: Any) -> Any:
    return compose("finetune", overrides, check=check_values, **options)


def test_a_run_is_composed_from_python(capfd: pytest.CaptureFixture[str]) -> None:
    Path("own/model").mkdir(parents=True)
    write_lines("own/model/mine.yaml", ["defaults: [tiny]", "dropout: 0.2"])
    job = composed("model=mine", "run.dir=a=b", config_dir=Path("own"))
    assert type(job.config) is FinetuneConfig
    assert (job.config.model.dropout, job.config.run.dir) == (0.2, "a=b")
    assert job.invocation.own_choices == {"model"}
    jobs = Jobs()
    run("finetune", shlex.split(job.invocation.command_line())[2:], jobs)
    assert jobs.configs == [job.config]
    with pytest.raises(ConfigMistakes) as caught:
        composed("model=tiny", "optimizer.lrr=1", "train.epochs=-1", "data.train=missing.conll", "--cfg")
    assert [mistake.what for mistake in caught.value.mistakes] == [
        "optimizer.lrr=1",
        "--cfg",
        "train.epochs=-1",
        "data.train=missing.conll",
    ]
    assert capfd.readouterr() == ("", "")


def test_values_of_python_are_taken_as_they_are() -> None:
    values = {
        "task": "multi-label",
        "model": "tiny",
        "data.train": [Path("it's, here.jsonl"), "${b}.jsonl", "a\\${b}\\"],
        "data.format": Format.jsonl,
        "data.columns.label": ["a b", "1"],
        "data.limit": None,
        "optimizer.lr": 1e-05,
        "run.overwrite": True,
        "run.seed": 7,
        "+model.config.id": {"a: b": 1.5},
    }
    config = compose("finetune", override_words(values), check=lambda config, command: []).config
    assert config.data.train == ["it's, here.jsonl", "${b}.jsonl", "a\\${b}\\"]
    assert config.data.format is Format.jsonl
    assert config.data.columns["label"] == ["a b", "1"]
    assert (config.data.limit, config.optimizer["lr"], config.run.overwrite, config.run.seed) == (None, 1e-05, True, 7)
    assert config.model.config["id"] == {"a: b": 1.5}


def test_an_application_that_uses_hydra_itself_finds_it_as_it_was() -> None:
    write_lines("theirs.yaml", ["value: 3"])
    with hydra.initialize_config_dir(str(Path.cwd()), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        composed("model=tiny")
        assert GlobalHydra.instance().config_loader() is loader
        assert hydra.compose("theirs").value == 3


def test_settings_of_hydra_hold_for_each_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FTK_OF_A_JOB", raising=False)
    seen: list[tuple[int, Any, str | None, str]] = []

    def job(config: FinetuneConfig, invocation: Invocation) -> dict[str, Any]:
        settings = HydraConfig.get()
        seen.append((config.run.seed, settings.job.num, os.environ.get("FTK_OF_A_JOB"), settings.sweep.dir))
        return {}

    argv = ["-m", "model=tiny", "run.seed=${hydra:job.num}", "optimizer.lr=1e-3,2e-3", "run.dir='x-${now:%f}'"]
    outcomes = run_jobs("finetune", [*argv, "+hydra.job.env_set.FTK_OF_A_JOB=yes"], job, check=check_values)
    assert [outcome.error for outcome in outcomes] == [None, None]
    folder = str(outcomes[0].invocation.sweep_dir)
    assert seen == [(0, 0, "yes", folder), (1, 1, "yes", folder)]
    assert "FTK_OF_A_JOB" not in os.environ
    assert not HydraConfig.initialized()


def test_a_config_may_sweep_and_the_command_line_comes_first() -> None:
    Path("own/experiment").mkdir(parents=True)
    params = "{run.seed: '1,2', model: 'tiny,small', train.epochs: 3}"
    write_lines("own/experiment/mine.yaml", ["# @package _global_", f"hydra: {{sweeper: {{params: {params}}}}}"])
    jobs = Jobs()
    run("finetune", ["-m", "-cd", "own", "experiment=mine", "model=tiny"], jobs)
    assert [(config.run.seed, config.train.epochs) for config in jobs.configs] == [(1, 3), (2, 3)]
    assert [invocation.swept for invocation in jobs.invocations] == [("run.seed=1",), ("run.seed=2",)]


def test_a_config_cannot_choose_how_jobs_run() -> None:
    Path("own/experiment").mkdir(parents=True)
    write_lines("own/experiment/mine.yaml", ["# @package _global_", "hydra: {mode: MULTIRUN}"])
    with pytest.raises(ConfigMistakes, match="Use -m for a sweep"):
        composed("model=tiny", "experiment=mine", config_dir="own")


def test_of_two_values_for_one_key_a_sweep_takes_the_last() -> None:
    jobs = Jobs()
    run("finetune", ["-m", "model=tiny", "run.seed=1,2,3", "optimizer.lr=1e-3,2e-3", "run.seed=4"], jobs)
    assert [(config.run.seed, config.optimizer["lr"]) for config in jobs.configs] == [(4, 1e-3), (4, 2e-3)]
