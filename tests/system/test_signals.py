"""A signal in any phase: the command to resume is printed, the exit code is what a shell expects, and no file is
half-written."""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import TINY, Result, toy_sentences, write_conll
from ftk import cli

PHASES = {
    "reading": "ftk.tasks.shared.row_task.read_training_corpus",
    "tokenizing": "ftk.tasks.token_classification.task.TokenClassification.features",
    "loading": "ftk.training.building.builder.load_weights",
    "opening": "ftk.report.run_folder.environment_facts",
    "training": "ftk.tasks.token_classification.task.TokenClassification.forward",
    "validating": "ftk.tasks.token_classification.task.TokenClassification.decode",
    "scoring": "ftk.tasks.token_classification.entity_metric.EntityMetric.compute",
    "saving": "ftk.core.saving.checkpoint.write_manifest",
    "drawing": "ftk.training.ending.results.plot_curves",
}
"""A function of each phase."""

SCRIPT = """
import importlib, os, signal, sys
from ftk import cli

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs the tests may ignore it, as nohup does

owner, _, name = {path!r}.rpartition(".")
try:
    owner = importlib.import_module(owner)
except ImportError:
    module, _, cls = owner.rpartition(".")
    owner = getattr(importlib.import_module(module), cls)
plain = getattr(owner, name)

def signalled(*args, **kwargs):
    if not signalled.done:
        signalled.done = True
        for number in {signals}:
            os.kill(os.getpid(), number)
    return plain(*args, **kwargs)

signalled.done = False
if len({signals}) > 1:
    import ftk.system.signals

    ftk.system.signals._TOGETHER = 0.0  # the second one is meant as one
setattr(owner, name, signalled)
sys.exit(cli.run(sys.argv[1:]))
"""

SETTINGS = ("train.epochs=1", "train.batch_size=5", "train.eval_every=4", "train.save_every=3")
ARGV = ("finetune", *TINY, *SETTINGS, "data.train=train.conll", "data.validation=validation.conll")
OTHERS = (signal.SIGINT, signal.SIGHUP)


def run(phase: str, signals: list[int], argv: list[str]) -> subprocess.CompletedProcess[str]:
    script = SCRIPT.format(path=PHASES[phase], signals=[int(number) for number in signals])
    return subprocess.run([sys.executable, "-c", script, *argv], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run without a stop, and its data."""
    folder, before = tmp_path_factory.mktemp("whole"), Path.cwd()
    os.chdir(folder)
    try:
        write_data()
        assert cli.run([*ARGV, "run.dir=whole"]) == 0
    finally:
        os.chdir(before)
    return folder / "whole"


def write_data() -> None:
    for split, number in (("train", 48), ("validation", 16)):
        write_conll(f"{split}.conll", toy_sentences(number))


@pytest.mark.torch
@pytest.mark.parametrize(
    ("phase", "number"), [*((phase, signal.SIGTERM) for phase in PHASES), *(("training", one) for one in OTHERS)]
)
@pytest.mark.slow
def test_a_signal_in_any_phase(ftk: Callable[..., Result], whole: Path, phase: str, number: signal.Signals) -> None:
    write_data()
    stopped = run(phase, [number], [*ARGV, "run.dir=run"])
    assert stopped.returncode == 128 + number
    assert "Traceback" not in stopped.stderr
    assert "ftk finetune: stopped" in stopped.stderr
    left = sorted(path.name for path in Path("run").iterdir()) if Path("run").exists() else []
    assert not [name for name in left if name.endswith((".tmp", ".new", ".old"))]
    if phase in ("training", "validating", "scoring", "saving", "drawing"):
        command = shlex.split(stopped.stderr.strip().splitlines()[-1])
        assert command[-2:] == ["run.dir=run", "run.resume=true"]
        resumed = ftk(*command[1:])
    else:
        assert not Path("run", "last").exists()
        resumed = ftk(*ARGV, "run.dir=run", "run.overwrite=true")
    assert resumed.code == 0, resumed.err
    for name in ("best/model.safetensors", "last/trainer.safetensors"):
        assert Path("run", name).read_bytes() == (whole / name).read_bytes()


@pytest.mark.torch
@pytest.mark.parametrize("phase", ["training", "saving"])
@pytest.mark.slow
def test_a_second_signal_ends_at_once_and_harms_nothing(ftk: Callable[..., Result], whole: Path, phase: str) -> None:
    write_data()
    stopped = run(phase, [signal.SIGINT, signal.SIGTERM], [*ARGV, "run.dir=run"])
    assert stopped.returncode == 143
    assert "ftk: ended at once by a second signal; anything saved before it is in run/last" in stopped.stderr
    again = "run.resume=true" if Path("run", "last").exists() else "run.overwrite=true"
    assert ftk(*ARGV, "run.dir=run", again).code == 0
    assert Path("run/best/model.safetensors").read_bytes() == (whole / "best/model.safetensors").read_bytes()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_signal_is_remembered_where_its_exception_is_lost() -> None:
    from ftk.errors import Interrupted
    from ftk.system.signals import Stop, signals

    class Loses:
        def __del__(self) -> None:
            os.kill(os.getpid(), signal.SIGTERM)

    with signals():
        Loses()
        with pytest.raises(Interrupted) as caught:
            Stop().check()
    assert caught.value.exit_code == 143


def test_a_run_that_stops_does_not_stop_the_next_one() -> None:
    from ftk.errors import Interrupted
    from ftk.system.signals import Stop, signals

    with signals():
        first = Stop()
        first.here = True
        with pytest.raises(Interrupted) as caught:
            first.check()
        assert caught.value.exit_code == 0
        assert not Stop().requested


def test_nohup_is_respected() -> None:
    from ftk.system.signals import Stop, signals

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals():
            os.kill(os.getpid(), signal.SIGHUP)
            assert not Stop().requested
    finally:
        signal.signal(signal.SIGHUP, before)
