"""Bi-encoders that sentence-transformers opens, and the folders of sentence-transformers that are trained on."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import TINY, Result, assert_refused, write_jsonl
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.errors import ModelError
from ftk.models.loading.head_of_folder import head_in
from ftk.tasks.ranking.adopting import trained_pooling
from ftk.tasks.ranking.policies import TokenPooling
from ftk.tasks.ranking.sentence_modules import sentence_modules
from small_models import save_model_folder

pytestmark = pytest.mark.torch

Ftk = Callable[..., Result]
FAST = ("task=ranking", "train.max_steps=2", "hardware=cpu", "hardware.precision=fp32", "hardware.threads=1")
CPU = ("hardware.precision=fp32", "hardware.threads=1")
TEXTS = ["Ada went to Oslo", "hello world", "Boris went to Lima by slow train .", "Oslo"]


def rows() -> tuple[str, ...]:
    """Queries with their positives, for training and validation."""
    pairs = [{"query": one, "positive": f"{one} again"} for one in TEXTS]
    return f"data.train={write_jsonl('train.jsonl', pairs)}", "data.validation=train.jsonl"


def sentence_folder(settings: dict[str, Any] | None, *further: str, **files: Any) -> Path:
    """A folder ``st`` as sentence-transformers writes it.

    Args:
        settings: of the pooling; None: there is no such file.
        further: kinds of modules behind the pooling.
        files: contents of further JSON files, by their names without ``.json``.
    """
    folder = save_model_folder(Path("st"), "bert")
    listed = [{"idx": n, "path": f"{n}_{kind}" if n else "", "type": f"sentence_transformers.models.{kind}"}
              for n, kind in enumerate(("Transformer", "Pooling", *further))]  # fmt: skip
    files["modules"] = listed
    for name, content in files.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    if settings is not None:
        (folder / "1_Pooling").mkdir()
        (folder / "1_Pooling/config.json").write_text(json.dumps({"word_embedding_dimension": 32, **settings}))
    return folder


MODES = ("cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken")


def old(*chosen: str) -> dict[str, Any]:
    """The settings of a pooling as sentence-transformers wrote them before version 6."""
    return {**{f"pooling_mode_{mode}": mode in chosen for mode in MODES}, "include_prompt": True}


_SAID: dict[str, tuple[dict[str, Any] | None, str, str | None]] = {
    "cls": (old("cls_token"), "auto", "first"),
    "mean": (old("mean_tokens"), "auto", "mean"),
    "cls, named": ({"pooling_mode": "cls", "embedding_dimension": 32}, "auto", "first"),
    "mean, named": ({"pooling_mode": "mean"}, "auto", "mean"),
    "cls, in a list": ({"pooling_mode": ["cls"]}, "auto", "first"),
    "both ways of saying it": ({"pooling_mode": "cls", **old("cls_token")}, "auto", "first"),
    "max": (old("max_tokens"), "auto", None),
    "max, told": (old("max_tokens"), "mean", "mean"),
    "the last token": ({"pooling_mode": "lasttoken"}, "auto", None),
    "the last token, told": ({"pooling_mode": "lasttoken"}, "first", "first"),
    "weighted": (old("weightedmean_tokens"), "auto", None),
    "by the root": (old("mean_sqrt_len_tokens"), "auto", None),
    "several": (old("mean_tokens", "cls_token"), "auto", None),
    "several, named": ({"pooling_mode": ["mean", "max"]}, "auto", None),
    "none": (old(), "auto", None),
    "without the file": (None, "auto", None),
    "without the file, told": (None, "first", "first"),
    "cls, told otherwise": (old("cls_token"), "mean", "mean"),
}


@pytest.mark.parametrize("case", _SAID)
def test_a_sentence_encoder_is_trained_with_its_own_pooling(case: str) -> None:
    settings, asked, expected = _SAID[case]
    head, notes = head_in(sentence_folder(settings)), Notes()
    if expected is None:
        with pytest.raises(ModelError, match=r"model\.pooling="):
            trained_pooling(head, TokenPooling(asked), notes)
        return
    assert trained_pooling(head, TokenPooling(asked), notes) is TokenPooling(expected)
    [found] = notes.drain()
    assert found.kind == (kinds.POOLING_OF_MODEL if asked == "auto" else kinds.OTHER_POOLING)
    assert found.values["pooling"] == expected


@pytest.mark.parametrize("asked", TokenPooling)
def test_models_that_say_nothing_pool_by_the_mean_or_as_told(asked: TokenPooling) -> None:
    notes = Notes()
    expected = TokenPooling.mean if asked is TokenPooling.auto else asked
    for head in (None, head_in(save_model_folder(Path("plain"), "bert"))):
        assert trained_pooling(head, asked, notes) is expected
    assert list(notes.drain()) == []


def test_what_else_a_sentence_encoder_does_is_said(ftk: Ftk) -> None:
    prompts = {"prompts": {"query": "query: ", "document": ""}, "default_prompt_name": None}
    files = {"sentence_bert_config": {"do_lower_case": True}, "config_sentence_transformers": prompts}
    sentence_folder(old("cls_token"), "Normalize", "Dense", **files)
    trained = ftk("finetune", "--json", *FAST, *rows(), "model=auto", "model.name=st", "run.dir=run")
    assert trained.code == 0, trained.texts
    assert trained.found(kinds.POOLING_OF_MODEL).values["pooling"] == "first"
    assert trained.found(kinds.MODULES_LEFT_OUT).values["modules"] == "Dense"
    assert trained.found(kinds.TEXT_PREFIX).policy == "files"
    assert trained.count(kinds.NOT_LOWERCASED) == 1
    assert json.loads(Path("run/best/ftk.json").read_text())["task"]["fields"]["pooling"] == "first"
    assert head_in(Path("run/best")).sentences.pooling == "first"
    assert json.loads(Path("run/best/ftk.json").read_text())["text_prefix"] == {"query": "query: "}
    opened = ftk("evaluate", "--json", "checkpoint=st", "task=ranking", "data.test=train.jsonl", "run.dir=scores")
    assert_refused(opened, "Dense")


@pytest.mark.slow
def test_a_saved_model_is_whole_only_with_its_pooling(ftk: Ftk) -> None:
    save_model_folder(Path("m"), "bert")
    told = ("model=auto", "model.name=m", "model.pooling=first", "run.dir=run")
    assert ftk("finetune", *FAST, *rows(), *told).code == 0
    config = json.loads(Path("run/best/config.json").read_text())
    assert config["architectures"] == ["BertModel"]
    again = ftk("finetune", "--json", *FAST, *rows(), "model=auto", "model.name=run/best", "run.dir=again")
    assert again.found(kinds.POOLING_OF_MODEL).values["pooling"] == "first"
    resumed = ftk("finetune", *FAST, *rows(), *told, "run.resume=force", "train.max_steps=3")
    assert resumed.code == 0, resumed.err
    assert head_in(Path("run/last")).sentences.pooling == "first"
    Path("run/best/1_Pooling/config.json").write_text(json.dumps(old("mean_tokens")))
    argv = ("predict", "--json", "checkpoint=run/best", "input=train.jsonl", "output=out.jsonl")
    assert_refused(ftk(*argv), "1_Pooling/config.json")
    Path("run/best/1_Pooling/config.json").unlink()
    assert_refused(ftk(*argv), "1_Pooling/config.json")


@pytest.mark.parametrize("pooling", [TokenPooling.mean, TokenPooling.first])
def test_the_files_say_what_is_computed(pooling: TokenPooling) -> None:
    from types import SimpleNamespace

    files = sentence_modules(SimpleNamespace(hidden_size=32), 64, pooling)
    assert [one["type"].rpartition(".")[2] for one in files["modules.json"]] == ["Transformer", "Pooling", "Normalize"]
    assert files["sentence_bert_config.json"]["max_seq_length"] == 64
    chosen = [name for name, value in files["1_Pooling/config.json"].items() if value is True]
    token = "cls_token" if pooling is TokenPooling.first else "mean_tokens"
    assert chosen == [f"pooling_mode_{token}", "include_prompt"]


@pytest.mark.slow
@pytest.mark.parametrize("pooling", ["mean", "first"])
@pytest.mark.parametrize("architecture", ["bert", "roberta", "distilbert", "xlm-roberta", "mpnet"])
def test_sentence_transformers_makes_the_same_vectors_and_the_other_way_round(
    ftk: Ftk, architecture: str, pooling: str
) -> None:
    sentence_transformers = pytest.importorskip("sentence_transformers")

    import ftk as library

    save_model_folder(Path("m"), architecture)
    assert (
        ftk("finetune", *FAST, *rows(), "model=auto", "model.name=m", f"model.pooling={pooling}", "run.dir=run").code
        == 0
    )
    theirs = sentence_transformers.SentenceTransformer("run/best", device="cpu")
    vectors = theirs.encode(TEXTS)
    assert (vectors**2).sum(-1) == pytest.approx(1)
    theirs.save("theirs")
    words = ("hardware.precision=fp32",)
    for model in (library.load("run/best", *words), library.load("theirs", "task=ranking", *words)):
        record = model.predict({"query": TEXTS[0], "candidates": TEXTS})
        scores = {one["text"]: one["score"] for one in record["candidates"]}
        assert [scores[text] for text in TEXTS] == pytest.approx((vectors @ vectors[0]).tolist(), abs=1e-5)


@pytest.mark.slow
def test_sentence_transformers_puts_the_prefixes_of_a_model_before_texts(ftk: Ftk) -> None:
    sentence_transformers = pytest.importorskip("sentence_transformers")

    import ftk as library

    save_model_folder(Path("m"), "bert")
    words = ("model=auto", "model.name=m", 'model.text_prefix={query: "to ", candidate: "by "}', "run.dir=run")
    assert ftk("finetune", *FAST, *rows(), *words).code == 0
    theirs = sentence_transformers.SentenceTransformer("run/best", device="cpu")
    queries, candidates = theirs.encode_query(TEXTS[:1]), theirs.encode_document(TEXTS)
    theirs.save("theirs")
    for model in (library.load("run/best", *CPU), library.load("theirs", "task=ranking", *CPU)):
        record = model.predict({"query": TEXTS[0], "candidates": TEXTS})
        scores = {one["text"]: one["score"] for one in record["candidates"]}
        assert [scores[text] for text in TEXTS] == pytest.approx((candidates @ queries[0]).tolist(), abs=1e-5)


@pytest.mark.slow
def test_a_cross_encoder_gives_the_same_scores(ftk: Ftk) -> None:
    sentence_transformers = pytest.importorskip("sentence_transformers")

    import ftk as library

    assert ftk("finetune", *FAST, *TINY, *rows(), "task.encoder=cross", "run.dir=run").code == 0
    record = library.load("run/best", "hardware.precision=fp32").predict({"query": TEXTS[0], "candidates": TEXTS})
    scores = {one["text"]: one["score"] for one in record["candidates"]}
    theirs = sentence_transformers.CrossEncoder("run/best", device="cpu")
    found = theirs.predict([(TEXTS[0], text) for text in TEXTS]).tolist()
    assert found == pytest.approx([scores[text] for text in TEXTS], abs=1e-5)
