"""A user's own YAML: added with --config-dir, put first with FTK_CONFIG_PATH, and what is wrong in it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Result, write_lines


def own(name: str, *lines: str, folder: str = "own") -> Path:
    path = Path(folder) / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_lines(path, lines)
    return path


def put_first(monkeypatch: pytest.MonkeyPatch, *folders: str) -> None:
    monkeypatch.setenv("FTK_CONFIG_PATH", ":".join(folders))


def test_a_new_option_is_added(ftk: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    own("model/mine", "defaults: [auto]", "name: my/model", "default_lr: 7.0e-5")
    argv = ["finetune", "--cfg", "job", "--resolve", "model=mine"]
    assert "The group 'model' has no 'mine'. Did you mean 'minilm'?" in ftk(*argv).err
    added = ftk(*argv, "--config-dir", "own")
    assert (added.code, added.err) == (0, "")
    assert "  name: my/model\n" in added.out
    assert "  default_lr: 7.0e-05\n" in added.out
    put_first(monkeypatch, "own")
    assert ftk(*argv) == added


def test_an_experiment_of_ones_own(ftk: Callable[..., Result]) -> None:
    own("experiment/mine", "# @package _global_", "defaults:", "- override /model: tiny", "train: {epochs: 7}")
    result = ftk("finetune", "--cfg", "job", "--config-dir=own", "experiment=mine", "train.batch_size=2")
    assert (result.code, result.err) == (0, "")
    assert "model_type: bert" in result.out
    assert "epochs: 7\n" in result.out
    assert "batch_size: 2\n" in result.out


def test_ones_own_file_comes_before_the_shipped_one_of_its_name(
    ftk: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    argv = ["finetune", "--cfg", "job", "-p", "model.default_lr", "model=tiny"]
    own("model/tiny", "defaults: [auto]", "default_lr: 1", folder="a")
    own("model/tiny", "defaults: [auto]", "default_lr: 2", folder="b")
    put_first(monkeypatch, "a", "", "b")
    assert ftk(*argv).out == "1.0\n"
    put_first(monkeypatch, "b", "a")
    assert ftk(*argv).out == "2.0\n"
    monkeypatch.delenv("FTK_CONFIG_PATH")
    assert 0 < float(ftk(*argv).out) < 1


def test_a_file_that_a_shipped_one_would_hide_is_refused(ftk: Callable[..., Result]) -> None:
    own("model/tiny", "defaults: [auto]", "name: mine")
    result = ftk("finetune", "--config-dir", "own", "model=tiny")
    assert (result.code, result.out) == (1, "")
    assert "would hide model/tiny.yaml" in result.err
    assert "FTK_CONFIG_PATH=own" in result.err


def test_a_copy_of_the_shipped_tree_changes_nothing(
    ftk: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    argv = ["finetune", "--cfg", "job", "model=tiny"]
    before = ftk(*argv)
    assert ftk("configs", "copy", "own").code == 0
    assert ftk(*argv, "--config-dir", "own") == before
    put_first(monkeypatch, "own")
    assert ftk(*argv) == before


@pytest.mark.parametrize(
    ("name", "lines", "what", "advice"),
    [
        (
            "model/x",
            ["defaults: [auto]", "namez: a"],
            "{}",
            "model.namez: There is no key 'namez'. Did you mean 'name'",
        ),
        ("model/x", ["defaults: [auto]", "tokenizer: {vocab: 3}"], "{}", "model.tokenizer.vocab: There is no key"),
        ("model/x", ["defaults: [auto]", "dropout: lots"], "{}", "model.dropout: It must be a number; 'lots' is not."),
        ("model/x", ["defaults: [auto]", "init: randon"], "{}", "'randon' is not. Did you mean 'random'?"),
        ("model/x", ["- a", "- b"], "{}", "It is a section with its own keys"),
        ("model/x", ["defaults: [nope]"], "{}", "There is no config 'model/nope'."),
        ("model/x", ["defaults: [auto]", "name: [a"], "{}, line 3", "This is not YAML: expected ',' or ']'"),
        ("model/x", ["name: a", "name: b"], "{}, line 2", "duplicate key"),
        (
            "model/x",
            ["name: a", "init: pretrained"],
            "model.revision, model.package, ",
            "begins with 'defaults: [auto]'",
        ),
        ("model/x", ["defaults: [auto]", "name: ${nope}"], "model.name", "${nope} points at no key"),
        ("task/x", ["_target_: ftk.tasks.token_classification.Nope"], "task._target_=ftk", "cannot be imported"),
        ("task/x", ["a: 1"], "task._target_=None", "Name a Task"),
        (
            "experiment/x",
            ["# @package _global_", "train: {epochz: 1}"],
            "{}",
            "train.epochz: There is no key 'epochz'.",
        ),
        ("experiment/x", ["train: {epochs: 1}"], "{}", "its first line must be '# @package _global_'"),
        ("experiment/x", ["# @package _global_", "defaults: [override /model: tinny]"], "x", "Did you mean 'tiny'?"),
        (
            "experiment/x",
            ["# @package _global_", "defaults: [override /modle: tiny]"],
            "{}",
            "Could not override 'modle'",
        ),
        ("experiment/x", ["# @package _global_", "train: {epochs: -1}"], "train.epochs=-1", "greater than 0"),
    ],
)
def test_what_is_wrong_in_a_file_is_reported_with_its_name(
    ftk: Callable[..., Result],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    lines: list[str],
    what: str,
    advice: str,
) -> None:
    path = own(name, *lines)
    if name.startswith("experiment"):
        put_first(monkeypatch, "own")
        result = ftk("finetune", name.replace("/", "="))
    else:
        result = ftk("finetune", "--config-dir", "own", name.replace("/", "="))
    assert (result.code, result.out) == (1, "")
    assert what.format(path.absolute()) in result.err.splitlines()[2]
    assert advice in result.err
    assert list(Path().iterdir()) == [Path("own")]


def test_a_file_that_is_no_text(ftk: Callable[..., Result]) -> None:
    path = own("model/x")
    path.write_bytes(b"\xff\xfe\x00name")
    result = ftk("finetune", "--config-dir", "own", "model=x")
    assert (result.code, result.out) == (1, "")
    assert f"{path.absolute()}\n      A config is a text file in UTF-8." in result.err


def test_a_primary_config_that_is_broken(ftk: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    path = own("finetune", "defaults: [schema_finetune, {task: nope}]")
    put_first(monkeypatch, "own")
    result = ftk("finetune", "train.epochz=1")
    assert (result.code, result.out) == (1, "")
    assert f"{path.absolute()}\n      There is no config 'task/nope'. There are: " in result.err
    assert ", mlm, multi-label, ner, " in result.err


@pytest.mark.parametrize("command", ["finetune", "configs"])
def test_a_folder_that_is_not_there(ftk: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    put_first(monkeypatch, "nowhere")
    result = ftk(command, *(["list"] if command == "configs" else []))
    assert (result.code, result.out) == (1, "")
    assert "FTK_CONFIG_PATH names" in result.err
    assert "nowhere', which is not a folder" in result.err
