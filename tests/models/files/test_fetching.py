"""What is fetched from a hub, and what is said where it cannot be."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import TINY, Result, write_jsonl
from fake_hub import FakeHub, running_hub, use_hub
from ftk.errors import ModelError
from small_models import save_model_folder

pytestmark = pytest.mark.torch

UNWANTED = {
    **dict.fromkeys(("pytorch_model.bin", "tf_model.h5", "flax_model.msgpack", "rust_model.ot"), b"\x80"),
    **dict.fromkeys(("onnx/model.onnx", "onnx/tokenizer.json", "README.md", ".gitattributes", "modeling.py"), b""),
    **dict.fromkeys(("chat_template.jinja", "training_args.bin", "model.fp16.safetensors", "vocab.pkl"), b"{}"),
}
"""Files of which a model and its tokenizer need none."""
EMPTY = b"\x02\0\0\0\0\0\0\0{}"
"""A safetensors file without tensors."""


def values(**of_config: Any) -> bytes:
    return json.dumps(of_config).encode()


def like(model_type: str, tokenizer_class: str | None, *files: str) -> dict[str, bytes]:
    """The files of a repository with a vocabulary in some files, and everything that is not needed."""
    tokenizer = {} if tokenizer_class is None else {"tokenizer_config.json": values(tokenizer_class=tokenizer_class)}
    vocabulary = {name: f"vocabulary {name}".encode() for name in files}
    return {
        "config.json": values(model_type=model_type),
        "model.safetensors": EMPTY,
        **tokenizer,
        **vocabulary,
        **UNWANTED,
    }


REPOSITORIES = {
    "marian": like("marian", "MarianTokenizer", "source.spm", "target.spm", "vocab.json", "generation_config.json"),
    "marian with two vocabularies": like("marian", None, "source.spm", "target.spm", "vocab.json", "target_vocab.json"),
    "deberta v3": like("deberta-v2", "DebertaV2Tokenizer", "spm.model"),
    "deberta v3 without tokenizer_config": like("deberta-v2", None, "spm.model", "tokenizer.json"),
    "bert": like("bert", "BertTokenizer", "vocab.txt", "tokenizer.json", "special_tokens_map.json"),
    "roberta": like("roberta", "RobertaTokenizer", "vocab.json", "merges.txt", "tokenizer.json"),
    "xlm-roberta": like("xlm-roberta", "XLMRobertaTokenizer", "sentencepiece.bpe.model", "tokenizer.json"),
    "albert": like("albert", "AlbertTokenizer", "spiece.model"),
    "t5": like("t5", "T5Tokenizer", "spiece.model", "generation_config.json"),
    "phobert": like("roberta", "PhobertTokenizer", "vocab.txt", "bpe.codes", "added_tokens.json"),
    "luke": like("luke", "LukeTokenizer", "vocab.json", "merges.txt", "entity_vocab.json"),
    "speech": like("speecht5", "SpeechT5Tokenizer", "spm_char.model"),
    "a class that nobody knows": like("bert", "TheirTokenizer", "vocab.txt", "merges.txt"),
    "an image model": like("vit", None, "preprocessor_config.json"),
    "a versioned tokenizer": {
        **like("bert", None, "tokenizer.json", "tokenizer.4.0.0.json"),
        "tokenizer_config.json": values(fast_tokenizer_files=["tokenizer.json", "tokenizer.4.0.0.json"]),
    },
    "shards": {
        **{
            name: data
            for name, data in like("bert", "BertTokenizer", "vocab.txt").items()
            if name != "model.safetensors"
        },
        "model.safetensors.index.json": values(
            weight_map={"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
        ),
        "model-00001-of-00002.safetensors": EMPTY,
        "model-00002-of-00002.safetensors": EMPTY + b" ",
    },
}


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with running_hub() as started:
        use_hub(started, tmp_path / "hub", monkeypatch)
        yield started


def fetched(name: str, revision: str | None = None, **how: Any) -> Path:
    from ftk.models.files.hub import fetch

    return fetch(name, revision, **how)


@pytest.mark.parametrize("kind", REPOSITORIES)
def test_what_the_classes_need_is_fetched_and_no_more(hub: FakeHub, kind: str) -> None:
    hub.add("someone/model", REPOSITORIES[kind])
    folder = fetched("someone/model")
    needed = sorted(REPOSITORIES[kind].keys() - UNWANTED.keys())
    assert hub.fetched == needed
    assert sorted(path.name for path in folder.iterdir()) == needed
    hub.contents.clear()
    assert fetched("someone/model") == folder
    assert not hub.fetched, "nothing is fetched again"


def test_an_architecture_needs_no_weights(hub: FakeHub) -> None:
    hub.add("someone/model", REPOSITORIES["bert"])
    fetched("someone/model", weights="none")
    assert "model.safetensors" not in hub.fetched
    assert "vocab.txt" in hub.fetched


@pytest.mark.slow
def test_the_vocabularies_of_all_classes_are_known() -> None:
    from transformers.models.auto.tokenization_auto import TOKENIZER_MAPPING_NAMES, tokenizer_class_from_name

    from ftk.models.files.needed import _OF_EVERY_TOKENIZER, _VOCABULARIES

    listed: set[str] = set()
    for name in {name for name in TOKENIZER_MAPPING_NAMES.values() if name}:
        try:
            listed |= set(getattr(tokenizer_class_from_name(name), "vocab_files_names", {}).values())
        except ImportError:
            continue
    assert listed <= {*_VOCABULARIES, *_OF_EVERY_TOKENIZER}


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (
            {"pytorch_model.bin": b"\x80"},
            ("pytorch_model.bin", "ftk convert someone/model", "model.revision=refs/pr/N"),
        ),
        ({"pytorch_model.fp16.bin": b"\x80"}, ("pytorch_model.fp16.bin", "ftk convert")),
        ({"pytorch_model-00001-of-00001.bin": b"", "pytorch_model.bin.index.json": b"{}"}, ("ftk convert",)),
        ({"model.fp16.safetensors": EMPTY}, ("model.fp16.safetensors", "variant fp16", "ftk convert")),
        ({"model-00001-of-00002.safetensors": EMPTY}, ("model.safetensors.index.json", "nor 1 of these")),
        ({"tf_model.h5": b"\x89HDF"}, ("TensorFlow", "from_tf=True")),
        ({"model.ckpt.index": b""}, ("TensorFlow",)),
        ({"flax_model.msgpack": b""}, ("Flax", "from_flax=True")),
        ({"onnx/model_quantized.onnx": b""}, ("ONNX", "Name the model that they were made of")),
        ({"model-q4_0.gguf": b"GGUF"}, ("GGUF",)),
        ({"openvino_model.bin": b"", "openvino_model.xml": b""}, ("OpenVINO",)),
        ({"rust_model.ot": b""}, ("Rust",)),
        ({"adapter_config.json": b"{}", "adapter_model.safetensors": EMPTY}, ("adapter of PEFT", "merge_and_unload")),
        ({"weights.safetensors": EMPTY}, ("no model.safetensors, but weights.safetensors", "name the file")),
        ({"epoch=3.ckpt": b""}, ("only epoch=3.ckpt",)),
        ({}, ("no weights at all", "model.init=random")),
    ],
)
def test_other_weights_are_named_before_anything_is_fetched(
    hub: FakeHub, files: dict[str, bytes], words: tuple[str, ...]
) -> None:
    hub.add("someone/model", {"config.json": values(model_type="bert"), "vocab.txt": b"[UNK]", **files})
    with pytest.raises(ModelError) as error:
        fetched("someone/model")
    assert all(word in str(error.value) for word in words), error.value
    assert not hub.fetched


def test_a_repository_without_a_config_is_named(hub: FakeHub) -> None:
    hub.add("someone/model", {"adapter_config.json": b"{}", "adapter_model.safetensors": EMPTY})
    with pytest.raises(ModelError, match="adapter of PEFT"):
        fetched("someone/model")


def test_the_pull_request_with_safetensors_is_named_and_works(hub: FakeHub) -> None:
    config = {"config.json": values(model_type="bert"), "vocab.txt": b"[UNK]", "pytorch_model.bin": b"\x80"}
    hub.add("someone/model", config, pull_requests=[4, 7])
    hub.add("someone/model", config, "refs/pr/4")
    hub.add("someone/model", {**config, "model.safetensors": EMPTY}, "refs/pr/7")
    with pytest.raises(ModelError, match=r"model\.revision=refs/pr/7"):
        fetched("someone/model")
    folder = fetched("someone/model", "refs/pr/7")
    assert (folder / "model.safetensors").read_bytes() == EMPTY
    assert "pytorch_model.bin" not in hub.fetched


@pytest.mark.parametrize(("status", "words"), [(401, "HF_TOKEN"), (403, "Accept its terms at")])
def test_a_gated_model_is_refused_in_words(hub: FakeHub, status: int, words: str) -> None:
    hub.add("someone/model", REPOSITORIES["bert"], closed=status)
    with pytest.raises(ModelError, match=words):
        fetched("someone/model")


@pytest.mark.parametrize(
    ("name", "revision", "words"),
    [
        ("someone/other", None, "there is no repository 'someone/other', or it is private"),
        ("someone/model", "v9", "has no revision 'v9'"),
        ("someone/model", "f" * 40, "has no revision"),
        ("so me/model", None, "not a valid hub id"),
    ],
)
def test_what_does_not_exist_is_refused_in_words(hub: FakeHub, name: str, revision: str | None, words: str) -> None:
    hub.add("someone/model", REPOSITORIES["bert"])
    with pytest.raises(ModelError, match=words):
        fetched(name, revision)


@pytest.mark.parametrize(
    ("file", "fault", "words"),
    [
        ("model.safetensors", "cut", "broke off.* again"),
        ("model.safetensors", "cut from the start", "broke off.* again"),
        ("model.safetensors", "too short", "broke off.* again"),
        ("model.safetensors", "other bytes", "arrived damaged"),
        ("vocab.txt", "other bytes", "arrived damaged"),
        ("config.json", "cut", "broke off.* again"),
        ("config.json", "other bytes", "arrived damaged"),
        ("tokenizer.json", "error", "error .503.|broke off|answer"),
        pytest.param(
            "model.safetensors", "silent", "no answer in time.*HF_HUB_DOWNLOAD_TIMEOUT=1", marks=pytest.mark.slow
        ),
    ],
)
def test_a_broken_download_is_refused_in_words_and_the_next_one_works(
    hub: FakeHub, tmp_path: Path, file: str, fault: str, words: str
) -> None:
    files = {**REPOSITORIES["bert"], "model.safetensors": EMPTY + b" " * 1000}
    hub.add("someone/model", files)
    hub.faults[file] = fault
    with pytest.raises(ModelError, match=words):
        fetched("someone/model")
    kept = list((tmp_path / "hub").rglob("snapshots/*/*"))
    assert all(path.read_bytes() == files[path.name] for path in kept)
    hub.faults.clear()
    folder = fetched("someone/model")
    assert all((folder / name).read_bytes() == files[name] for name in files.keys() - UNWANTED.keys())


def test_a_connection_that_breaks_once_is_resumed(hub: FakeHub) -> None:
    hub.add("someone/model", {**REPOSITORIES["bert"], "model.safetensors": EMPTY + bytes(10_000)})
    hub.faults["model.safetensors"] = "cut once"
    with contextlib.suppress(ModelError):  # clients before version 2 go on with the next call only
        fetched("someone/model")
    assert (fetched("someone/model") / "model.safetensors").read_bytes() == EMPTY + bytes(10_000)


@pytest.mark.parametrize(
    ("weights", "wanted"),
    [
        (("pytorch_model.bin", "pytorch_model.fp16.bin"), ["pytorch_model.bin"]),
        (("model.fp16.safetensors", "model.bf16.safetensors", "pytorch_model.bin"), ["model.bf16.safetensors"]),
        (
            ("pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin", "pytorch_model.bin.index.json"),
            ["pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin", "pytorch_model.bin.index.json"],
        ),
        (
            ("model-00001-of-00002.fp16.safetensors", "model-00002-of-00002.fp16.safetensors"),
            ["model-00001-of-00002.fp16.safetensors", "model-00002-of-00002.fp16.safetensors"],
        ),
    ],
)
def test_a_conversion_fetches_the_weights_that_it_reads(
    hub: FakeHub, weights: tuple[str, ...], wanted: list[str]
) -> None:
    files = {name: name.encode() for name in (*weights, "training_args.bin", "onnx/model.onnx")}
    hub.add("someone/model", {"config.json": values(model_type="bert"), "vocab.txt": b"[UNK]", **files})
    fetched("someone/model", weights="convertible")
    assert hub.fetched == sorted(["config.json", "vocab.txt", *wanted])


def test_a_cache_that_something_else_filled_is_completed(hub: FakeHub) -> None:
    from huggingface_hub import hf_hub_download

    from ftk.models.loading.locate import find

    hub.add("someone/model", REPOSITORIES["marian"])
    for name in ("config.json", "model.safetensors", "vocab.json"):
        hf_hub_download("someone/model", name)
    tried: list[str] = []
    found = find("someone/model", None, tried, weights=False)
    assert found is not None
    assert {"source.spm", "target.spm"} <= set(hub.fetched)
    assert "are missing" in tried[1]


@pytest.fixture
def rows(tmp_path: Path) -> tuple[str, ...]:
    rows = [{"text": f"Ada went to {place}", "label": label} for place, label in (("Oslo", "a"), ("Lima", "b"))]
    path = write_jsonl(tmp_path / "rows.jsonl", rows * 4)
    return ("task=text-classification", f"data.train={path}", "data.validation_share=0", "data.duplicates=keep")


def run(ftk: Callable[..., Result], rows: tuple[str, ...], *words: str) -> Result:
    settings = [word for word in TINY if not word.startswith("model=")]
    return ftk("finetune", "model=auto", "model.name=someone/model", *settings, *rows, "train.max_steps=1", *words)


@pytest.mark.slow
def test_a_run_fetches_a_model_and_needs_no_hub_the_next_time(
    hub: FakeHub, ftk: Callable[..., Result], rows: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    folder = save_model_folder(Path("made"), "xlm-roberta")
    needed = hub.add_folder("someone/model", folder, **UNWANTED)
    result = run(ftk, rows, "run.dir=one")
    assert result.code == 0, result.err
    assert hub.fetched == sorted(needed)
    hub.requests.clear()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    result = run(ftk, rows, "run.dir=two")
    assert result.code == 0, result.err
    assert not hub.requests


@pytest.mark.slow
def test_a_run_that_broke_off_is_not_read_from_the_cache(
    hub: FakeHub, ftk: Callable[..., Result], rows: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    hub.add_folder("someone/model", save_model_folder(Path("made"), "bert"))
    hub.faults["tokenizer.json"] = "cut"
    result = run(ftk, rows, "run.dir=run")
    assert result.code == 1
    assert "broke off" in result.err
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    offline = run(ftk, rows, "run.dir=run")
    assert offline.code == 1
    assert "cached, but tokenizer.json is missing" in offline.err
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    hub.faults.clear()
    assert run(ftk, rows, "run.dir=run").code == 0


def test_a_hub_that_cannot_be_reached_is_one_place_of_many(
    hub: FakeHub, ftk: Callable[..., Result], rows: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    result = run(ftk, rows)
    assert result.code == 1
    assert "the model was not found" in result.err
    assert "it cannot be reached" in result.err
    assert not Path("runs").exists()


@pytest.mark.slow
def test_the_hub_is_the_one_that_the_environment_names(tmp_path: Path, rows: tuple[str, ...]) -> None:
    folder = save_model_folder(Path("made"), "bert")
    with running_hub() as started:
        needed = started.add_folder("someone/model", folder, **UNWANTED)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        environment |= {"HF_ENDPOINT": started.url, "HF_HOME": str(tmp_path / "home")}
        words = ("finetune", "model=auto", "model.name=someone/model", *rows, "train.max_steps=1", "run.curves=false")
        command = [sys.executable, "-m", "ftk", *words, "hardware=cpu", "train.baselines=none", "run.dir=run"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert started.fetched == sorted(needed)


def listed(**of_config: Any) -> dict[str, bytes]:
    """The files of a repository with a vocabulary and weights, whose config has these values."""
    return {"config.json": values(**of_config), "model.safetensors": EMPTY, "vocab.txt": b"[PAD]\n[UNK]\n"}


UNUSABLE: dict[str, tuple[str, dict[str, bytes], str]] = {
    "no head": ("text-classification", listed(model_type="mamba"), "has no head for classification"),
    "no head for vectors": ("ranking", listed(model_type="mamba"), "has no head for ranking"),
    "no decoder": ("summarization", listed(model_type="electra"), "generating text"),
    "another input": ("ner", listed(model_type="vit"), "reads images"),
    "an unfit architecture": ("ner", listed(model_type="bros"), "not supported"),
    "no tokenizer": (
        "ner",
        {"config.json": values(model_type="bert"), "model.safetensors": EMPTY, "onnx/vocab.txt": b""},
        "no tokenizer files",
    ),
    "pickles alone": ("ner", {"config.json": b"{}", "pytorch_model.bin": b"\x80"}, "ftk convert"),
    "no weights": ("ner", {"config.json": b"{}", "vocab.txt": b"a"}, "no weights at all"),
    "an adapter": ("ner", {"adapter_config.json": b"{}"}, "adapter of PEFT"),
    "no config": ("ner", {"model.safetensors": EMPTY}, "no config.json"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_a_model_that_cannot_be_used_is_refused_by_its_small_files(hub: FakeHub, case: str) -> None:
    from dataclasses import replace

    from ftk.config.paths import values_of
    from ftk.inference.places import _preset
    from ftk.models.loading.hub_models import check_hub_models
    from ftk.tasks import build_task

    task, files, words = UNUSABLE[case]
    hub.add("someone/model", files)
    with pytest.raises(ModelError, match=words):
        check_hub_models(replace(_preset(), name="someone/model"), build_task(values_of(f"task/{task}")))
    assert set(hub.fetched) <= {"config.json", "tokenizer_config.json"}


OPENED = {
    "no head for vectors": ("task=ranking", listed(model_type="mamba"), "has no head for ranking"),
    "no tokenizer": ("task=ranking", UNUSABLE["no tokenizer"][1], "no tokenizer files"),
    "another head": ("task=ner", listed(model_type="bert", architectures=["BertForMaskedLM"]), "no head for task=ner"),
    "no task": (
        "output=out.jsonl",
        listed(model_type="bert", architectures=["BertForTokenClassification"]),
        "task=ner",
    ),
}


@pytest.mark.parametrize("case", OPENED)
def test_a_model_that_cannot_be_opened_is_refused_before_its_weights_are_fetched(
    hub: FakeHub, ftk: Callable[..., Result], case: str
) -> None:
    task, files, words = OPENED[case]
    hub.add("someone/model", files)
    Path("rows.jsonl").write_text("{ no JSON")
    result = ftk("predict", "checkpoint=someone/model", task, "input=rows.jsonl")
    assert result.code == 1
    assert words in result.err
    assert "rows.jsonl" not in result.err
    assert "model.safetensors" not in hub.fetched


def test_a_model_in_the_cache_is_refused_without_a_network(
    hub: FakeHub, ftk: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    task, files, words = UNUSABLE["no head"]
    hub.add("someone/model", files)
    Path("rows.jsonl").write_text("{ no JSON")
    fetched("someone/model")
    hub.requests.clear()
    argv = ("finetune", f"task={task}", "model=auto", "data.train=rows.jsonl")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    result = ftk(*argv, "model.name=someone/model")
    assert words in result.err
    other = ftk(*argv, "model.name=someone/other")
    assert "HF_HUB_OFFLINE" in other.err
    assert "rows.jsonl" not in result.err + other.err
    assert not hub.requests


def test_a_model_that_is_not_there_is_refused_before_rows_are_read(hub: FakeHub, ftk: Callable[..., Result]) -> None:
    Path("rows.jsonl").write_text("{ no JSON")
    hub.add("someone/closed", listed(model_type="bert"), closed=403)
    for name, words in (("someone/none", "there is no repository"), ("someone/closed", "Accept its terms")):
        result = ftk("finetune", "task=ner", "model=auto", f"model.name={name}", "data.train=rows.jsonl")
        assert words in result.err
        assert "rows.jsonl" not in result.err


def test_a_damaged_config_is_not_looked_at(hub: FakeHub) -> None:
    from ftk.models.files.hub import look

    hub.add("someone/model", listed(model_type="bert"))
    hub.faults["config.json"] = "other bytes"
    with pytest.raises(ModelError, match="arrived damaged"):
        look("someone/model")
    hub.faults.clear()
    assert look("someone/model").values["config.json"] == {"model_type": "bert"}
