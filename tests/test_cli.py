"""The first word of the command line, what is imported for it, and how errors end."""

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Result, write_jsonl, write_lines
from ftk import __version__, cli

# Runs command lines one after the other, and says for each the exit code and which modules it has brought in.
CHILD = """
import contextlib, io, json, sys
report = []
for argv in json.loads(sys.argv[1]):
    before = set(sys.modules)
    from ftk import cli
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.run(argv)
    report.append([code, err.getvalue(), sorted(set(sys.modules) - before)])
print(json.dumps(report))
"""


def run_in_child(*command_lines: list[str]) -> list[tuple[int, str, list[str]]]:
    answer = subprocess.run(
        [sys.executable, "-c", CHILD, json.dumps(command_lines)], capture_output=True, text=True, check=True
    )
    return [tuple(entry) for entry in json.loads(answer.stdout)]


@pytest.mark.parametrize("argv", [[], ["--help"], ["-h"], ["help"]])
def test_help_names_every_command(ftk: Callable[..., Result], argv: list[str]) -> None:
    result = ftk(*argv)
    assert (result.code, result.err) == (0, "")
    assert all(f"\n  {name} " in result.out for name in cli.COMMANDS)
    assert max(len(line) for line in result.out.splitlines()) <= 120


@pytest.mark.parametrize("argv", [["--version"], ["-V"], ["version"]])
def test_version(ftk: Callable[..., Result], argv: list[str]) -> None:
    assert ftk(*argv) == Result(0, f"ftk {__version__}\n", "")


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("finetun", "did you mean 'finetune'?"),
        ("eval", "did you mean 'evaluate'?"),
        ("config", "did you mean 'configs'?"),
        ("xyz", "the commands are pretrain, check, finetune"),
        ("task=ner", "a command comes first: ftk pretrain | check | finetune"),
        ("--cfg", "a command comes first"),
        ("", "the commands are"),
    ],
)
def test_unknown_command(ftk: Callable[..., Result], word: str, hint: str) -> None:
    result = ftk(word, "model=tiny")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(f"ftk: there is no command '{word}'; ")
    assert hint in result.err


def test_json_is_no_command_however_often_it_is_said(ftk: Callable[..., Result]) -> None:
    result = ftk("--json", "--json")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("ftk: there is no command '--json'; ")


@pytest.mark.parametrize("argv", [["--help"], ["--cfg", "job"], ["task=ner"], ["--cfg", "job", "model=tinny"]])
@pytest.mark.slow
def test_an_alias_is_its_command(ftk: Callable[..., Result], argv: list[str]) -> None:
    result = ftk("pretrain", *argv)
    assert ftk("pretrain-mlm", *argv) == result
    assert (result.out or result.err).startswith(("ftk pretrain: ", "task:\n  _target_: ftk.tasks.mlm."))


def test_help_and_version_import_the_standard_library_alone() -> None:
    for code, err, modules in run_in_child(["--help"], ["--version"], ["finetun"]):
        assert code == (1 if err else 0)
        foreign = {name.partition(".")[0] for name in modules} - sys.stdlib_module_names - {"ftk"}
        assert not foreign


