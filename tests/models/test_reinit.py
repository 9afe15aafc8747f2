"""New random weights for the top layers of an encoder."""

from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Result, assert_refused, write_jsonl
from ftk.contracts import finding_kinds as kinds
from small_models import save_model_folder

pytestmark = pytest.mark.torch

ROWS = [{"text": f"{word} {n}", "label": word} for n in range(10) for word in ("red", "green")]


def test_only_the_top_layers_change_and_by_the_seed_alone() -> None:
    import torch
    from transformers import AutoModelForSequenceClassification

    from ftk.contracts.notes import Notes
    from ftk.models.tuning.reinit import reinit_layers

    folder = save_model_folder(Path("model"), "bert")

    def loaded(seed: int | None) -> dict[str, torch.Tensor]:
        torch.manual_seed(0)  # of the head
        model = AutoModelForSequenceClassification.from_pretrained(folder)
        notes = Notes()
        if seed is not None:
            reinit_layers(model, 1, seed, notes)
            assert [finding.kind for finding in notes] == [kinds.NEW_LAYERS]
        return dict(model.state_dict())

    plain, one, again, other = loaded(None), loaded(1), loaded(1), loaded(2)
    changed = {name for name, tensor in plain.items() if not torch.equal(tensor, one[name])}
    assert changed
    assert all(".layer.1." in name for name in changed)
    assert all(torch.equal(tensor, again[name]) for name, tensor in one.items())
    name = next(name for name in changed if name.endswith("query.weight"))
    assert not torch.equal(one[name], other[name])
    assert one[name].std() == pytest.approx(0.02, rel=0.2)


@pytest.mark.slow
def test_a_resumed_run_keeps_its_trained_layers(ftk: Callable[..., Result]) -> None:
    model = ("model=auto", f"model.name={save_model_folder(Path('model'), 'bert')}", "model.reinit_layers=1")
    data = f"data.train={write_jsonl('rows.jsonl', ROWS)}"
    argv = ("finetune", "task=text-classification", *model, data, "hardware=cpu", "train.max_steps=3", "--json")
    assert ftk(*argv, "run.dir=whole").found(kinds.NEW_LAYERS, layers=1, of=2)
    assert ftk(*argv, "run.dir=run", "run.stop_after=2").code == 0
    assert ftk(*argv, "run.dir=run", "run.resume=true").count(kinds.NEW_LAYERS) == 0
    name = "last/model.safetensors"
    assert Path("run", name).read_bytes() == Path("whole", name).read_bytes()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("model=auto", "model.name=model", "model.reinit_layers=2"), "has 2 layers, and one must stay"),
        (("model=tiny", "model.reinit_layers=1"), "model.reinit_layers=1"),
        (("model=tiny", "model.reinit_layers=-1"), "0 or more"),
    ],
)
def test_layers_that_are_not_there_are_refused(ftk: Callable[..., Result], words: tuple[str, ...], reason: str) -> None:
    save_model_folder(Path("model"), "bert")
    data = f"data.train={write_jsonl('rows.jsonl', ROWS)}"
    assert_refused(ftk("finetune", "task=text-classification", data, *words, "--json"), reason)
