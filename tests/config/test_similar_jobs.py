"""Jobs that are composed from another one are what Hydra composes of their words."""

from pathlib import Path

import pytest
from omegaconf import OmegaConf

from conftest import write_lines
from ftk.config.command_line import CommandLine
from ftk.config.jobs import Job, check_command_line
from ftk.config.mistakes import ConfigMistakes
from ftk.config.similar_jobs import SimilarJobs

slow = pytest.mark.slow


def jobs(words: tuple[str, ...]) -> list[Job]:
    line = CommandLine.parse(["-m", *words, "sweep.dir=there"])
    return check_command_line("finetune", line, check=lambda config, command: [])


@pytest.mark.parametrize(
    "words",
    [
        ("model=tiny", "optimizer.lr=1e-3,3e-3", "data.limit=null,5"),
        pytest.param(("task=ner,text-classification", "model=tiny", "run.seed=1,2"), marks=slow),
        pytest.param(("model=tiny", "model.config.hidden_size=32,64", "model.config={hidden_size: 16}"), marks=slow),
        pytest.param(("model=tiny", "model.config={hidden_size: 16},{num_hidden_layers: 1}"), marks=slow),
        pytest.param(("model=tiny", "+model.config.x=1,2", "run.seed=1,2"), marks=slow),
        pytest.param(("model=tiny", "++optimizer.lr=1e-3,2e-3", "run.seed=1,2"), marks=slow),
        pytest.param(("model=tiny", "~optimizer.betas", "run.seed=1,2"), marks=slow),
        pytest.param(("model=tiny", "run.seed=${hydra:job.num}", "optimizer.lr=1,2,${run.seed}"), marks=slow),
        pytest.param(("model=tiny", "data.train='a,b',c,'d=\\'e\\'','${now:%f}'"), marks=slow),
        pytest.param(("model=tiny", "data.train=[a,b],c", "run.seed=1,2"), marks=slow),
        pytest.param(("model=tiny", "hydra.job.name=mine", "data.cache_dir=${hydra:job.name},x"), marks=slow),
        pytest.param(("run.seed=range(1,4)", "model=tiny,small", "train.epochs=1,1.5"), marks=slow),
        pytest.param(("-cd", "own", "experiment=mine", "model=tiny", "train.epochs=1,2"), marks=slow),
    ],
)
def test_they_are_those_of_hydra(monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    Path("own/experiment").mkdir(parents=True)
    params = "{run.seed: '1,2', optimizer.lr: '1e-3,2e-3'}"
    write_lines("own/experiment/mine.yaml", ["# @package _global_", f"hydra: {{sweeper: {{params: {params}}}}}"])
    found = jobs(words)
    monkeypatch.setattr(SimilarJobs, "like_another", lambda self, words: None)
    for one, other in zip(found, jobs(words), strict=True):
        now = "${now" in "".join(words)  # its value is that of the first job, which differs between two command lines
        assert now or one.config == other.config
        assert now or one.invocation == other.invocation
        assert OmegaConf.to_yaml(one.composed) == OmegaConf.to_yaml(other.composed)


@slow
@pytest.mark.parametrize("words", [("train.max_steps=1,x",), ("optimizer.lrr=1,2",), ("run.seed=1,2,", "model=tiny")])
def test_a_mistake_in_one_of_them_is_said_as_ever(monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigMistakes) as found:
        jobs(words)
    monkeypatch.setattr(SimilarJobs, "like_another", lambda self, words: None)
    with pytest.raises(ConfigMistakes) as expected:
        jobs(words)
    assert str(found.value) == str(expected.value)
