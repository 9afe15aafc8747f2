"""What the release before wrote: its models are scored and applied, its runs resumed, its users' YAML understood."""

import hashlib
import json
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import Result, assert_close, read_jsonl
from ftk import cli
from ftk.report.environment import environment_facts

pytestmark = pytest.mark.torch

RELEASED = Path(__file__).parent / "released"
COMMANDS = {"travels": "finetune", "stories": "pretrain"}
"""The experiments in released/configs, and the command that trains each."""
INPUTS = {"travels": "validation.conll", "stories": "masks.jsonl"}
TESTS = {"travels": "validation.conll", "stories": "stories.txt"}
HARDWARE = ("hardware=cpu", "hardware.threads=1")
ENDS = Path("expected/ends.json")
"""How the runs ended that were not stopped, and the machine that they ran on."""
TIMES = {"seconds", "elapsed", "tokens_per_second", "peak_memory_mb"}


@pytest.fixture(autouse=True)
def _copy(_own_folder: None) -> None:
    shutil.copytree(RELEASED, ".", dirs_exist_ok=True)


@pytest.fixture(params=COMMANDS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_its_model_is_scored_as_it_was(name: str) -> None:
    assert_close(scored(name, Path(name, "best")), json.loads(Path(f"expected/{name}.json").read_text()))


def test_its_model_predicts_as_it_did(name: str) -> None:
    assert_close(applied(name, Path(name, "best")), read_jsonl(f"expected/{name}.jsonl"))


@pytest.mark.slow
def test_its_run_is_resumed(name: str, ftk: Callable[..., Result]) -> None:
    """With the command line in the run's config.yaml. The bytes are compared where nothing else computes others."""
    line = Path(name, "config.yaml").read_text(encoding="utf-8").splitlines()[0].removeprefix("# ftk ")
    argv = [word for word in shlex.split(line) if not word.startswith("run.stop_after=")]
    saved, facts = json.loads(Path(name, "environment.json").read_text()), environment_facts()
    computing = ("torch", "transformers", "tokenizers")
    same_versions = all(saved["packages"][package] == facts["packages"][package] for package in computing)
    resumed = ftk(*argv, "run.resume=true")
    if not same_versions or saved["ftk"] != facts["ftk"]:
        assert resumed.code == 1
        assert "the run cannot be resumed with other versions" in resumed.err
        resumed = ftk(*argv, "run.resume=force")
    assert resumed.code == 0, resumed.err
    assert "resuming after step 35" in resumed.out
    assert json.loads(Path(name, "last/ftk.json").read_text())["step"] == 60
    ends = json.loads(ENDS.read_text())
    found, expected = events(Path(name)), ends[name]["events"]
    steps = [(event["step"], event["split"]) for event in expected]
    assert [(event["step"], event["split"]) for event in found] == steps
    if not same_versions:
        return
    losses = [event["loss"] for event in expected]
    assert [event["loss"] for event in found] == pytest.approx(losses, rel=0.02)
    if machine() != ends["machine"]:
        return
    unbroken = [word for word in argv if not word.startswith("run.dir=")]
    assert ftk(*unbroken, "run.dir=unbroken").code == 0
    assert digests(Path("unbroken")) == digests(Path(name)) == ends[name]["digests"]
    assert events(Path("unbroken")) == found == expected


def test_a_config_that_names_its_task_by_target(ftk: Callable[..., Result]) -> None:
    """A task of a user means what it meant when the run was made."""
    kept = Path("travels/config.yaml").read_text(encoding="utf-8")
    assert "_target_: ftk.tasks.token_classification.TokenClassification" in kept
    shown = ftk("finetune", "--config-dir", "configs", "experiment=travels", "--cfg", "job", "-p", "task")
    assert shown.code == 0, shown.err
    assert yaml.safe_load(shown.out) == yaml.safe_load(kept)["task"]


def scored(name: str, model: Path) -> Any:
    """The scores that ``ftk evaluate`` writes, without times and what the release did not write."""
    files = (f"checkpoint={model}", f"data.test={TESTS[name]}", "run.dir=scores", "run.overwrite=true")
    assert cli.run(["evaluate", *files, *HARDWARE]) == 0
    written = json.loads(Path("scores/metrics.json").read_text(encoding="utf-8"))
    written.pop("calibration", None)  # the release had no such figures
    return _timeless(written)


def applied(name: str, model: Path) -> list[dict[str, Any]]:
    """The records that ``ftk predict`` writes."""
    files = (f"checkpoint={model}", f"input={INPUTS[name]}", "output=predicted.jsonl")
    assert cli.run(["predict", *files, *HARDWARE]) == 0
    return read_jsonl("predicted.jsonl")


def digests(run: Path) -> dict[str, str]:
    """SHA-256 of the weights of a run."""
    names = ("best/model.safetensors", "last/model.safetensors")
    return {name: hashlib.sha256((run / name).read_bytes()).hexdigest() for name in names}


def events(run: Path) -> list[dict[str, Any]]:
    """The metrics of a run, without times."""
    found: list[dict[str, Any]] = _timeless(read_jsonl(run / "metrics.jsonl"))
    return found


def machine() -> dict[str, Any]:
    """What the last digits of a run depend on: versions and the kind of processor, which the name of a virtual one
    may not tell."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").split("\n\n")[0]
    except OSError:
        text = ""
    kinds = ("vendor_id", "cpu family", "model", "stepping", "flags")
    lines = [line for line in text.splitlines() if line.partition(":")[0].strip() in kinds]
    facts = environment_facts()
    processor = hashlib.sha256("\n".join(lines).encode()).hexdigest() if lines else None
    return {"processor": processor, "python": facts["python"], "packages": facts["packages"]}


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _timeless(one) for key, one in value.items() if key not in TIMES}
    return [_timeless(one) for one in value] if isinstance(value, list) else value
