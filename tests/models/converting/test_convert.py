"""``ftk convert``: what is written, and what is refused."""

import json
import pickle
import shutil
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import Result
from fake_hub import FakeHub, running_hub, use_hub
from ftk.models.loading.head_of_folder import head_in
from small_models import save_model_folder

pytestmark = pytest.mark.torch

CANARY = "EXECUTED"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with a masked-language head, whose tables are tied, and its tensors as a pickle."""
    folder = save_model_folder(tmp_path_factory.mktemp("models") / "bert", "bert", "AutoModelForMaskedLM")
    pickled(folder)
    return folder


def pickled(folder: Path) -> dict[str, Any]:
    """Replace the weights of a folder by a pickle of all tensors, the shared ones among them."""
    import torch
    import transformers

    config = json.loads((folder / "config.json").read_text())
    model = getattr(transformers, config["architectures"][0]).from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    return dict(model.state_dict())


@pytest.fixture
def source(whole: Path) -> Path:
    return Path(shutil.copytree(whole, "bert"))


def state(folder: Path) -> Any:
    import torch

    return torch.load(folder / "pytorch_model.bin", weights_only=True)


def save(folder: Path, value: Any, **how: Any) -> None:
    import torch

    torch.save(value, folder / "pytorch_model.bin", **how)


def assert_equal(folder: str, expected: dict[str, Any]) -> None:
    """Assert that transformers loads these tensors, and misses none."""
    import torch
    import transformers

    config = json.loads(Path(folder, "config.json").read_text())
    kind = getattr(transformers, config["architectures"][0])
    model, info = kind.from_pretrained(folder, output_loading_info=True)
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    loaded = model.state_dict()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in expected.items())


def test_a_pickle_becomes_safetensors_with_everything_else(ftk: Callable[..., Result], source: Path) -> None:
    result = ftk("convert", "bert", "out")
    assert result.code == 0, result.err
    assert_equal("out", state(source))
    from safetensors import safe_open

    with safe_open("out/model.safetensors", "pt") as stream:
        assert stream.metadata() == {"format": "pt"}
        assert "cls.predictions.decoder.weight" not in stream.keys()  # noqa: SIM118
    copied = {path.name for path in source.iterdir()} - {"pytorch_model.bin"}
    assert {path.name for path in Path("out").iterdir()} == {*copied, "model.safetensors"}
    assert not [path for path in Path().iterdir() if path.name.startswith(".")]


@pytest.mark.slow
def test_a_sentence_encoder_keeps_how_it_pools(ftk: Callable[..., Result], source: Path) -> None:
    modules = [{"path": "", "type": "models.Transformer"}, {"path": "1_Pooling", "type": "models.Pooling"}]
    (source / "modules.json").write_text(json.dumps(modules))
    (source / "1_Pooling").mkdir()
    (source / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))
    (source / "other").mkdir()
    (source / "other" / "config.json").write_text("{}")
    for words in ((), ("--overwrite",)):
        result = ftk("convert", "bert", "out", *words)
        assert result.code == 0, result.err
        assert head_in(Path("out")).sentences.pooling == head_in(source).sentences.pooling == "first"
        assert not Path("out", "other").exists()
    Path("out", "1_Pooling", "note.txt").write_text("mine")
    refused = ftk("convert", "bert", "out", "--overwrite")
    assert refused.code == 1
    assert "is no model folder" in refused.err


@pytest.mark.slow
def test_what_is_converted_trains(ftk: Callable[..., Result], source: Path, toy: tuple[str, ...]) -> None:
    argv = ("finetune", "model=auto", "hardware=cpu", "debug=one-step", *toy, "run.dir=run")
    refused = ftk(*argv, "model.name=bert")
    assert refused.code == 1
    assert "ftk convert bert bert-safetensors" in refused.err
    assert ftk("convert", "bert", "bert-safetensors").code == 0
    assert ftk(*argv, "model.name=bert-safetensors").code == 0


def legacy(folder: Path) -> None:
    save(folder, state(folder), _use_new_zipfile_serialization=False)


def half(folder: Path) -> None:
    save(folder, {name: tensor.half() for name, tensor in state(folder).items()})


def untied(folder: Path) -> None:
    save(folder, {name: tensor.clone() for name, tensor in state(folder).items()})


def transposed(folder: Path) -> None:
    save(folder, {name: t.t().contiguous().t() if t.ndim == 2 else t for name, t in state(folder).items()})


def shared_by_mistake(folder: Path) -> None:
    """Tensors that are one in the file, and that the model does not tie."""
    tensors = state(folder)
    tensors["bert.encoder.layer.0.output.dense.bias"] = tensors["bert.encoder.layer.1.output.dense.bias"]
    save(folder, tensors)


def views(folder: Path) -> None:
    """Tensors that are parts of one storage and lie over each other."""
    import torch

    tensors = state(folder)
    one = torch.arange(48.0)
    tensors["bert.encoder.layer.0.output.dense.bias"] = one[:32]
    tensors["bert.encoder.layer.1.output.dense.bias"] = one[16:]
    save(folder, tensors)


def parameters(folder: Path) -> None:
    import torch

    save(folder, {name: torch.nn.Parameter(tensor) for name, tensor in state(folder).items()})


def variant(folder: Path) -> None:
    (folder / "pytorch_model.bin").rename(folder / "pytorch_model.fp16.bin")


def of_safetensors(folder: Path) -> None:
    from safetensors.torch import save_file

    tensors = {name: tensor.clone() for name, tensor in state(folder).items()}
    save_file(tensors, folder / "model.fp16.safetensors", {"format": "pt"})
    (folder / "pytorch_model.bin").unlink()


def shards(folder: Path, *, index: bool = True) -> None:
    import torch

    tensors = state(folder)
    names = sorted(tensors)
    parts = [names[: len(names) // 2], names[len(names) // 2 :]]
    files = [f"pytorch_model-{number:05d}-of-00002.bin" for number in (1, 2)]
    for file, part in zip(files, parts, strict=True):
        torch.save({name: tensors[name] for name in part}, folder / file)
    if index:
        mapped = {name: file for file, part in zip(files, parts, strict=True) for name in part}
        (folder / "pytorch_model.bin.index.json").write_text(json.dumps({"metadata": {}, "weight_map": mapped}))
    (folder / "pytorch_model.bin").unlink()


def shards_without_index(folder: Path) -> None:
    shards(folder, index=False)


CHANGES: list[Callable[[Path], None]] = [
    *(legacy, half, untied, transposed, shared_by_mistake, views, parameters),
    *(variant, of_safetensors, shards, shards_without_index),
]


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
def test_tensors_are_the_same_however_they_were_saved(
    ftk: Callable[..., Result], source: Path, change: Callable[[Path], None]
) -> None:
    before = state(source)
    change(source)
    expected = state(source) if (source / "pytorch_model.bin").exists() else before
    result = ftk("convert", "bert", "out")
    assert result.code == 0, result.err
    assert_equal("out", expected)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("architecture", "head"),
    [
        ("roberta", "AutoModelForMaskedLM"),
        ("deberta-v2", "AutoModelForMaskedLM"),
        ("electra", "AutoModelForMaskedLM"),
        ("albert", "AutoModelForMaskedLM"),
        ("mpnet", "AutoModelForMaskedLM"),
        ("distilbert", "AutoModelForMaskedLM"),
        ("modernbert", "AutoModelForMaskedLM"),
        ("xlm-roberta", "AutoModelForTokenClassification"),
        ("bert", "AutoModel"),
    ],
)
def test_tied_tensors_of_architectures(ftk: Callable[..., Result], architecture: str, head: str) -> None:
    folder = save_model_folder(Path("model"), architecture, head)
    expected = pickled(folder)
    result = ftk("convert", "model", "out")
    assert result.code == 0, result.err
    assert_equal("out", expected)


class Payload:
    """What a pickle runs when it is opened."""

    def __reduce__(self) -> Any:
        return (exec, (f"open({CANARY!r}, 'w').close()",))


def code(folder: Path) -> None:
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Payload(), protocol=2))


def code_in_archive(folder: Path) -> None:
    _replace_pickle(folder, pickle.dumps({"a": Payload()}, protocol=2))


def _replace_pickle(folder: Path, data: bytes, compression: int = zipfile.ZIP_STORED) -> None:
    path = folder / "pytorch_model.bin"
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, data if name.endswith("data.pkl") else content)


def bomb(folder: Path) -> None:
    _replace_pickle(folder, bytes(50_000_000), zipfile.ZIP_DEFLATED)


def compressed(folder: Path) -> None:
    path = folder / "pytorch_model.bin"
    with zipfile.ZipFile(path) as archive:
        data = archive.read(next(name for name in archive.namelist() if name.endswith("data.pkl")))
    _replace_pickle(folder, data, zipfile.ZIP_DEFLATED)


def hash_without_end(folder: Path) -> None:
    """A pickle of a few hundred bytes: the hash of a tuple of tuples that takes 2^200 steps."""
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x02)q\0" + b"h\0h\0\x86q\0" * 200 + b"}h\0K\x01s.")


def expanded(folder: Path) -> None:
    import torch

    save(folder, {"a": torch.zeros(1).expand(10**12)})


def cut(folder: Path) -> None:
    path = folder / "pytorch_model.bin"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def cut_legacy(folder: Path) -> None:
    legacy(folder)
    cut(folder)


def lost_shard(folder: Path) -> None:
    shards(folder)
    (folder / "pytorch_model-00002-of-00002.bin").unlink()


def lost_shard_without_index(folder: Path) -> None:
    shards(folder, index=False)
    (folder / "pytorch_model-00002-of-00002.bin").unlink()


def twice(folder: Path) -> None:
    shards(folder)
    path = folder / "pytorch_model-00002-of-00002.bin"
    path.write_bytes((folder / "pytorch_model-00001-of-00002.bin").read_bytes())


def holds(value: Callable[[], Any]) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        save(folder, value())

    return change


def tensor(*shape: int) -> Any:
    import torch

    return torch.zeros(shape)


def content(data: bytes) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / "pytorch_model.bin").write_bytes(data)

    return change


def program(folder: Path) -> None:
    import warnings

    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(torch.nn.Linear(2, 2)).save(folder / "pytorch_model.bin")


def copies_without_end(folder: Path) -> None:
    """A hundred tensors that are one in the file, and would be a hundred copies."""
    one = tensor(2_000_000)
    save(folder, {f"a{number}": one for number in range(100)})


def cut_variant(folder: Path) -> None:
    of_safetensors(folder)
    path = folder / "model.fp16.safetensors"
    path.write_bytes(path.read_bytes()[:-1])


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
REFUSED: dict[str, tuple[Callable[[Path], None], str]] = {
    "code": (code, "exec"),
    "code in an archive": (code_in_archive, "exec"),
    "a bomb": (bomb, "is compressed"),
    "a compressed archive": (compressed, "is compressed"),
    "cut": (cut, "is cut"),
    "cut, in the old format": (cut_legacy, "is cut"),
    "a lost shard": (lost_shard, "1 of the files that it names"),
    "a lost shard without an index": (lost_shard_without_index, "1 of the 2 shards"),
    "a shard twice": (twice, "and again in"),
    "a training checkpoint": (
        holds(lambda: {"epoch": 3, "state_dict": {"a": tensor(1)}}),
        "more than tensors by name: epoch",
    ),
    "a list": (holds(lambda: [tensor(1)]), "type list"),
    "one tensor": (holds(lambda: tensor(1)), "type Tensor"),
    "nothing": (holds(dict), "no tensors"),
    "numbers for names": (holds(lambda: {0: tensor(1)}), "more than tensors by name: 0"),
    "a sparse tensor": (holds(lambda: {"a": tensor(2, 2).to_sparse()}), "sparse"),
    "a tensor larger than its data": (expanded, "larger than its data"),
    "many times the memory": (copies_without_end, "more than 552,8"),
    "a variant that is cut": (cut_variant, "is cut"),
    "a program": (program, "TorchScript"),
    "a pointer": (content(POINTER), "Git-LFS pointer"),
    "an empty file": (content(b""), "is cut"),
    "a text": (content(b"hello, world"), "cannot be read"),
    "a web page": (content(b"<!DOCTYPE html>"), "cannot be read"),
}


@pytest.mark.parametrize("name", ["a lost shard"])
def test_what_is_no_weights_is_refused(ftk: Callable[..., Result], source: Path, name: str) -> None:
    check_refused(ftk, source, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", REFUSED)
def test_everything_that_is_no_weights_is_refused(ftk: Callable[..., Result], source: Path, name: str) -> None:
    check_refused(ftk, source, name)


def check_refused(ftk: Callable[..., Result], source: Path, name: str) -> None:
    change, words = REFUSED[name]
    change(source)
    result = ftk("convert", "bert", "out")
    assert result.code == 1, result.out
    assert words in result.err
    assert "Traceback" not in result.err
    assert {path.name for path in Path().iterdir()} <= {"bert", "hf", "cache"}


@pytest.mark.slow
def test_reading_without_end_is_ended(
    ftk: Callable[..., Result], source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ftk.models.converting import convert

    monkeypatch.setattr(convert, "_SECONDS", 15)
    hash_without_end(source)
    result = ftk("convert", "bert", "out")
    assert result.code == 1
    assert "processor time" in result.err
    assert not Path("out").exists()


GIVEN_UP = """
import sys
from pathlib import Path
import ftk.models.converting.reader  # what it imports is there before
from ftk.models.converting.confinement import give_up

