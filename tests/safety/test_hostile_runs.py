"""Checkpoints, run folders, caches, datasets and YAML that someone else wrote."""

import gzip
import hashlib
import json
import pickle
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import TINY, Result, write_conll, write_jsonl, write_lines

pytestmark = pytest.mark.torch

CANARY = "EXECUTED"
CODE = f"open({CANARY!r}, 'w').close()\n"
SETTINGS = (*TINY, "train.max_steps=4", "train.save_every=2", "train.batch_size=8")


class Payload:
    """What a pickle runs when it is opened."""

    def __reduce__(self) -> Any:
        return (exec, (CODE,))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was stopped in the middle, with its data."""
    import os

    from conftest import toy_sentences
    from ftk import cli

    folder, before = tmp_path_factory.mktemp("kept"), Path.cwd()
    os.chdir(folder)
    try:
        data = [f"data.{split}={write_conll(f'{split}.conll', toy_sentences(16))}" for split in ("train", "validation")]
        assert cli.run(["finetune", *SETTINGS, *data, "train.eval_every=2", "run.dir=run", "run.stop_after=3"]) == 0
    finally:
        os.chdir(before)
    return folder


@pytest.fixture
def run(kept: Path) -> Path:
    """A copy of it, where the test stands."""
    shutil.copytree(kept, ".", dirs_exist_ok=True)
    return Path("run")


def everything() -> set[str]:
    here = Path.cwd()
    return {
        str(path.relative_to(here))
        for path in here.rglob("*")
        if path.relative_to(here).parts[0] not in ("run", "cache", "hf", "out.jsonl")
    }


def harmless(ftk: Callable[..., Result], *argv: str) -> Result:
    before = everything()
    result = ftk(*argv)
    assert everything() <= before, "something was written outside the run"
    assert not Path(CANARY).exists(), "it was run"
    assert "Traceback" not in result.err
    return result


def resume(ftk: Callable[..., Result], *more: str) -> Result:
    data = ("data.train=train.conll", "data.validation=validation.conll")
    return harmless(ftk, "finetune", *SETTINGS, *data, "train.eval_every=2", "run.dir=run", "run.resume=true", *more)


def predict(ftk: Callable[..., Result]) -> Result:
    write_lines("in.txt", ["Ada went to Oslo"])
    return harmless(ftk, "predict", "checkpoint=run/best", "input=in.txt", "output=out.jsonl")


def signed(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change a manifest as someone would who knows how it is made."""
    saved = json.loads(path.read_text())
    del saved["check"]
    change(saved)
    check = hashlib.sha256(json.dumps(saved, sort_keys=True, ensure_ascii=True).encode()).hexdigest()
    path.write_text(json.dumps({**saved, "check": check}))


def put(*keys: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(saved: dict[str, Any]) -> None:
        for key in keys[:-1]:
            saved = saved[key]
        saved[keys[-1]] = value

    return change


MANIFESTS: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "a task that is a module": (put("task", "name", value="os"), "not one of ftk's own"),
    "a task that is a path": (put("task", "name", value="../../evil"), "not one of ftk's own"),
    "a task that is dotted": (put("task", "name", value="base.Task"), "not one of ftk's own"),
    "a task that is a list": (put("task", "name", value=["ner"]), "not one of ftk's own|not what ftk writes"),
    "a target among the fields": (put("task", "fields", "_target_", value="os.system"), "has no such field"),
    "the environment among the fields": (put("task", "fields", "words", value="${oc.env:HOME}"), "an interpolation"),
    "an interpolation in a list": (put("task", "fields", "words", value=["${now:%Y}"]), "an interpolation"),
    "a file of another folder": (
        put("files", "../train.conll", value={"size": 1, "sha256": ""}),
        "is not the name of a file of this folder",
    ),
    "an absolute file": (put("files", "/etc/passwd", value={"size": 1, "sha256": ""}), "is not the name of a file"),
    "files that are a list": (put("files", value=["a"]), "the manifest is damaged"),
    "windows below zero": (put("max_length", value=-5), "ftk.json"),
    "windows that are text": (put("max_length", value="many"), "this is not what ftk writes"),
    "a stride as long as its window": (put("stride", value=10**9), "ftk.json"),
    "a layout of another release": (put("layout", "padding", value="middle"), "does not know the layout"),
    "a layout that is a list": (put("layout", value=["right"]), "does not know the layout"),
    "a layout without end": (put("layout", "least", value=float("inf")), "does not know the layout|damaged"),
    "labels that are a number": (put("labels", value=7), "this is not what ftk writes"),
    "labels of another model": (
        put("labels", value=["O", "B-X", "I-X"]),
        "name different labels|have another size",
    ),
}


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_is_data(ftk: Callable[..., Result], run: Path, name: str) -> None:
    change, told = MANIFESTS[name]
    signed(run / "best" / "ftk.json", change)
    result = predict(ftk)
    assert result.code == 1, result.out
    assert re.search(told, result.err), result.err


