"""``ftk.train`` and ``ftk.open_run``: a training that leaves its caller's process as it was, and can be resumed."""

import asyncio
import gc
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import ftk as api
from conftest import TINY, Result, write_jsonl
from ftk.api.session import one_training

pytestmark = pytest.mark.torch

ROWS = [{"text": f"{name} number {i}", "label": name} for i in range(12) for name in ("good", "bad")]
DATA = {"train": ROWS, "validation": ROWS[:6], "test": ROWS[:8]}
WORDS = ("task=text-classification", *TINY, "train.max_steps=6", "train.log_every=1")


def weights(run: api.Run) -> str:
    return hashlib.sha256((run.best / "model.safetensors").read_bytes()).hexdigest()


@pytest.mark.slow
def test_rows_in_memory_train_what_their_file_does(
    ftk: Callable[..., Result], capfd: pytest.CaptureFixture[str]
) -> None:
    files = [f"data.{split}={write_jsonl(f'{split}.jsonl', rows)}" for split, rows in DATA.items()]
    assert ftk("finetune", *WORDS, *files, "run.dir=files").code == 0
    capfd.readouterr()
    run = api.train(*WORDS, "run.dir=memory", data=DATA)
    assert capfd.readouterr() == ("", "")
    of_files = api.open_run("files")
    assert weights(run) == weights(of_files)
    assert run.metrics["test"] == of_files.metrics["test"]
    assert run.finished
    assert run.predictions("test") == of_files.predictions("test")
    assert run.config["train"]["max_steps"] == 6
    assert "rows: 24 train, 6 validation, 8 test" in run.log
    assert [event["step"] for event in run.history if event["split"] == "train"] == [1, 2, 3, 4, 5, 6]
    (path,) = run.environment["data"]["test"]
    assert [json.loads(line) for line in Path(path).read_text().splitlines()] == DATA["test"]
    assert f"{run.metrics['test']['f1_macro']:.4f}" in run._repr_html_()
    assert run.load().labels == ("bad", "good")


@pytest.mark.slow
def test_a_stopped_run_is_resumed_to_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    from ftk.report.records import MetricsFile

    whole = api.train(*WORDS, "run.dir=whole", data=DATA)
    handler = signal.getsignal(signal.SIGINT)  # a process that a shell started in the background ignores it
    add = MetricsFile.add

    def interrupt_at_three(self: MetricsFile, event: dict[str, Any]) -> None:
        add(self, event)
        if event["step"] == 3 and event["split"] == "train":
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(MetricsFile, "add", interrupt_at_three)
        with pytest.raises(KeyboardInterrupt, match="resume") as caught:
            api.train(*WORDS, "run.dir=stopped", data=DATA)
    assert isinstance(caught.value, api.Stopped)
    assert signal.getsignal(signal.SIGINT) is handler
    run = caught.value.run
    assert not run.finished
    assert run.metrics == {}
    assert [event["step"] for event in run.history if event["split"] == "train"] == [1, 2, 3]
    with pytest.raises(api.RunError, match="predictions"):
        run.predictions()
    finished = run.resume()
    assert (finished.path, finished.finished) == (run.path, True)
    assert weights(finished) == weights(whole)


@pytest.mark.slow
def test_a_run_of_the_command_line_is_resumed_with_its_own_configs(ftk: Callable[..., Result]) -> None:
    own = Path("own/schedule/mine.yaml")
    own.parent.mkdir(parents=True)
    own.write_text("defaults: [linear]\nfloor: 0.5\n", encoding="utf-8")
    data = write_jsonl("it's here.jsonl", ROWS)
    words = ("--config-dir", "own", "schedule=mine", *WORDS, f"data.train='{data}'".replace("it's", "it\\'s"))
    assert ftk("finetune", *words, "run.dir=run", "run.stop_after=2").code == 0
    run = api.open_run("run").resume()
    assert run.finished
    assert run.config["schedule"]["floor"] == 0.5


def test_a_second_signal_ends_the_call_and_not_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    from ftk.system import signals

    monkeypatch.setattr(signals, "_TOGETHER", -1.0)  # two signals at once are two
    add = "ftk.report.records.MetricsFile.add"

    def interrupt_twice(self: object, event: object) -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(add, interrupt_twice)
    with pytest.raises(KeyboardInterrupt, match="second signal"):
        api.train(*WORDS, "run.dir=run", data=DATA)


