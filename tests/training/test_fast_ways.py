"""A run proves its fast ways once: what is loaded again, or resumed, computes as the run began."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import TINY, Result, write_jsonl
from ftk.models.loading.verified_folder import write_manifest

pytestmark = pytest.mark.torch

ROWS = [{"text": f"{'red fox' if row % 2 else 'blue sea'} {row}", "label": "ab"[row % 2]} for row in range(16)]
FILES = ("best/model.safetensors", "last/model.safetensors", "last/trainer.safetensors")


@pytest.fixture
def argv() -> tuple[str, ...]:
    data = f"data.train={write_jsonl('rows.jsonl', ROWS)}"
    return ("finetune", "task=text-classification", *TINY, data, "train.max_steps=4", "train.eval_every=2")


@pytest.fixture
def proofs(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Proofs of which no two end the same way: every second one refuses all layer norms and attention."""
    from ftk.kernels.proof import Refusal, Verdict, kept

    made: list[Any] = []

    def prove(model: Any, ways: Any, dtype: Any, *, training: bool) -> Verdict:
        refused = [Refusal(way.name, "*", "planted") for way in ways if way.name in ("layer norm", "attention")]
        made.append(Verdict(tuple(refused) if len(made) % 2 else (), lasting=False))
        return made[-1]

    monkeypatch.setattr(kept, "prove", prove)
    return made


def installed(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, int]]:
    """How many modules each way changes, for each model that gets fast ways from now on."""
    from ftk.kernels import install

    found: list[dict[str, int]] = []
    real = install.install

    def counted(*words: Any) -> Any:
        changed = real(*words)
        found.append(dict(changed))
        return changed

    monkeypatch.setattr(install, "install", counted)
    return found


@pytest.mark.slow
def test_the_best_model_and_a_resumed_run_keep_the_verdict_of_the_beginning(
    ftk: Callable[..., Result], argv: tuple[str, ...], proofs: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    models = installed(monkeypatch)
    assert ftk(*argv, "run.dir=halves", "run.stop_after=2").code == 0
    assert len(proofs) == 1
    resumed = ftk(*argv, "run.dir=halves", "run.resume=true")
    assert resumed.code == 0, resumed.err
    assert len(proofs) == 1
    assert len(models) > 3
    assert all(one == models[0] for one in models)
    proofs.clear()
    assert ftk(*argv, "run.dir=whole").code == 0
    assert all(Path("halves", name).read_bytes() == Path("whole", name).read_bytes() for name in FILES)
    assert "fast_ways" not in json.loads(Path("whole/best/ftk.json").read_text())


@pytest.mark.parametrize("change", ["none", "other conditions", "damaged"])
@pytest.mark.slow
def test_a_state_without_a_verdict_for_these_conditions_is_proved_once(
    change: str, ftk: Callable[..., Result], argv: tuple[str, ...], proofs: list[Any]
) -> None:
    assert ftk(*argv, "run.dir=run", "run.stop_after=2").code == 0
    saved = json.loads(Path("run/last/ftk.json").read_text())
    ways = saved.pop("fast_ways")
    del saved["check"], saved["files"]
    Path("run/last/ftk.json").unlink()
    if change != "none":
        changed = {"conditions": "others"} if change == "other conditions" else {"refusals": [["norm"]]}
        saved["fast_ways"] = {**ways, **changed}
    write_manifest(Path("run/last"), saved)
    proofs.clear()
    resumed = ftk(*argv, "run.dir=run", "run.resume=true")
    assert resumed.code == 0, resumed.err
    assert len(proofs) == 1


def test_a_run_that_computes_in_fp32_is_resumed_without_a_proof(
    ftk: Callable[..., Result], argv: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    from ftk.kernels.processor import processor
    from ftk.kernels.proof import Verdict, kept

    if not processor().has_bf16:
        pytest.skip("this processor multiplies no bf16")
    asked: list[Any] = []

    def prove(model: Any, ways: Any, dtype: Any, *, training: bool) -> Verdict:
        asked.append(dtype)
        return Verdict(unfit="planted" if dtype is torch.bfloat16 else None, lasting=False)

    monkeypatch.setattr(kept, "prove", prove)
    words = (*argv, "hardware.precision=auto")
    assert ftk(*words, "run.dir=halves", "run.stop_after=2").code == 0
    assert asked == [torch.bfloat16, torch.float32]
    resumed = ftk(*words, "run.dir=halves", "run.resume=true")
    assert resumed.code == 0, resumed.err
    assert len(asked) == 2
    assert json.loads(Path("halves/environment.json").read_text())["model_precision"] == "fp32"
