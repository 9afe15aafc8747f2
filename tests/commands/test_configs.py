"""``ftk configs``: list, show and copy config files."""

from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Result, write_lines
from ftk.config.paths import shipped_configs


def test_list_names_every_file_with_what_it_is(ftk: Callable[..., Result]) -> None:
    result = ftk("configs", "list")
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    named = [line.split() for line in lines if line.startswith("  ")]
    assert sorted(line[0] for line in named) == sorted(path.stem for path in shipped_configs().rglob("*.yaml"))
    assert all(len(line) > 2 for line in named)
    assert [line for line in lines if not line.startswith("  ")][:3] == ["commands", "data", "debug"]


def test_list_of_one_group(ftk: Callable[..., Result]) -> None:
    result = ftk("configs", "list", "schedule")
    assert [line.split()[0] for line in result.out.splitlines()] == ["schedule", "constant", "cosine", "linear", "wsd"]


@pytest.mark.parametrize("name", ["model/tiny", "model/tiny.yaml", "finetune"])
def test_show_prints_a_file_as_it_is(ftk: Callable[..., Result], name: str) -> None:
    path = shipped_configs() / f"{name.removesuffix('.yaml')}.yaml"
    assert ftk("configs", "show", name) == Result(0, path.read_text(encoding="utf-8"), "")


def test_ones_own_files_come_first(ftk: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    Path("own/model").mkdir(parents=True)
    write_lines("own/model/tiny.yaml", ["# My own tiny one.", "name: mine"])
    write_lines("own/model/new.yaml", ["name: new"])
    monkeypatch.setenv("FTK_CONFIG_PATH", "own")
    assert ftk("configs", "show", "model/tiny").out == "# My own tiny one.\nname: mine\n"
    listed = [line.split() for line in ftk("configs", "list", "model").out.splitlines()]
    assert ["tiny", "My", "own", "tiny", "one."] in listed
    assert ["new"] in listed


def test_copy_is_the_whole_tree(ftk: Callable[..., Result]) -> None:
    result = ftk("configs", "copy", "a/b")
    assert (result.code, result.err) == (0, "")
    assert "FTK_CONFIG_PATH=a/b" in result.out
    copied = {path.relative_to("a/b"): path.read_bytes() for path in Path("a/b").rglob("*.yaml")}
    shipped = shipped_configs()
    assert copied == {path.relative_to(shipped): path.read_bytes() for path in shipped.rglob("*.yaml")}
    again = ftk("configs", "copy", "a/b")
    assert (again.code, again.out) == (1, "")
    assert "a/b: this exists already and is not an empty folder" in again.err


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["list", "modle"], "there is no group 'modle'. Did you mean 'model'? There are: data, "),
        (["show", "model/tinny"], "there is no config 'model/tinny'. Did you mean 'model/tiny'?"),
        (["show", "../pyproject"], "there is no config '../pyproject'. 'ftk configs list' prints all."),
        (["show"], "'show' is not understood.\nusage: ftk configs list"),
        (["list", "model", "data"], "'list model data' is not understood."),
        (["remove"], "'remove' is not understood."),
        (["copy", "file"], "file: this exists already"),
    ],
)
def test_what_is_not_understood(ftk: Callable[..., Result], argv: list[str], message: str) -> None:
    write_lines("file", ["kept"])
    result = ftk("configs", *argv)
    assert (result.code, result.out) == (1, "")
    assert message in result.err
    assert Path("file").read_text() == "kept\n"


@pytest.mark.parametrize("argv", [[], ["-h"], ["--help"]])
def test_usage(ftk: Callable[..., Result], argv: list[str]) -> None:
    result = ftk("configs", *argv)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("usage: ftk configs list")