def test_the_process_is_as_it_was_before() -> None:
    import torch

    def state() -> tuple[Any, ...]:
        handlers = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
        here = (os.getcwd(), list(sys.argv), dict(os.environ), handlers, gc.isenabled(), gc.get_freeze_count())
        return (*here, torch.get_rng_state().tolist(), torch.get_num_threads())

    torch.manual_seed(7)
    torch.set_num_threads(2)
    before = state()
    run = api.train(*WORDS, "run.dir=run", data=DATA)
    assert state() == before
    api.load(run.best, "hardware=cpu").predict(["good"])
    assert state() == before
    torch.set_num_threads(1)


@pytest.mark.slow
def test_training_works_in_a_running_loop_and_in_another_thread() -> None:
    async def in_loop() -> api.Run:
        return api.train(*WORDS, "run.dir=loop", data=DATA)

    runs = [asyncio.run(in_loop())]
    thread = threading.Thread(target=lambda: runs.append(api.train(*WORDS, "run.dir=thread", data=DATA)))
    thread.start()
    thread.join()
    assert weights(runs[0]) == weights(runs[1])


def test_one_training_at_a_time() -> None:
    with one_training(), pytest.raises(api.RunError, match="another training"):
        api.train(*WORDS, data=DATA)


def test_a_config_is_composed_and_nothing_is_run() -> None:
    config = api.compose("task=ner", "model=tiny", "train.epochs=7")
    assert config.train.epochs == 7.0  # type: ignore[union-attr]
    with pytest.raises(api.ConfigError) as caught:
        api.compose("task=nerr", "train.epoch=7")
    assert "nerr" in str(caught.value)
    assert "train.epoch" in str(caught.value)
    assert not Path("runs").exists()


def test_faults_of_rows_in_memory_are_counted_from_the_first_row() -> None:
    rows = [{"text": "Ada Berg", "spans": [[0, end, "PER"]]} for end in (8, 80)]
    with pytest.raises(api.DataError, match=r"\n *<input>:2: ") as caught:
        api.train("task=ner", "model=tiny", "run.dir=run", data=rows)
    [finding] = caught.value.findings
    assert finding.places[0].startswith("<input>:2: ")


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ({"dev": ROWS}, "dev"),
        ({"train": []}, "no row"),
        ({"train": [{"text": "a", "label": object()}]}, "<input>:1: label"),
        ({"train": [ROWS[0], "a"]}, "<input>:2"),
        ({"train": 7}, "int"),
    ],
)
def test_data_that_cannot_be_used_is_refused(data: Any, named: str) -> None:
    with pytest.raises(api.FtkError, match=named):
        api.train(*WORDS, data=data)
    assert not Path("runs").exists()


def test_a_dataset_brings_the_names_of_its_classes() -> None:
    import datasets

    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["bad", "good"])}
    )
    columns = {"text": [row["text"] for row in ROWS], "label": [int(row["label"] == "good") for row in ROWS]}
    dataset = datasets.Dataset.from_dict(columns, features=features)
    run = api.train(*WORDS, "run.dir=run", data=datasets.DatasetDict({"train": dataset, "validation": dataset}))
    assert run.load().labels == ("bad", "good")


@pytest.mark.slow
def test_text_in_memory_is_pretrained_on() -> None:
    texts = [{"text": f"this is text {i}, and it goes on and on"} for i in range(40)]
    words = ["task=mlm", "model=tiny", "hardware=cpu", "train.max_steps=2", "data.validation_share=0.2", "run.dir=run"]
    run = api.pretrain(*words, data=texts)
    (mask,) = run.load("hardware=cpu").predict("this [MASK] text")["masks"]
    assert mask["candidates"]


@pytest.mark.slow
def test_a_run_is_read_without_torch() -> None:
    run = api.train(*WORDS, "run.dir=run", data=DATA)
    code = (
        "import sys, ftk\n"
        "run = ftk.open_run('run')\n"
        "print(run.metrics['test']['f1_macro'], len(run.predictions('test')), run.command.split()[1])\n"
        "run.history, run.config, run.findings, run.log, run.environment\n"
        "assert not {'torch', 'hydra'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == [str(run.metrics["test"]["f1_macro"]), "8", "finetune"]
    with pytest.raises(api.RunError, match=r"config\.yaml"):
        api.open_run(".")
    with pytest.raises(api.RunError, match="no such folder"):
        api.open_run("nothing")
