"""Model folders whose weights are missing, not whole, or something else: refused in words before a row is read."""

import contextlib
import json
import re
import shlex
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from conftest import Result
from ftk.errors import ModelError
from ftk.models.files.whole import check_safetensors, check_weights, refuse_pointers

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 437955512\n" % (b"0" * 64)
HEADER = json.dumps({"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
WHOLE = struct.pack("<Q", len(HEADER)) + HEADER + bytes(8)
INDEX = json.dumps({"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}})


def made(**files: bytes | str) -> Path:
    """A folder with these files; '__' in a name stands for a dot."""
    folder = Path("encoder")
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "bert"}')
    for name, content in files.items():
        path = folder / name.replace("__", ".").replace("_of_", "-of-").replace("model_0", "model-0")
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


REFUSED: dict[str, tuple[dict[str, bytes | str], str]] = {
    "a pickle": ({"pytorch_model__bin": b"\x80"}, "pytorch_model.bin is a pickle file.*ftk convert encoder"),
    "a pointer for a pickle": ({"pytorch_model__bin": POINTER}, "pytorch_model.bin: this is a Git-LFS pointer"),
    "a pointer for a pickled shard": (
        {"pytorch_model__bin__index__json": "{}", "pytorch_model_00001_of_00001__bin": POINTER},
        "model-00001-of-00001.bin: this is a Git-LFS pointer",
    ),
    "a pointer for a variant": ({"model__fp16__safetensors": POINTER}, "fp16.safetensors: this is a Git-LFS pointer"),
    "a pointer for TensorFlow": ({"tf_model__h5": POINTER}, "tf_model.h5: this is a Git-LFS pointer"),
    "pickled shards": (
        {"pytorch_model__bin__index__json": "{}", "pytorch_model_00001_of_00001__bin": b""},
        "ftk convert encoder",
    ),
    "pickled shards, one missing": ({"pytorch_model_00001_of_00003__bin": b""}, "2 of the 3 shards"),
    "a pointer": ({"model__safetensors": POINTER}, "model.safetensors: this is a Git-LFS pointer.*git lfs pull"),
    "a pointer for a shard": (
        {
            "model__safetensors__index__json": INDEX,
            "model_00001_of_00002__safetensors": WHOLE,
            "model_00002_of_00002__safetensors": POINTER,
        },
        "model-00002-of-00002.safetensors: this is a Git-LFS pointer",
    ),
    "a pointer for the index": ({"model__safetensors__index__json": POINTER}, "index.json: this is a Git-LFS pointer"),
    "a half-precision variant": ({"model__fp16__safetensors": WHOLE}, "variant fp16.*ftk convert encoder"),
    "a missing shard": (
        {"model__safetensors__index__json": INDEX, "model_00001_of_00002__safetensors": WHOLE},
        "lacks 1 of the files that it names: model-00002-of-00002.safetensors",
    ),
    "an index alone": ({"model__safetensors__index__json": INDEX}, "2 of the files that it names"),
    "an index of nothing": ({"model__safetensors__index__json": "[]"}, "weight_map is missing"),
    "an index that leads out": (
        {"model__safetensors__index__json": INDEX.replace("model-00001", "../model-00001")},
        "does not name a safetensors file",
    ),
    "shards without an index": (
        {"model_00001_of_00002__safetensors": WHOLE, "model_00002_of_00002__safetensors": WHOLE},
        "their model.safetensors.index.json is not there.*run 'ftk convert encoder",
    ),
    "shards without an index, one missing": ({"model_00001_of_00002__safetensors": WHOLE}, "nor 1 of these"),
    "cut in the data": ({"model__safetensors": WHOLE[:-3]}, "is cut: it has 7. bytes, its header describes 7."),
    "cut in the header": ({"model__safetensors": WHOLE[:30]}, "is cut"),
    "cut at the start": ({"model__safetensors": WHOLE[:4]}, "ends after 4 bytes"),
    "empty": ({"model__safetensors": b""}, "ends after 0 bytes"),
    "too long": ({"model__safetensors": WHOLE + b"more"}, "is damaged"),
    "a web page": ({"model__safetensors": b"<!DOCTYPE html><html>"}, "a web page"),
    "a pickle by another name": ({"model__safetensors": b"PK\x03\x04\0\0\0\0\0\0\0\0"}, "a file of PyTorch"),
    "a text": ({"model__safetensors": b"hello, world"}, "no safetensors file"),
    "TensorFlow": ({"tf_model__h5": b""}, "TensorFlow"),
    "Flax": ({"flax_model__msgpack": b""}, "Flax"),
    "ONNX": ({"model__onnx": b""}, "ONNX"),
    "GGUF": ({"encoder__gguf": b""}, "GGUF"),
    "another name": ({"weights__safetensors": WHOLE}, "name the file model.safetensors"),
    "a checkpoint of a trainer": ({"last__ckpt": b""}, "only last.ckpt"),
    "nothing": ({}, "no weights at all"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_weights_that_are_not_there_or_not_whole_are_refused(name: str) -> None:
    files, words = REFUSED[name]
    with pytest.raises(ModelError, match=words):
        check_weights(made(**files))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(cut=st.integers(0, len(WHOLE) - 1), end=st.binary(max_size=9))
def test_a_file_of_another_size_is_refused_whatever_it_ends_with(cut: int, end: bytes) -> None:
    assume(WHOLE[:cut] + end != WHOLE)
    path = Path("model.safetensors")
    path.write_bytes(WHOLE[:cut] + end)
    with contextlib.suppress(ModelError):
        check_safetensors(path)
        assert path.stat().st_size == len(WHOLE)


def test_whole_weights_are_let_in() -> None:
    check_weights(made(model__safetensors=WHOLE, pytorch_model__bin=POINTER, tf_model__h5=POINTER))


@pytest.mark.parametrize("file", ["tokenizer.json", "spm.model", "source.spm", "vocab.txt", "config.json"])
def test_a_pointer_for_the_tokenizer_is_refused(file: str) -> None:
    folder = made(model__safetensors=WHOLE)
    (folder / file).write_bytes(POINTER)
    with pytest.raises(ModelError, match=f"{file}: this is a Git-LFS pointer"):
        refuse_pointers(folder)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("model.name=encoder", "model.revision=main"), "encoder is a folder, which has no revisions"),
        (("model.name=encoder",), "pytorch_model.bin is a pickle file"),
        (("model.init=random", "model.revision=main", "+model.config.model_type=bert"), "only a hub id has revisions"),
    ],
)
def test_a_run_is_refused_before_its_rows_are_read(
    ftk: Callable[..., Result], words: tuple[str, ...], told: str
) -> None:
    made(pytorch_model__bin=b"\x80")
    Path("rows.jsonl").write_text("no JSON")
    result = ftk("finetune", "task=text-classification", "model=auto", "data.train=rows.jsonl", *words)
    assert result.code == 1
    assert told in result.err
    assert "rows.jsonl" not in result.err


@pytest.mark.parametrize("place", ["my models/encoder", "it's/encoder", "plain/encoder"])
def test_the_command_that_is_printed_can_be_pasted(place: str) -> None:
    folder = Path(place)
    folder.parent.mkdir()
    made(pytorch_model__bin=b"\x80").rename(folder)
    with pytest.raises(ModelError) as error:
        check_weights(folder)
    [command] = re.findall("Run (?:'(ftk[^']*)'|`(ftk.*)`)", str(error.value))
    assert shlex.split("".join(command)) == ["ftk", "convert", place, "encoder-safetensors"]


@pytest.mark.parametrize(
    ("command", "key"),
    [
        ("finetune", "model.name"),
        ("finetune", "model.tokenizer.name"),
        ("predict", "checkpoint"),
        ("evaluate", "checkpoint"),
        ("predict", "model.name"),
    ],
)
@pytest.mark.parametrize("file", ["model.safetensors", "config.json"])
def test_a_file_is_not_taken_for_a_folder(ftk: Callable[..., Result], command: str, key: str, file: str) -> None:
    made(model__safetensors=WHOLE)
    Path("rows.jsonl").write_text("no JSON")
    rows = {"finetune": "data.train=rows.jsonl", "predict": "input=rows.jsonl", "evaluate": "data.test=rows.jsonl"}
    words = [] if key == "checkpoint" else ["model=auto"]
    words += ["model.name=encoder"] if "tokenizer" in key else []
    result = ftk(command, "task=text-classification", *words, f"{key}=encoder/{file}", rows[command])
    assert result.code == 1
    assert "file; name the folder that it is in" in result.err
    assert f"{key}=encoder" in result.err.replace(f"{key}=encoder/", "")
    assert "rows.jsonl" not in result.err


@pytest.mark.parametrize("inner", ["0_Transformer", "encoder"])
def test_a_folder_around_a_model_is_named(ftk: Callable[..., Result], inner: str) -> None:
    Path("outer", inner).mkdir(parents=True)
    Path("outer", inner, "config.json").write_text("{}")
    result = ftk("finetune", "task=ner", "model=auto", "model.name=outer", "data=demo")
    assert result.code == 1
    assert f"model.name=outer/{inner}" in result.err
