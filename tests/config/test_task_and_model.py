"""Small models and the tasks that they suit, checked before anything is read."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from conftest import Result
from ftk.config.paths import shipped_configs, values_of
from ftk.models.architectures.small import FITTED, HEADS, LEARNS, register_small_models
from ftk.tasks import build_task

MODELS = {
    path.stem: kind
    for path in sorted(shipped_configs().glob("model/*.yaml"))
    if (kind := yaml.safe_load(path.read_text()).get("config", {}).get("model_type")) in HEADS
}
TASKS = {
    path.stem: task
    for path in sorted(shipped_configs().glob("task/*.yaml"))
    if (task := build_task(values_of(f"task/{path.stem}"))).spec.command == "finetune"
}
MASKED = build_task(yaml.safe_load((shipped_configs() / "task/mlm.yaml").read_text()))


def test_each_small_model_says_which_tasks_it_learns() -> None:
    assert set(MODELS.values()) == set(HEADS) == set(LEARNS)
    for kind, heads in HEADS.items():
        said = set(re.split(", | and ", LEARNS[kind]))
        able = {name for name, task in TASKS.items() if task.spec.auto_model in heads}
        assert said == able, f"LEARNS in small/register.py must name the tasks whose head {kind} has"


@pytest.mark.torch
def test_what_they_say_is_what_they_have() -> None:
    import transformers

    from ftk.models.architectures import fusion, heads

    register_small_models()
    for kind, said in HEADS.items():
        config = type(transformers.AutoConfig.for_model(kind))
        for name in {task.spec.auto_model for task in TASKS.values()}:
            known = (
                config
                in (
                    getattr(heads, name, None) or getattr(fusion, name, None) or getattr(transformers, name)
                )._model_mapping
            )
            assert known == (name in said), (kind, name)


SHIPPED = {
    path.stem: kind
    for path in sorted(shipped_configs().glob("model/*.yaml"))
    if (kind := yaml.safe_load(path.read_text()).get("config", {}).get("model_type"))
}


@pytest.mark.torch
def test_a_shipped_architecture_is_refused_before_torch_just_where_it_has_no_head_or_reads_something_else() -> None:
    import transformers

    from ftk.models.architectures import fusion, heads
    from ftk.models.configs.model_config import import_models
    from ftk.models.loading.compatibility import unsuited

    import_models()
    images = {type(transformers.AutoConfig.for_model(kind)) for kind in ("vit", "resnet")}
    for kind in set(SHIPPED.values()):
        config = type(transformers.AutoConfig.for_model(kind))
        both = kind == "ftk-fusion"
        reads = ("text", "image") if both else ("image",) if config in images else ("text",)
        for name, task in {**TASKS, "mlm": MASKED}.items():
            auto = task.spec.auto_model
            auto_class = getattr(heads, auto, None) or getattr(fusion, auto, None) or getattr(transformers, auto)
            suits = config in auto_class._model_mapping and reads == task.spec.modalities
            if suits:
                assert unsuited(kind, task) is None, (kind, name)
            elif kind not in ("bart", "t5", "marian"):  # which have some heads: reported when the model is searched for
                assert unsuited(kind, task), (kind, name)


@pytest.mark.parametrize(
    ("words", "what", "advice"),
    [
        ("task=translation model=tiny", "bert", "It generates no text. Use model=bart-tiny"),
        ("task=summarization model=vit-tiny", "vit", "It generates no text."),
        (
            "task=image-classification model=tiny",
            "bert",
            "It reads texts, but the task reads images. Use an image model",
        ),
        ("task=ranking model=resnet-tiny", "resnet", "It reads images, but the task reads texts."),
        ("task=ner model=pointer-generator", "ftk-pointer-generator", "It supports summarization and translation. "),
    ],
)
def test_a_model_that_reads_or_writes_something_else_is_reported_in_the_configuration(
    ftk: Callable[..., Result], words: str, what: str, advice: str
) -> None:
    result = ftk("finetune", *words.split())
    assert (result.code, result.out) == (1, "")
    assert f"model.config.model_type={what}\n      {advice}" in result.err


def test_a_field_that_one_task_of_a_sweep_has_not_is_reported_with_its_job(ftk: Callable[..., Result]) -> None:
    result = ftk("finetune", "-m", "task=summarization,ner", "model=tiny", "task.num_beams=1")
    assert (result.code, result.out) == (1, "")
    assert "\n  task.num_beams\n      There is no key 'task.num_beams'.\n" in result.err
    assert "      The job is: task=ner model=tiny task.num_beams=1" in result.err
    assert "append" not in result.err


def test_a_sweep_of_models_that_do_not_suit_a_task_runs_no_job(ftk: Callable[..., Result]) -> None:
    result = ftk("finetune", "-m", "task=question-answering,multi-label", "model=cnn,tiny", "run.dir=swept")
    assert (result.code, result.out) == (1, "")
    assert "1 mistake in the configuration; nothing was run." in result.err
    what, advice = result.err.rstrip().splitlines()[-2:]
    assert what.strip() == "model.config.model_type=ftk-cnn"
    assert advice.strip() == f"It supports {LEARNS['ftk-cnn']}. Choose another model for this task."
    assert list(Path().iterdir()) == []


def test_what_is_fitted_at_once_has_no_step_to_stop_at(ftk: Callable[..., Result]) -> None:
    fitted = [name for name, kind in MODELS.items() if kind in FITTED]
    assert fitted
    for name in fitted:
        result = ftk("finetune", "task=multi-label", f"model={name}", "run.verify_resume=true")
        assert (result.code, result.out) == (1, "")
        assert "run.verify_resume=true\n      This model is fitted at once" in result.err