def test_a_run_with_the_layout_of_another_release_is_not_resumed(ftk: Callable[..., Result], run: Path) -> None:
    signed(run / "last" / "ftk.json", put("layout", "padding", value="middle"))
    result = resume(ftk)
    assert result.code == 1
    assert "last/ftk.json: ftk" in result.err
    assert "does not know the layout" in result.err


def test_a_manifest_of_brackets_or_without_end(ftk: Callable[..., Result], run: Path) -> None:
    (run / "best" / "ftk.json").write_text("[" * 10**5)
    assert "the manifest is damaged" in predict(ftk).err
    with (run / "best" / "ftk.json").open("r+b") as stream:
        stream.truncate(1 << 27)
    assert "the manifest is damaged" in predict(ftk).err


def test_labels_do_not_move_the_terminal(ftk: Callable[..., Result]) -> None:
    evil = "X\x1b]0;owned\x07[bold]"
    tokens = {"tokens": ["Ada", "went"], "tags": [f"B-{evil}", "O"]}
    data = f"data.train={write_jsonl('evil.jsonl', [tokens] * 12)}"
    result = harmless(ftk, "finetune", *SETTINGS, data, "run.dir=run")
    assert "\x1b]" not in result.out + result.err
    assert "\x07" not in result.out + result.err
    name = "a\x1b[2Jb.conll"
    assert "\x1b" not in ftk("finetune", *SETTINGS, f"data.train={name}").err


def laughs() -> str:
    """Nine lists of nine aliases each."""
    pairs = zip("abcdefgh", "bcdefghi", strict=True)
    return "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in pairs)


