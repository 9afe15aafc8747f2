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
    assert sorted(line[0] for line in named) == sorted(
        path.stem for path in shipped_configs().rglob("*.yaml") if not path.stem.startswith("_")
    )
    assert all(len(line) > 2 for line in named)
    assert [line for line in lines if not line.startswith("  ")][:3] == ["commands", "data", "debug"]


def test_list_of_one_group(ftk: Callable[..., Result]) -> None:
    result = ftk("configs", "list", "schedule")
    assert [line.split()[0] for line in result.out.splitlines()] == ["schedule", "constant", "cosine", "linear", "wsd"]


@pytest.mark.parametrize("name", ["model/tiny", "model/tiny.yaml", "finetune", "_class_loss"])
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


def row_of(key: str, text: str) -> list[str]:
    """The cells of the first row for a key."""
    row = next(line for line in text.splitlines() if line.startswith(f"| `{key}` |"))
    return [cell.strip() for cell in row.strip("|").split("|")]


def test_docs_gives_each_key_its_type_default_and_meaning(ftk: Callable[..., Result]) -> None:
    result = ftk("configs", "docs")
    assert (result.code, result.err) == (0, "")
    assert ftk("configs", "docs", "-") == result
    assert row_of("train.max_steps", result.out)[1:3] == ["integer or null", "`null`"]
    assert row_of("train.epochs", result.out)[2] == "`auto`; `pretrain`: `null`"
    assert row_of("schedule.decay", result.out)[1] == "`linear`, `cosine`, `constant`, `wsd`"
    assert row_of("optimizer.weight_decay", result.out)[1:3] == ["number", "`0.01`"]
    assert "| `adamw` (default) |" in result.out
    assert "| `linear` (default of `finetune`) |" in result.out
    rows = [line for line in result.out.splitlines() if line.startswith("| `") and line.count("|") == 5]
    assert [row for row in rows if row.endswith("|  |")] == []  # each has a meaning


def test_docs_has_ones_own_files_and_classes(ftk: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    Path("own/task").mkdir(parents=True)
    Path("own/objective").mkdir()
    write_lines(
        "own_tasks.py",
        [
            "from dataclasses import dataclass",
            "from ftk.tasks.text_classification import TextClassification",
            "@dataclass(kw_only=True)",
            "class Mine(TextClassification):",
            "    depth: int | None",
            '    """How deep."""',
        ],
    )
    write_lines(
        "own/task/mine.yaml",
        ["# My own.", "defaults: [text-classification]", "_target_: own_tasks.Mine", "# As the paper.", "depth: 3"],
    )
    write_lines("own/objective/scaled.yaml", ["# Scaled.", "_target_: own_objectives.Scaled", "# A factor.", "by: 0.5"])
    monkeypatch.setenv("FTK_CONFIG_PATH", "own")
    monkeypatch.syspath_prepend(".")
    result = ftk("configs", "docs")
    assert (result.code, result.err) == (0, "")
    assert row_of("task.depth", result.out) == ["`task.depth`", "integer or null", "`3`", "How deep. As the paper."]
    mine = result.out.partition("### task=mine\n\nMy own.\n")[2].partition("\n### ")[0]
    assert row_of("task.pooling", mine)[2] == "`mean`"
    assert row_of("objective.by", result.out) == ["`objective.by`", "number", "`0.5`", "A factor."]
    write_lines("own/task/mine.yaml", ["# My own.", "_target_: nowhere.Mine"])
    assert "task/mine: _target_=nowhere.Mine" in ftk("configs", "docs").err


@pytest.mark.slow
def test_docs_are_written_between_the_markers_of_a_page(ftk: Callable[..., Result]) -> None:
    assert ftk("configs", "docs", "pages").code == 0
    page = Path("pages/configs.md")
    complete = page.read_text(encoding="utf-8")
    old = "before\n" + complete.replace("| `train.patience` |", "| `train.patients` |") + "after\n"
    page.write_text(old, encoding="utf-8")
    assert ftk("configs", "docs", "pages") == Result(0, "wrote pages/configs.md\n", "")
    assert page.read_text(encoding="utf-8") == f"before\n{complete}after\n"
    page.write_text("nothing\n", encoding="utf-8")
    result = ftk("configs", "docs", "pages")
    assert (result.code, result.out) == (1, "")
    assert "pages/configs.md: the page has no markers for '" in result.err
    assert page.read_text(encoding="utf-8") == "nothing\n"


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
        (["docs", "a", "b"], "'docs a b' is not understood."),
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