give_up(Path("out").absolute(), {"memory": 1 << 28, "seconds": 100})
open("out/allowed", "w").close()
open("out/allowed").read()
import ctypes, os, shutil, socket, subprocess, torch
Path("out/allowed").rename("out/renamed")
inside = os.open("out", os.O_RDONLY)
attempts = {
    "a socket": lambda: socket.create_connection(("127.0.0.1", 9)),
    "a name": lambda: socket.getaddrinfo("localhost", 80),
    "a process": lambda: subprocess.run(["true"]),
    "a shell": lambda: os.system("true"),
    "a fork": lambda: os.fork(),
    "a file elsewhere": lambda: open("elsewhere", "w"),
    "a file beside": lambda: open("out/../elsewhere", "w"),
    "removing": lambda: os.remove("kept"),
    "removing from a folder": lambda: os.remove("renamed", dir_fd=inside),
    "removing a folder": lambda: shutil.rmtree("folder"),
    "removing an empty folder": lambda: os.rmdir("folder"),
    "renaming": lambda: os.rename("kept", "elsewhere"),
    "moving into": lambda: os.replace("kept", "out/kept"),
    "moving out": lambda: os.rename("out/renamed", "elsewhere"),
    "cutting": lambda: os.truncate("kept", 0),
    "a symbolic link": lambda: os.symlink("kept", "elsewhere"),
    "a symbolic link out": lambda: os.symlink(os.path.abspath("kept"), "out/link"),
    "a link": lambda: os.link("kept", "out/link"),
    "a folder": lambda: os.mkdir("elsewhere"),
    "permissions": lambda: os.chmod("kept", 0),
    "times": lambda: os.utime("kept", (0, 0)),
    "a library": lambda: ctypes.CDLL("libc.so.6"),
    "memory": lambda: torch.ones(1 << 29),
}
for name, attempt in attempts.items():
    try:
        attempt()
    except (PermissionError, MemoryError, RuntimeError):
        continue
    sys.exit(f"{name} was not refused")
