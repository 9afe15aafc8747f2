"""What the files of sentence-transformers say about an encoder: it is done, said, or refused."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import TINY, Result, assert_refused, write_jsonl
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.saved_head import SentenceEncoder
from ftk.contracts.text_prefix import TextPrefix
from ftk.models.loading.sentence_encoder import sentence_encoder_in, sentence_length
from small_models import save_model_folder

Ftk = Callable[..., Result]
CPU = ("hardware=cpu", "hardware.precision=fp32", "hardware.threads=1", "run.dir=scores", "run.overwrite=true")
MEAN = {"pooling_mode_mean_tokens": True}


def sentence_files(folder: Path, *, path: Any = "1_Pooling", pooling: Any = None, **files: Any) -> Path:
    """The files that sentence-transformers writes beside a model; ``files`` are others by the start of their names."""
    modules = [{"type": "st.models.Transformer", "path": ""}, {"type": "st.models.Pooling", "path": path}]
    (folder / "1_Pooling").mkdir(parents=True, exist_ok=True)
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "1_Pooling/config.json").write_text(json.dumps(MEAN if pooling is None else pooling))
    for name, content in files.items():
        (folder / f"{name.replace('__', '-')}.json").write_text(json.dumps(content))
    return folder


@pytest.mark.parametrize("path", ["", ".", "..", "/", "../", None])
def test_a_pooling_without_a_folder_of_its_own_is_not_read_from_another_one(tmp_path: Path, path: Any) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"use_cache": True, "pooling_mode_cls_token": True}))
    folder = sentence_files(tmp_path / "m", path=path)
    (folder / "config.json").write_text(json.dumps({"use_cache": True}))
    found = sentence_encoder_in(folder)
    assert found.pooling not in (None, "mean", "first", "use_cache")
    assert "modules.json" in str(found.pooling)


@pytest.mark.parametrize(
    ("settings", "pooling"),
    [
        ({"pooling_mode": "mean"}, "mean"),
        ({"pooling_mode": ["cls"]}, "first"),
        ({"pooling_mode": ["cls", "mean"]}, "cls and mean"),
        ({"pooling_mode": "lasttoken"}, "lasttoken"),
        ({"pooling_mode_mean_tokens": False}, "nothing"),
    ],
)
def test_the_mode_of_pooling_is_read_in_each_spelling(tmp_path: Path, settings: dict[str, Any], pooling: str) -> None:
    assert sentence_encoder_in(sentence_files(tmp_path, pooling=settings)).pooling == pooling


@pytest.mark.parametrize(
    ("name", "settings", "length"),
    [
        ("sentence_bert_config", {"max_seq_length": 24}, 24),
        ("sentence_roberta_config", {"max_seq_length": 24}, 24),
        ("sentence_xlm__roberta_config", {"max_seq_length": 24}, 24),
        ("sentence_distilbert_config", {"max_seq_length": 24, "do_lower_case": False}, 24),
        *(("sentence_bert_config", {"max_seq_length": odd}, None) for odd in (None, 0, -1, True, "24", [24])),
        ("sentence_bert_config", {}, None),
        ("sentence_bert_config", [24], None),
        ("another_config", {"max_seq_length": 24}, None),
    ],
)
def test_the_length_of_an_encoder_is_read(tmp_path: Path, name: str, settings: Any, length: int | None) -> None:
    assert sentence_length(sentence_files(tmp_path, **{name: settings})) == length


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({}, SentenceEncoder()),
        (
            {"prompts": {"query": "query: ", "document": ""}},
            SentenceEncoder(prompts=(("query", "query: "),), prefix=TextPrefix(query="query: ")),
        ),
        ({"prompts": {"s2p": "to: "}}, SentenceEncoder(prompts=(("s2p", "to: "),))),
        ({"prompts": None, "similarity_fn_name": None}, SentenceEncoder()),
        ({"prompts": ["query: "], "similarity_fn_name": 3}, SentenceEncoder()),
        ({"similarity_fn_name": "cosine"}, SentenceEncoder()),
        ({"similarity_fn_name": "dot"}, SentenceEncoder(similarity="dot")),
        ({"similarity_fn_name": "euclidean"}, SentenceEncoder(similarity="euclidean")),
    ],
)
def test_prompts_and_similarity_are_read(tmp_path: Path, settings: dict[str, Any], found: SentenceEncoder) -> None:
    (tmp_path / "config_sentence_transformers.json").write_text(json.dumps(settings))
    assert sentence_encoder_in(tmp_path) == found


@pytest.mark.torch
def test_what_the_files_say_is_done_or_said(ftk: Ftk) -> None:
    sentence_files(
        save_model_folder(Path("m"), "bert"),
        sentence_bert_config={"max_seq_length": 8, "do_lower_case": True},
        config_sentence_transformers={"prompts": {"s2p": "to: "}, "similarity_fn_name": "dot"},
    )
    rows = [{"query": "Ada", "candidates": ["to " * 20, "Oslo"], "labels": [1, 0]}]
    write_jsonl("in.jsonl", rows)
    argv = ("evaluate", "--json", "checkpoint=m", "task=ranking", "data.test=in.jsonl", *CPU)
    read = ftk(*argv)
    assert read.code == 0, read.err
    assert read.found(kinds.SENTENCE_LENGTH).values["length"] == 8
    assert read.found(kinds.PROMPTS_NOT_WRITTEN)
    assert read.found(kinds.OTHER_SIMILARITY)
    assert read.found(kinds.NOT_LOWERCASED)
    asked = ftk(*argv, "data.max_length=32")
    assert asked.code == 0, asked.err
    assert not asked.count(kinds.SENTENCE_LENGTH)


@pytest.mark.slow
@pytest.mark.torch
def test_a_training_of_vectors_reads_the_length_and_others_do_not(ftk: Ftk) -> None:
    sentence_files(save_model_folder(Path("m"), "bert"), sentence_bert_config={"max_seq_length": 8})
    settings = [word for word in TINY if not word.startswith("model=")]
    write_jsonl("pairs.jsonl", [{"query": f"Ada {word}", "positive": f"to {word}"} for word in ("Oslo", "Lima") * 4])
    write_jsonl(
        "texts.jsonl", [{"text": f"Ada {at} {word}", "label": word} for at in "abcd" for word in ("Oslo", "Lima")]
    )
    lengths = {}
    for task, data in (("ranking", "pairs.jsonl"), ("text-classification", "texts.jsonl")):
        words = ("model=auto", "model.name=m", f"data.train={data}", "data.validation_share=0", "train.max_steps=1")
        result = ftk("finetune", f"task={task}", *settings, *words, f"run.dir={task}", "data.duplicates=keep")
        assert result.code == 0, result.err
        lengths[task] = json.loads(Path(task, "best/ftk.json").read_text())["max_length"]
    assert lengths == {"ranking": 8, "text-classification": 64}


@pytest.mark.torch
def test_a_pooling_in_the_folder_of_the_model_is_refused_until_it_is_named(ftk: Ftk) -> None:
    sentence_files(save_model_folder(Path("m"), "bert"), path="")
    write_jsonl("in.jsonl", [{"query": "Ada", "candidates": ["to", "Oslo"], "labels": [1, 0]}])
    argv = ("evaluate", "--json", "checkpoint=m", "task=ranking", "data.test=in.jsonl", *CPU)
    assert_refused(ftk(*argv), "task.pooling=")
    named = ftk(*argv, "task.pooling=first")
    assert named.code == 0, named.err


def test_an_encoder_in_a_folder_of_its_own_is_pooled_as_the_folder_around_it_says(tmp_path: Path) -> None:
    sentence_files(tmp_path, pooling={"pooling_mode_cls_token": True})
    modules = [{"type": "st.models.Transformer", "path": "0_Transformer"}, {"type": "st.Pooling", "path": "1_Pooling"}]
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    for name, pooling in (("0_Transformer", "first"), ("another", None)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text("{}")
        assert sentence_encoder_in(tmp_path / name).pooling == pooling