RUNS: dict[str, tuple[str, str | bytes, str]] = {
    "python in the config": ("config.yaml", "a: !!python/object/apply:os.system ['touch EXECUTED']", "config.yaml"),
    "a module in the config": ("config.yaml", "a: !!python/module:os", "config.yaml"),
    "aliases in the config": (
        "config.yaml",
        laughs(),
        "it has an alias",
    ),
    "a deep config": ("config.yaml", "a: " + "[" * 5000, "nested more than|cannot be read"),
    "a long config": ("config.yaml", "a: " + "x" * (1 << 21), "more than"),
    "a config that is a list": ("config.yaml", "- 1", "cannot be resumed with another config|config.yaml"),
    "the environment in the config": ("config.yaml", "model: ${oc.env:HOME}", "cannot be resumed with another config"),
    "an environment that is a list": ("environment.json", "[]", "environment.json: the file is damaged"),
    "an environment of brackets": ("environment.json", "[" * 10**5, "environment.json: the file is damaged"),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_run_folder_is_data(ftk: Callable[..., Result], run: Path, name: str) -> None:
    file, text, told = RUNS[name]
    (run / file).write_bytes(text.encode() if isinstance(text, str) else text)
    result = resume(ftk)
    assert result.code == 1, result.out
    assert re.search(told, result.err), result.err


def state(run: Path, name: str, content: bytes) -> None:
    """Change a file of last/ and its checksum."""
    (run / "last" / name).write_bytes(content)
    facts = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    signed(run / "last" / "ftk.json", put("files", name, value=facts))


STATES: dict[str, Callable[[Path], None]] = {
    "a pickled optimizer": lambda run: state(run, "trainer.safetensors", pickle.dumps(Payload())),
    "an optimizer of nothing": lambda run: state(run, "trainer.safetensors", b""),
    "progress of text": lambda run: numbers(run, put("progress", "step", value="2")),
    "progress of more than there is": lambda run: numbers(run, put("progress", "__class__", value=1)),
    "progress that is a list": lambda run: numbers(run, put("progress", value=[1])),
    "an optimizer of other parameters": lambda run: numbers(
        run, put("optimizer", "param_groups", value=[{"params": [0, 1, 2, 10**9]}])
    ),
    "an optimizer of text": lambda run: numbers(run, put("optimizer", value="x")),
    "numbers of brackets": lambda run: state(run, "trainer.json", b"[" * 10**5),
}


def numbers(run: Path, change: Callable[[dict[str, Any]], None]) -> None:
    saved = json.loads((run / "last" / "trainer.json").read_text())
    change(saved)
    state(run, "trainer.json", json.dumps(saved).encode())


@pytest.mark.parametrize("name", STATES)
def test_a_state_is_data(ftk: Callable[..., Result], run: Path, name: str) -> None:
    STATES[name](run)
    result = resume(ftk)
    assert result.code == 1, result.out
    assert "cannot be restored" in result.err


@pytest.mark.parametrize(
    "name",
    ["predictions", "metrics.jsonl", "log.txt", "last", "best", "previous", "config.yaml", ".lock", ".config.yaml.tmp"],
)
@pytest.mark.parametrize("way", ["run.resume=true", "run.overwrite=true"])
def test_a_link_does_not_lead_out_of_a_run_folder(ftk: Callable[..., Result], run: Path, name: str, way: str) -> None:
    outside = Path("outside")
    outside.mkdir()
    place = run / name
    if place.is_dir():
        shutil.copytree(place, outside / "it")
        shutil.rmtree(place)
    elif place.exists():
        shutil.move(place, outside / "it")
    elif name == "predictions":
        (outside / "it").mkdir()
    else:
        (outside / "it").write_text("mine\n")
    place.symlink_to(Path("..") / outside / "it")
    before = {path: path.read_bytes() for path in outside.rglob("*") if path.is_file()}
    data = ("data.train=train.conll", "data.validation=validation.conll")
    result = harmless(ftk, "finetune", *SETTINGS, *data, "train.eval_every=2", "run.dir=run", way)
    assert {path: path.read_bytes() for path in outside.rglob("*") if path.is_file()} == before
    assert result.code == 1
    assert f"run.dir=run: {name} is a symbolic link" in result.err


def test_lines_of_metrics_that_are_not_of_ftk_are_dropped(ftk: Callable[..., Result], run: Path) -> None:
    with (run / "metrics.jsonl").open("a") as stream:
        stream.write('[]\n{"step": {}}\n"x"\n' + "[" * 10**5 + "\n{\n")
    result = resume(ftk)
    assert result.code == 0, result.err
    for line in (run / "metrics.jsonl").read_text().splitlines():
        assert json.loads(line)["step"] in (2, 4)


# Datasets.


def test_a_dataset_with_a_script(ftk: Callable[..., Result]) -> None:
    Path("corpus").mkdir()
    Path("corpus/corpus.py").write_text(CODE)
    result = harmless(ftk, "finetune", *SETTINGS, "data=hub", "data.name=corpus", "data.train=train", "run.dir=run")
    assert result.code == 1


@pytest.mark.parametrize("name", ["train.pkl", "train.pickle", "train.pt", "train.npy"])
def test_a_dataset_of_pickles(ftk: Callable[..., Result], name: str) -> None:
    Path("corpus").mkdir()
    Path("corpus", name).write_bytes(pickle.dumps(Payload()))
    hub = ("data=hub", "data.name=corpus", "data.train=train")
    assert harmless(ftk, "finetune", *SETTINGS, *hub, "run.dir=run").code == 1
    assert harmless(ftk, "finetune", *SETTINGS, f"data.train=corpus/{name}", "run.dir=run").code == 1
    assert harmless(ftk, "finetune", *SETTINGS, "data.train=corpus", "run.dir=run").code == 1


def test_a_dataset_whose_files_lead_out(ftk: Callable[..., Result]) -> None:
    folder = Path("corpus/train")
    folder.mkdir(parents=True)
    Path("corpus/dataset_dict.json").write_text('{"splits": ["train", "../../etc"]}')
    (folder / "state.json").write_text('{"_data_files": [{"filename": "../../../etc/passwd"}], "_fingerprint": "x"}')
    (folder / "dataset_info.json").write_text("{}")
    result = harmless(ftk, "finetune", *SETTINGS, "data=hub", "data.name=corpus", "data.train=train", "run.dir=run")
    assert result.code == 1


def test_parquet_with_a_pickled_type(ftk: Callable[..., Result]) -> None:
    import pyarrow
    import pyarrow.parquet

    field = pyarrow.field(
        "text",
        pyarrow.string(),
        metadata={
            b"ARROW:extension:name": b"arrow.py_extension_type",
            b"ARROW:extension:metadata": pickle.dumps(Payload()),
        },
    )
    table = pyarrow.table([pyarrow.array(["Ada went"])], schema=pyarrow.schema([field]))
    pyarrow.parquet.write_table(table, "evil.parquet")
    harmless(ftk, "finetune", *SETTINGS, "data.train=evil.parquet", "run.dir=run")


def test_what_a_small_file_decompresses_to_has_an_end(
    ftk: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ftk.data.readers.json import jsonl

    monkeypatch.setattr(jsonl, "WHOLE", 1 << 20)
    Path("bomb.jsonl.gz").write_bytes(gzip.compress(b'{"text": "' + b"a" * (1 << 24)))
    result = harmless(ftk, "finetune", *SETTINGS, "data.train=bomb.jsonl.gz", "run.dir=run")
    assert result.code == 1
    assert "bomb.jsonl.gz:1: the line has more than 1 MiB" in result.err


# YAML of config folders.

YAML: dict[str, str] = {
    "python": "a: !!python/object/apply:os.system ['touch EXECUTED']",
    "brackets": "train: " + "[" * 5000,
}


@pytest.mark.parametrize("name", YAML)
def test_yaml_of_a_config_folder(ftk: Callable[..., Result], toy: tuple[str, ...], name: str) -> None:
    Path("configs/experiment").mkdir(parents=True)
    Path("configs/experiment/evil.yaml").write_text("# @package _global_\n" + YAML[name] + "\n")
    result = harmless(ftk, "finetune", *SETTINGS, *toy, "--config-dir", "configs", "experiment=evil", "run.dir=run")
    assert result.code == 1
    assert "evil" in result.err


# Caches.


def test_a_shard_that_is_a_pickle(ftk: Callable[..., Result]) -> None:
    """Its checksum is right: whoever can write into the cache can do that."""
    import numpy as np

    write_lines("corpus.txt", [f"Ada went to Oslo {number} times." for number in range(400)])
    argv = ["pretrain", "task=mlm", *TINY, "data=text", "data.train=corpus.txt", "data.max_length=32"]
    argv += ["data.documents=line", "train.max_steps=2", "model.tokenizer.vocab_size=100"]
    assert ftk(*argv, "run.dir=run").code == 0
    [store] = Path("cache").rglob("store.json")
    shard = next(store.parent.glob("shard-*.tokens.npy"))
    np.save(shard, np.array([Payload()], dtype=object), allow_pickle=True)
    saved = json.loads(store.read_text())
    del saved["check"], saved["version"], saved["notes"]
    saved["shards"][0]["files"][shard.name] = hashlib.sha256(shard.read_bytes()).hexdigest()
    from ftk.data.documents.token_store import Manifest, Shard, write_manifest

    saved["shards"] = [Shard(**one) for one in saved["shards"]]
    write_manifest(store.parent, Manifest(**saved))
    result = harmless(ftk, *argv, "run.dir=run", "run.overwrite=true")
    assert result.code in (0, 1)
    if result.code:
        assert "cache" in result.err
