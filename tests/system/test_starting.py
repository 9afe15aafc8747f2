"""ftk runs in one process, not on Windows, and says so."""

from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Result
from ftk.errors import RunError
from ftk.system.processes.starting import check_start


@pytest.mark.parametrize("number", ["2", "8", " 4 ", "1000000", "02"])
def test_one_of_several_is_refused(number: str) -> None:
    with pytest.raises(RunError, match="WORLD_SIZE"):
        check_start({"WORLD_SIZE": number})


@pytest.mark.parametrize("number", ["1", "0", "", " ", "-2", "two", "1.5", "01"])
def test_one_process_is_not(number: str) -> None:
    check_start({"WORLD_SIZE": number})
    check_start({})


@pytest.mark.parametrize("command", ["pretrain", "finetune", "evaluate", "predict", "convert", "pretrain-mlm"])
def test_every_command_that_writes_refuses_at_once(
    ftk: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    result = ftk(command, "no.such.key=1")
    assert result.code == 1
    assert "WORLD_SIZE=2" in result.err
    assert list(Path().iterdir()) == []


def test_the_others_work_under_a_launcher(ftk: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert ftk("configs", "list").code == 0


def test_windows_is_refused_with_the_way_out() -> None:
    with pytest.raises(RunError, match="wsl --install"):
        check_start({}, "win32")
    for platform in ("linux", "darwin", "freebsd14", "cygwin"):
        check_start({}, platform)