def test_what_is_wrong_in_config_and_data_is_reported_before_torch_is_imported(tmp_path: Path) -> None:
    columns = write_lines("columns.conll", ["Ada\tB-PER", "went\tO", "", "to\tx\tO", ""])
    unequal = write_jsonl("unequal.jsonl", [{"tokens": ["Ada", "went"], "tags": ["B-PER"]}])
    empty = write_lines("empty.conll", [])
    Path("binary.conll").write_bytes(bytes(range(256)) * 8)
    checkpoint = tmp_path / "checkpoint"
    checkpoint.mkdir()
    write_lines(checkpoint / "ftk.json", ["not JSON"])
    Path("koi8.txt").write_bytes("\u0441\u043f\u0430\u0441\u0438\u0431\u043e\n".encode("koi8-r"))
    expected = {
        ("finetune", "--cfg", "job"): "",
        ("finetune", "--help"): "",
        ("pretrain", "--cfg", "job"): "",
        ("pretrain-mlm", "--help"): "",
        ("evaluate", "--info", "defaults"): "",
        ("configs", "list"): "",
        ("completion", "query"): "",
        ("finetune", "task=nerr"): "Did you mean 'ner'?",
        ("finetune", "data.train=missing.conll"): "There is no such file",
        ("finetune", f"data.train={columns}", "model=tiny"): "columns.conll:4: ",
        ("finetune", f"data.train={unequal}", "model=tiny"): "unequal.jsonl:1: ",
        ("finetune", f"data.train={empty}", "model=tiny"): "no row in empty.conll",
        ("finetune", "data.train=binary.conll", "model=tiny"): "binary.conll",
        ("pretrain", "task=ner"): "It learns from labelled rows: ftk finetune.",
        ("pretrain", "train.budget=30"): "Write a time with its unit",
        ("pretrain", "data.train=missing.txt"): "There is no such file",
        ("pretrain", f"data.train={empty}", "data.format=text"): "there is no text in empty.conll",
        ("pretrain", "data.train=binary.conll", "data.format=text"): "binary.conll",
        (
            "pretrain",
            "data.train=koi8.txt",
        ): "koi8.txt:1: byte 1 of the line, 1 of the file (0xd3), is not utf-8",
        ("evaluate",): "checkpoint=null",
        ("evaluate", "checkpoint=checkpoint", f"data.test={columns}"): "ftk.json",
        ("predict", "checkpoint=checkpoint", "input=missing.txt"): "There is no such file",
    }
    report = run_in_child(*map(list, expected))
    for (argv, message), (code, err, modules) in zip(expected.items(), report, strict=True):
        assert code == (1 if message else 0), (argv, err)
        assert message in err, argv
        assert "Traceback" not in err
        assert not {"torch", "transformers", "tokenizers", "datasets"} & set(modules), argv


@pytest.mark.slow
def test_what_is_wrong_in_a_command_line_is_reported_without_large_libraries() -> None:
    command_lines = [
        ["finetune", "task=nerr"],
        ["finetune", "optimizer.lrr=1", "train.epochs=-1"],
        ["finetune", "-m", "model=tiny,small", "optimizer.lr=1e-3,-1"],
        ["pretrain", "task.mask_share=2"],
        ["evaluate", "checkpoint=missing"],
        ["predict", "task=ner", "checkpoint=missing", "input=missing.txt"],
    ]
    # NumPy is not among them: tasks import it as any module does, for less than a tenth of a second.
    large = {"torch", "transformers", "tokenizers", "datasets", "pyarrow", "regex", "rich"}
    large |= {"matplotlib", "scipy", "sklearn", "seqeval", "pandas"}
    for argv, (code, err, modules) in zip(command_lines, run_in_child(*command_lines), strict=True):
        assert (code, "in the configuration; nothing was run." in err) == (1, True), (argv, err)
        assert not large & set(modules), argv


def test_a_users_error_shows_its_traceback_on_demand_only(
    ftk: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ftk.errors import ConfigError

    assert ftk("finetune", "task=nerr").err.startswith("ftk finetune: 1 mistake")
    monkeypatch.setenv("FTK_TRACEBACK", "1")
    with pytest.raises(ConfigError, match="nerr"):
        cli.run(["finetune", "task=nerr"])


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    import ftk.commands.configs as module

    def fail(command: str, argv: list[str]) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(module, "run", fail)
    with pytest.raises(ZeroDivisionError):
        cli.run(["configs", "list"])


def test_a_folder_that_cannot_be_written_is_no_bug(ftk: Callable[..., Result]) -> None:
    write_lines("file", ["x"])
    result = ftk("configs", "copy", "file/sub")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("ftk configs: ")
    assert "file/sub" in result.err


@pytest.mark.parametrize("argv", [["--help"], ["configs", "list"], ["finetune", "--cfg", "job"]])
def test_a_reader_that_leaves_is_not_an_error(argv: list[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        answer = subprocess.run([sys.executable, "-m", "ftk", *argv], stdout=write, stderr=subprocess.PIPE, check=False)
    finally:
        os.close(write)
    assert (answer.returncode, answer.stderr) == (141, b"")


def test_errors_of_the_system_name_the_file_and_the_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from ftk.commands import configs

    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", "/somewhere/out.jsonl")

    monkeypatch.setattr(configs, "run", refuse)
    assert cli.run(["configs", "list"]) == 1
    assert capsys.readouterr().err == "ftk configs: /somewhere/out.jsonl: Permission denied\n"
