"""Vectors of texts over encoders of several architectures: pooling, folders, padding, and less memory."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ftk.contracts.layout import USUAL
from small_models import ARCHITECTURES

pytestmark = pytest.mark.torch

SMALL: dict[str, dict[str, Any]] = {
    "ftk-cnn": {"embedding_size": 8, "widths": [1, 2], "filters": 6, "dropout": 0.1},
    "ftk-bilstm": {"embedding_size": 8, "hidden_size": 10, "dropout": 0.1},
    "ftk-fasttext-bag": {"embedding_size": 8, "buckets": 50, "dropout": 0.1},
}
SHOWN = ("bert", "roberta", "distilbert", "modernbert", *SMALL)
architectures = pytest.mark.parametrize("architecture", SHOWN)


def build(architecture: str) -> Any:
    import torch
    import transformers

    from ftk.models.architectures.heads import AutoModelForTextVector
    from ftk.models.architectures.small import register_small_models

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    register_small_models()
    torch.manual_seed(0)
    special = {"pad_token_id": 0, "cls_token_id": 1, "bos_token_id": 1, "sep_token_id": 2, "eos_token_id": 2}
    values = {**(SMALL.get(architecture) or ARCHITECTURES[architecture]), **special, "vocab_size": 60}
    config = transformers.AutoConfig.for_model(architecture, **values)
    assert type(config) in AutoModelForTextVector._model_mapping
    return AutoModelForTextVector.from_config(config)


def batch(lengths=(10, 4, 9, 3, 3), owner=(0, 1, 2, 2, 3)) -> Any:
    """Windows of texts, the third text having two of them."""
    import torch

    ids = torch.randint(5, 60, (len(lengths), max(lengths)), generator=torch.Generator().manual_seed(1))
    mask = (torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]).long()
    numbers = torch.bincount(torch.tensor(owner))
    targets = {"owner": torch.tensor(owner), "windows": numbers}
    return SimpleNamespace(inputs={"input_ids": ids * mask, "attention_mask": mask}, targets=targets, layout=USUAL)


@architectures
@pytest.mark.parametrize("first", [False, True])
def test_a_vector_is_the_mean_over_tokens_and_windows_of_what_the_saved_encoder_says(
    tmp_path: Path, architecture: str, first: bool
) -> None:
    import torch
    from transformers import AutoModel

    from ftk.tasks.ranking.searching.vectors import unit_vectors

    model, shown = build(architecture).eval(), batch()
    model.save_pretrained(tmp_path)
    encoder = AutoModel.from_pretrained(tmp_path).eval()
    with torch.inference_mode():
        found = unit_vectors(model, shown, None, first=first)
        windows = []
        for ids, mask in zip(shown.inputs["input_ids"], shown.inputs["attention_mask"], strict=True):
            states = encoder(input_ids=ids[None, : mask.sum()]).last_hidden_state[0]
            windows.append(states[0] if first else states.mean(0))
        texts = [windows[0], windows[1], (windows[2] + windows[3]) / 2, windows[4]]
    for vector, expected in zip(found, texts, strict=True):
        assert torch.allclose(vector, expected / expected.norm(), atol=1e-5)


@architectures
def test_every_parameter_gets_a_gradient_and_none_is_added(architecture: str) -> None:
    from ftk.tasks.ranking.searching.vectors import unit_vectors

    model = build(architecture).eval()
    unit_vectors(model, batch(), None, first=False)[:, 0].sum().backward()
    idle = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert [name for name in idle if "key.bias" not in name] == []
    assert not any(name.startswith("text_vector") for name in model.state_dict())


@pytest.mark.parametrize("at_once", [1, 2, 4])
def test_parts_computed_again_give_the_same_gradients_dropout_included(at_once: int) -> None:
    import torch

    from ftk.kernels.proof import Verdict
    from ftk.kernels.ways import install, training_ways
    from ftk.models.forward.length_grouped import forward_in_chunks

    model, inputs = build("bert").train(), batch().inputs
    install(model, training_ways(), Verdict().allows)
    weights = torch.randn(5, 32, generator=torch.Generator().manual_seed(2))

    def compute(shown: dict[str, Any]) -> Any:
        mask = shown["attention_mask"].float()
        return model(**shown, weights=mask).logits

    def gradients(found: Any) -> list[Any]:
        model.zero_grad()
        (found * weights).sum().backward()
        return [parameter.grad.clone() for parameter in model.parameters() if parameter.grad is not None]

    torch.manual_seed(3)
    again = forward_in_chunks(compute, inputs, at_once)
    ours = gradients(again)
    torch.manual_seed(3)
    order = sorted(range(5), key=lambda row: -int(inputs["attention_mask"][row].sum()))
    parts = [order[begin : begin + at_once] for begin in range(0, 5, at_once)]
    kept = [
        compute(
            {name: each[part, : int(inputs["attention_mask"][part].sum(-1).max())] for name, each in inputs.items()}
        )
        for part in parts
    ]
    plain = torch.cat(kept)[torch.tensor(order).argsort()]
    assert torch.equal(again, plain)
    for one, other in zip(ours, gradients(plain), strict=True):
        assert torch.allclose(one, other, atol=1e-6)


def test_passes_are_cut_where_that_saves_padding_and_bounded_without_gradients() -> None:
    import torch

    from ftk.models.forward import length_grouped as passes

    seen: list[tuple[int, int]] = []

    def compute(shown: dict[str, Any]) -> Any:
        seen.append(tuple(shown["attention_mask"].shape))
        return shown["input_ids"].sum(-1, keepdim=True)

    lengths = [5, 60, 4, 60, 5, 6]
    inputs = batch(lengths, range(6)).inputs
    found = passes.forward_in_chunks(compute, inputs, None)
    assert seen == [(2, 60), (4, 6)]
    assert torch.equal(found[:, 0], inputs["input_ids"].sum(-1))
    seen.clear()
    assert passes.forward_in_chunks(compute, batch([60] * 4, range(4)).inputs, None).shape == (4, 1)
    assert seen == [(4, 60)]
    seen.clear()
    many = batch([64] * 1000, range(1000)).inputs
    with torch.no_grad():
        passes.forward_in_chunks(compute, many, None)
    assert len(seen) > 1
    assert max(rows * time for rows, time in seen) <= 2**14
