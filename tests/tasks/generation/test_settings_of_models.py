"""How texts are generated: what the user names wins over the files of the model, and these over the values of ftk."""

import json
from pathlib import Path
from typing import Any

import pytest

from ftk.config.paths import values_of
from ftk.contracts.notes import Notes
from ftk.contracts.saved_head import SavedHead
from ftk.tasks import build_task
from ftk.tasks import finding_kinds as kinds
from sequence_runs import FAST, number_files

pytestmark = pytest.mark.torch
GERMAN = {"early_stopping": True, "max_length": 300, "num_beams": 4, "prefix": "translate English to German: "}
FRENCH = {**GERMAN, "num_beams": 2, "prefix": "translate English to French: "}
SUMMARY = {"length_penalty": 2.0, "max_length": 200, "min_length": 30, "num_beams": 6, "prefix": "summarize: "}
T5 = {"summarization": SUMMARY, "translation_en_to_de": GERMAN, "translation_en_to_fr": FRENCH}


def settled(task: str, params: dict[str, Any], **fields: Any) -> tuple[Any, list[str]]:
    """The task as a model with these parameters settles it, and the kinds of what was said."""
    asked, notes = build_task({**values_of(f"task/{task}"), **fields}), Notes()
    assert asked.spec.settle is not None
    head = SavedHead(architecture=None, auto_model=None, names=(), task_params=params)
    return asked.spec.settle(asked, head, notes), [found.kind.id for found in notes]


def model_with(params: dict[str, Any] | None, **settings: Any) -> Any:
    from transformers import T5Config, T5ForConditionalGeneration

    sizes = {"d_model": 8, "d_kv": 4, "d_ff": 8, "num_layers": 1, "num_decoder_layers": 1, "num_heads": 2}
    config = T5Config(**sizes, vocab_size=20, decoder_start_token_id=0, task_specific_params=params)
    model = T5ForConditionalGeneration(config)
    for name, value in settings.items():
        setattr(model.generation_config, name, value)
    return model


def written(task: Any, model: Any) -> Any:
    task.prepare_model(model, None, new_head=False)
    return model.generation_config


def test_the_prefix_is_the_one_that_the_model_names() -> None:
    assert settled("summarization", T5)[0].source_prefix == "summarize: "
    assert settled("summarization", T5)[1] == [kinds.PREFIX_OF_MODEL.id]
    only = {"translation_en_to_de": GERMAN}
    assert settled("translation", only)[0].source_prefix == GERMAN["prefix"]
    task, said = settled("translation", T5)  # which of the two?
    assert (task.source_prefix, said) == ("", [kinds.PREFIX_OPEN.id])
    for named in ("", "say: "):
        task, said = settled("summarization", T5, source_prefix=named)
        assert (task.source_prefix, said) == (named, [])
    assert settled("summarization", {})[0].source_prefix == ""
    assert settled("summarization", {"summarization": "odd"})[0].source_prefix == ""


def test_named_values_win_over_the_model_and_the_model_over_those_of_ftk() -> None:
    task, _ = settled("summarization", {})
    usual = written(task, model_with(None))
    assert (usual.num_beams, usual.max_new_tokens, usual.max_length) == (4, 128, None)
    own = written(task, model_with(None, num_beams=3, max_length=40, no_repeat_ngram_size=3))
    assert (own.num_beams, own.max_new_tokens, own.max_length, own.no_repeat_ngram_size) == (3, None, 40, 3)
    task, _ = settled("summarization", T5)
    of_task = written(task, model_with(T5, num_beams=3, no_repeat_ngram_size=3))
    found = (of_task.num_beams, of_task.max_length, of_task.min_length, of_task.length_penalty)
    assert (*found, of_task.no_repeat_ngram_size) == (6, 200, 30, 2.0, 3)
    task, _ = settled("summarization", T5, num_beams=2, max_new_tokens=50, length_penalty=0.5)
    named = written(task, model_with(T5))
    assert (named.num_beams, named.max_new_tokens, named.max_length, named.length_penalty) == (2, 50, None, 0.5)


def test_the_entry_with_the_named_prefix_counts_and_agrees_with_the_saved_settings() -> None:
    task, _ = settled("translation", T5, source_prefix=FRENCH["prefix"], max_new_tokens=60)
    model = model_with(json.loads(json.dumps(T5)))
    assert (written(task, model).num_beams, model.generation_config.max_new_tokens) == (2, 60)
    entries = model.config.task_specific_params
    assert entries["translation_en_to_fr"] == {**FRENCH, "max_length": None}
    assert entries["translation_en_to_de"] == GERMAN
    again = written(task, model)
    assert (again.num_beams, again.max_new_tokens, again.max_length) == (2, 60, None)


@pytest.mark.slow
def test_a_run_takes_and_keeps_what_its_model_says(ftk: Any) -> None:
    common = ("task=summarization", *(word for word in FAST if "max_new" not in word), *number_files())
    more = ("train.max_steps=2", "task.generate_rows=4", "run.curves=false")
    result = ftk("finetune", *common, *more, "model=t5-tiny", "run.dir=first")
    assert result.code == 0, result.err
    folder = Path("first/best")
    config = json.loads((folder / "config.json").read_text())
    entry = {"max_length": 12, "min_length": 2, "num_beams": 2, "prefix": "two "}
    (folder / "config.json").write_text(json.dumps({**config, "task_specific_params": {"summarization": entry}}))
    (folder / "generation_config.json").unlink()
    (folder / "ftk.json").unlink()
    argv = ("--json", *common, *more, "model=auto", f"model.name={folder}", "run.dir=second")
    result = ftk("finetune", *argv, "run.stop_after=1")
    assert result.found(kinds.PREFIX_OF_MODEL).values["prefix"] == "two "
    result = ftk("finetune", *argv, "run.resume=true")
    assert result.code == 0, result.err
    saved = json.loads(Path("second/best/generation_config.json").read_text())
    assert (saved["num_beams"], saved["max_length"], saved["min_length"]) == (2, 12, 2)
    assert json.loads(Path("second/best/ftk.json").read_text())["task"]["fields"]["source_prefix"] == "two "


@pytest.mark.slow
def test_a_run_of_an_earlier_release_goes_on_as_it_began(ftk: Any) -> None:
    argv = ("task=translation", "model=t5-tiny", *FAST, *number_files(), "train.max_steps=3", "run.curves=false")
    assert ftk("finetune", *argv, "run.dir=run", "run.stop_after=1").code == 0
    path = Path("run/config.yaml")
    text = (
        path.read_text().replace("source_prefix: auto", "source_prefix: ''").replace("num_beams: null", "num_beams: 4")
    )
    path.write_text(text)
    result = ftk("finetune", *argv, "run.dir=run", "run.resume=true")
    assert result.code == 0, result.err
    assert json.loads(Path("run/best/ftk.json").read_text())["task"]["fields"]["num_beams"] == 4
