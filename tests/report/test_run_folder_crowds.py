"""Two runs with one folder: the second is told who has it, before it reads its data."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Result
from ftk.report.new_folder import new_folder
from ftk.system.locks import lock

DEMO = ("finetune", "model=tiny", "run.dir=run")


@pytest.mark.parametrize("words", [(), ("run.resume=true",), ("run.overwrite=true",), ("run.resume=force",)])
def test_a_run_that_another_process_writes_is_refused_at_once(
    ftk: Callable[..., Result], words: tuple[str, ...]
) -> None:
    Path("run/last").mkdir(parents=True)
    Path("run/config.yaml").write_text("")
    with lock(Path("run"), warn=pytest.fail):
        result = ftk(*DEMO, *words)
    assert result.code == 1
    assert f"process {os.getpid()}" in result.err
    assert sorted(os.listdir("run")) == [".lock", "config.yaml", "last"]


def test_runs_that_begin_at_once_get_a_folder_each() -> None:
    begin, made = threading.Barrier(8), []

    def one() -> None:
        begin.wait()
        made.append(new_folder(Path("runs/finetune-ner")))

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 8
    assert sorted(os.listdir("runs")) == sorted(["finetune-ner", *(f"finetune-ner-{number}" for number in range(2, 9))])


def test_runs_begin_nowhere_where_no_folder_can_be_made() -> None:
    Path("runs").symlink_to("nowhere/runs")
    with pytest.raises(FileExistsError):
        new_folder(Path("runs/finetune-ner"))
    Path("here").symlink_to("nowhere")
    assert new_folder(Path("here")) == Path("here-2")
