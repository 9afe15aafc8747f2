"""``ftk completion``: what is offered, and that a real bash takes it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Result, write_lines
from ftk.commands import COMMANDS
from ftk.commands.completion import candidates
from ftk.config.choices import Precision
from ftk.config.completion import field_type

GROUPS = ["data=", "debug=", "experiment=", "hardware=", "model=", "objective=", "optimizer=", "schedule=", "task="]


@pytest.fixture(autouse=True)
def _files() -> None:
    Path("sub/dir").mkdir(parents=True)
    for name in ("train.conll", "test.conll", ".hidden", "sub/in.txt"):
        write_lines(name, [])


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("", [*COMMANDS, "--help", "--version"]),
        ("ftk ", [*COMMANDS, "--help", "--version"]),
        ("ftk fi", ["finetune"]),
        ("ftk pr", ["pretrain", "predict"]),
        ("ftk --v", ["--version"]),
        ("ftk nope ", []),
        ("ftk env ", []),
        ("ftk completion ", ["bash", "zsh", "fish"]),
        ("ftk completion bash ", []),
        ("ftk configs ", ["list", "show", "copy", "docs"]),
        ("ftk configs list sch", ["schedule"]),
        ("ftk configs show schedule/co", ["schedule/constant", "schedule/cosine"]),
        ("ftk configs copy ", []),
        # Flags and their values.
        ("ftk finetune --c", ["--cfg", "--config-dir"]),
        ("ftk finetune --cfg ", ["job", "hydra", "all"]),
        ("ftk finetune --info defaults", ["defaults", "defaults-tree"]),
        ("ftk finetune --config-dir ", []),
        # Groups, options and keys.
        ("ftk finetune mo", ["model.", "model="]),
        ("ftk predict mo", ["model="]),
        ("ftk predict o", ["output="]),
        ("ftk finetune model=ti", ["model=tiny"]),
        ("ftk finetune -m model=tiny,sm", ["model=tiny,small"]),
        ("ftk finetune schedule=", ["schedule=constant", "schedule=cosine", "schedule=linear", "schedule=wsd"]),
        ("ftk finetune train.ep", ["train.epochs="]),
        ("ftk pretrain task=m", ["task=mlm", "task=multi-label"]),
        ("ftk pretrain train.bu", ["train.budget="]),
        ("ftk finetune model.tokenizer", ["model.tokenizer."]),
        ("ftk finetune model=tiny model.config.num_h", ["model.config.num_hidden_layers="]),
        ("ftk finetune optimizer=sgd optimizer.mom", ["optimizer.momentum="]),
        ("ftk finetune modle=tiny optimizer.wei", ["optimizer.weight_decay="]),  # mistakes are for the command to tell
        ("ftk finetune +optimizer.lr", ["+optimizer.lr=", "+optimizer.lr_scale="]),
        ("ftk finetune nope.x", []),
        # Values.
        ("ftk finetune hardware.precision=", [f"hardware.precision={kind.name}" for kind in Precision]),
        ("ftk finetune run.resume=", ["run.resume=true", "run.resume=false", "run.resume=force"]),
        ("ftk finetune train.batch_size=", ["train.batch_size=16"]),
        ("ftk finetune nope=", []),
        ("ftk finetune model.tokenizer=", []),
        ("ftk finetune data.train=t", ["data.train=test.conll", "data.train=train.conll"]),
        ("ftk finetune data.train=", ["data.train=sub/", "data.train=test.conll", "data.train=train.conll"]),
        ("ftk predict input=sub/", ["input=sub/dir/", "input=sub/in.txt"]),
        ("ftk evaluate checkpoint=.h", ["checkpoint=.hidden"]),
        ("ftk evaluate checkpoint=no/such/", []),
    ],
)
def test_candidates(line: str, offered: list[str]) -> None:
    assert candidates(line) == offered


def test_all_groups_and_sections_stand_at_the_beginning() -> None:
    found = candidates("ftk finetune ")
    assert [word for word in found if word.endswith("=")] == ["calibrate=", *GROUPS, "tracker="]
    assert {"train.", "run.", "model."} <= set(found)
    assert not any("hydra" in word for word in found)


def test_ones_own_configs_are_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("own/model").mkdir(parents=True)
    write_lines("own/model/tinier.yaml", ["defaults: [auto]"])
    assert candidates("ftk finetune model=tin") == ["model=tiny"]
    assert candidates("ftk finetune --config-dir own model=tin") == ["model=tinier", "model=tiny"]
    monkeypatch.setenv("FTK_CONFIG_PATH", "own")
    assert candidates("ftk finetune model=tin") == ["model=tinier", "model=tiny"]


def test_field_type() -> None:
    assert field_type("finetune", "hardware.precision") is Precision
    assert field_type("finetune", "train.batch_size") is int
    assert field_type("finetune", "train.nope") is field_type("finetune", "optimizer.lr.x")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell(ftk: Callable[..., Result], shell: str) -> None:
    result = ftk("completion", shell)
    assert (result.code, result.err) == (0, "")
    assert "command ftk completion query" in result.out
    if shutil.which(shell):
        subprocess.run([shell, "-n"], input=result.out, text=True, check=True)


def test_query_prints_one_candidate_a_line(ftk: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMP_LINE", "ftk finetune schedule=co")
    assert ftk("completion", "query") == Result(0, "schedule=constant\nschedule=cosine\n", "")


@pytest.mark.parametrize(("argv", "code"), [([], 0), (["--help"], 0), (["tcsh"], 1), (["bash", "zsh"], 1)])
def test_usage(ftk: Callable[..., Result], argv: list[str], code: int) -> None:
    result = ftk("completion", *argv)
    assert result.code == code
    assert "usage: ftk completion bash|zsh|fish" in (result.err if code else result.out)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_a_real_bash_completes(ftk: Callable[..., Result], tmp_path: Path) -> None:
    Path("bin").mkdir()
    write_lines("bin/ftk", ["#!/bin/sh", f'exec "{sys.executable}" -m ftk "$@"'])
    Path("bin/ftk").chmod(0o755)
    write_lines("$(touch broken)", [])  # the name of a file is never run
    write_lines("ftk.bash", [ftk("completion", "bash").out])
    # What readline does: the words of the line, broken at '=' too, then the function that is registered.
    script = """
        source ftk.bash
        complete -p ftk
        ask() {
            COMP_LINE="$1" COMP_POINT=${2:-${#1}}
            _ftk_complete && printf '%s|' "${COMPREPLY[@]}" && echo
        }
        ask 'ftk finetune model=ti'
        ask 'ftk finetune schedule=co'
        ask 'ftk finetune model=ti train.epochs=3' 21
        ask 'ftk finetune data.train='
        COMP_WORDBREAKS=${COMP_WORDBREAKS//=}
        ask 'ftk finetune model=ti'
        ask 'ftk nope '
    """
    answer = subprocess.run(
        ["bash", "--norc", "-c", script],
        env={**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stderr == ""
    assert answer.stdout.splitlines() == [
        "complete -o default -F _ftk_complete ftk",
        "tiny|",
        "constant|cosine|",
        "tiny|",
        "$(touch broken)|bin/|ftk.bash|sub/|test.conll|train.conll|",
        "model=tiny|",
        "|",
    ]
    assert not Path("broken").exists()