"""


@pytest.mark.slow
def test_the_process_gives_up_what_reading_does_not_need() -> None:
    import subprocess
    import sys

    Path("out").mkdir()
    Path("folder").mkdir()
    Path("kept").write_text("kept")
    done = subprocess.run([sys.executable, "-c", GIVEN_UP], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not Path("elsewhere").exists()
    assert Path("kept").read_text() == "kept"
    assert [path.name for path in Path("out").iterdir()] == ["renamed"]
    assert Path("folder").is_dir()


def test_the_new_folder_is_not_an_old_one(ftk: Callable[..., Result], source: Path) -> None:
    import os

    Path("old").mkdir()
    Path("old", "note.txt").write_text("mine")
    for words, told in (
        (("old",), "exists already"),
        (("old", "--overwrite"), "is no model folder"),
        (("bert",), "exists already"),
        (("bert", "--overwrite"), "are one, or in each other"),
        (("bert/out",), "are one, or in each other"),
        (("bert/config.json",), "is no folder"),
    ):
        result = ftk("convert", "bert", *words)
        assert result.code == 1
        assert told in result.err
    assert Path("old", "note.txt").read_text() == "mine"
    assert "pytorch_model.bin" in os.listdir("bert")


@pytest.mark.slow
def test_a_model_folder_is_replaced_if_asked(ftk: Callable[..., Result], source: Path) -> None:
    Path("out").mkdir()
    Path("out", "config.json").write_text("{}")
    Path("out", "stale.txt").write_text("old")
    assert ftk("convert", "bert", "out", "--overwrite").code == 0
    assert Path("out", "model.safetensors").exists()
    assert not Path("out", "stale.txt").exists()


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("nowhere", "out"), "no such folder"),
        (("./nowhere", "out"), "no such folder"),
        (("bert/config.json", "out"), "this is a file"),
        (("bert", "out", "--revision", "main"), "is a folder, which has no revisions"),
        (("bert",), "is not understood"),
        (("bert", "out", "more"), "is not understood"),
        (("bert", "out", "--fast"), "is not understood"),
        (("bert", "out", "--revision"), "is not understood"),
    ],
)
def test_command_lines_that_cannot_work(
    ftk: Callable[..., Result], source: Path, argv: tuple[str, ...], words: str
) -> None:
    result = ftk("convert", *argv)
    assert result.code == 1
    assert words in result.err
    assert not Path("out").exists()


@pytest.mark.parametrize("argv", [(), ("--help",)])
def test_the_help_says_what_is_safe_about_it(ftk: Callable[..., Result], argv: tuple[str, ...]) -> None:
    result = ftk("convert", *argv)
    assert result.code == 0
    assert result.out.startswith("usage: ftk convert IN OUT")


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with running_hub() as started:
        use_hub(started, tmp_path / "hub", monkeypatch)
        yield started


@pytest.mark.slow
def test_a_model_of_the_hub_is_converted(
    ftk: Callable[..., Result], source: Path, hub: FakeHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = state(source)
    hub.add_folder("someone/bert", source, **{"tf_model.h5": b"", "README.md": b""})
    result = ftk("convert", "someone/bert", "out")
    assert result.code == 0, result.err
    assert_equal("out", expected)
    assert hub.fetched == sorted(path.name for path in source.iterdir())
    hub.requests.clear()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert ftk("convert", "someone/bert", "offline").code == 0
    assert not hub.requests


def test_a_model_of_the_hub_that_has_safetensors_needs_no_conversion(ftk: Callable[..., Result], hub: FakeHub) -> None:
    header = json.dumps({}).encode()
    hub.add("someone/bert", {"config.json": b"{}", "model.safetensors": struct.pack("<Q", 2) + header})
    result = ftk("convert", "someone/bert", "out")
    assert result.code == 1
    assert "nothing to convert" in result.err
    assert not hub.fetched


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "ends after 0 bytes"),
        (b"\x08\0\0\0\0\0\0\0{", "is cut"),
        (POINTER, "Git-LFS pointer"),
        (b"<html>" * 9, "web page"),
    ],
)
def test_damaged_safetensors_are_not_said_to_be_whole(ftk: Callable[..., Result], content: bytes, words: str) -> None:
    source = Path("damaged")
    source.mkdir()
    (source / "config.json").write_text("{}")
    (source / "model.safetensors").write_bytes(content)
    result = ftk("convert", "damaged", "out")
    assert result.code == 1
    assert words in result.err
