"""Each fast way is tried on a model first; one that fails or differs is not used, and nothing else is changed."""

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import small_models

pytestmark = pytest.mark.torch

PRECISIONS = ["float32", "bfloat16"]


def make(architecture: str = "bert", auto: str = "AutoModelForTokenClassification", **changes: Any) -> Any:
    import torch
    import transformers

    values = {**small_models.ARCHITECTURES.get(architecture, {}), "vocab_size": 60, "pad_token_id": 0, **changes}
    torch.manual_seed(0)
    return getattr(transformers, auto).from_config(transformers.AutoConfig.for_model(architecture, **values)).train()


def swap(fast: Callable[[Any], Any], *, name: str = "planted", only: str = "") -> Any:
    """A way that lets layer norms compute something else, in the parts whose names contain a word."""
    from torch import nn

    from ftk.kernels.ways import Change, Way, part_of

    class Planted(nn.LayerNorm):
        def forward(self, input: Any) -> Any:
            return fast(super().forward(input))

    def changes(model: Any) -> Iterator[Any]:
        for path, module in model.named_modules():
            if type(module) is nn.LayerNorm and only in path:
                yield Change(part_of(path), lambda module=module: setattr(module, "__class__", Planted))  # type: ignore[misc]

    return Way(name, changes)


def with_gradient(values: Any, backward: Callable[[Any], Any]) -> Any:
    """The same values, with another gradient."""
    import torch

    class Planted(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, input: Any) -> Any:
            return input.clone()

        @staticmethod
        def backward(ctx: Any, gradient: Any) -> Any:
            return backward(gradient)

    return Planted.apply(values)


def fails_backward(values: Any) -> Any:
    def fail(gradient: Any) -> Any:
        raise RuntimeError("expected scalar type Float but found BFloat16")

    return with_gradient(values, fail)


def wrong_gradient(values: Any) -> Any:
    return with_gradient(values, lambda gradient: gradient * 1.3)


def refused_alone(
    model: Any, *ways: Any, precision: str = "float32", training: bool = True
) -> dict[tuple[str, str], str]:
    """The reasons by way and part, of ways that are all that is tried."""
    import torch

    from ftk.kernels.proof import prove

    verdict = prove(model, ways, getattr(torch, precision), training=training)
    return {(one.way, one.part): one.reason for one in verdict.refusals}


def refused(model: Any, *planted: Any, **settings: Any) -> dict[tuple[str, str], str]:
    """The same for planted ways, which are tried together with those of ftk."""
    from ftk.kernels.ways import NORM, training_ways

    others = [way for way in training_ways() if way is not NORM]
    return refused_alone(model, *others, *planted, **settings)


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_way_that_differs_is_found(precision: str) -> None:
    found = refused(make(), swap(lambda values: values * 1.2, only="attention"), precision=precision)
    assert list(found) == [("planted", "*")]
    assert "differ" in found["planted", "*"]


@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_way_that_is_wrong_backward_is_found(precision: str) -> None:
    model = make()
    failing, wrong = swap(fails_backward), swap(wrong_gradient, name="other")
    assert list(refused(model, failing, precision=precision)) == [("planted", "*")]
    assert list(refused(model, wrong, precision=precision)) == [("other", "*")]
    assert refused(model, failing, precision=precision, training=False) == {}


def test_a_way_that_fails_with_dropout_only_is_found() -> None:
    """It is off while numbers are compared."""
    from torch import nn

    from ftk.kernels.ways import Change, Way

    class Planted(nn.Dropout):
        def forward(self, input: Any) -> Any:
            return fails_backward(input) if self.training else input

    def changes(model: Any) -> Iterator[Any]:
        for module in model.modules():
            if type(module) is nn.Dropout:
                yield Change("dropout", lambda module=module: setattr(module, "__class__", Planted))  # type: ignore[misc]

    assert list(refused_alone(make(), Way("planted", changes))) == [("planted", "*")]
    assert refused_alone(make(), Way("planted", changes), training=False) == {}


def test_only_the_parts_that_differ_stay_plain() -> None:
    from torch import nn

    from ftk.kernels.ways import Change, Way, part_of

    class Planted(nn.Linear):
        def forward(self, input: Any) -> Any:
            output = super().forward(input)
            return output * 1.1 if output.shape[-1] == 32 else output

    def changes(model: Any) -> Iterator[Any]:
        for path, module in model.named_modules():
            if type(module) is nn.Linear:
                yield Change(part_of(path), lambda module=module: setattr(module, "__class__", Planted))  # type: ignore[misc]

    parts = {part for _, part in refused_alone(make(), Way("planted", changes), training=False)}
    assert {"bert.encoder.layer.*.attention.self.value", "bert.encoder.layer.*.output.dense"} <= parts
    assert not any("intermediate" in part or "classifier" in part for part in parts)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(
    ("architecture", "auto", "changes"),
    [
        ("bert", "AutoModelForTokenClassification", {"num_hidden_layers": 5}),
        (
            "big_bird",
            "AutoModelForSequenceClassification",
            {"block_size": 4, "hidden_size": 32, "num_attention_heads": 2},
        ),
        ("resnet", "AutoModelForImageClassification", {"hidden_sizes": [8, 16], "depths": [1, 1], "embedding_size": 8}),
        ("bart", "AutoModelForSeq2SeqLM", {"d_model": 32, "encoder_layers": 3, "decoder_layers": 3}),
    ],
)
def test_nothing_else_is_changed(
    architecture: str, auto: str, changes: dict[str, Any], precision: str, training: bool
) -> None:
    """Random generators, weights, gradients, buffers, classes, attributes and configs are as before."""
    import numpy as np
    import torch

    from ftk.kernels.proof import prove
    from ftk.kernels.ways import prediction_ways, training_ways

    model = make(architecture, auto, **changes)
    model.get_input_embeddings if architecture == "resnet" else model.get_input_embeddings().weight.requires_grad_(
        False
    )
    dtype = getattr(torch, precision)
    ways = training_ways() if training else prediction_ways(dtype, rows=64, int8=False)

    def state() -> Any:
        modules = [
            (name, type(part), part.training, {key: id(value) for key, value in vars(part).items() if key[0] != "_"})
            for name, part in model.named_modules()
        ]
        numbers = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        trained = [(weight.requires_grad, weight.grad) for weight in model.parameters()]
        return modules, trained, model.config.to_dict(), model.config._attn_implementation, numbers

    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    before, drawn = state(), (random.random(), np.random.random(), float(torch.rand(())))
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    verdict = prove(model, ways, dtype, training=training)
    assert (random.random(), np.random.random(), float(torch.rand(()))) == drawn
    assert verdict.refusals == ()
    after = state()
    assert after[:4] == before[:4]
    assert all(torch.equal(tensor, before[4][name]) for name, tensor in after[4].items())


def test_a_verdict_is_kept_for_an_architecture_and_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from ftk.kernels.proof import kept

    ways = [swap(lambda values: values * 1.2)]
    proofs = []

    def counted(*args: Any, **kwargs: Any) -> Any:
        proofs.append(args)
        return prove(*args, **kwargs)

    prove = kept.prove
    monkeypatch.setattr(kept, "prove", counted)

    def verdict(precision: str = "float32", *, training: bool = True, **changes: Any) -> Any:
        return kept.proven(make(**changes), ways, getattr(torch, precision), training=training, cache_dir=str(tmp_path))

    first = verdict()
    assert [one.way for one in first.refusals] == ["planted"]
    assert verdict(vocab_size=80, id2label={0: "a", 1: "b"}) == first
    assert len(proofs) == 1
    others: list[dict[str, Any]] = [{"precision": "bfloat16"}, {"training": False}, {"hidden_size": 64}]
    for number, other in enumerate((*others, {"architecture": "roberta"}), start=2):
        verdict(**other)
        assert len(proofs) == number
    versions = kept._versions()
    monkeypatch.setattr(kept, "_versions", lambda: {**versions, "transformers": "6.0"})
    assert verdict() == first
    assert len(proofs) == 6


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'{"refusals": []}', b"\xff\xfe\x00", b"[" * 9000, None],
    ids=["empty", "cut", "list", "null", "without a sum", "no text", "deep", "forged"],
)
def test_a_broken_file_of_the_cache_is_written_again(content: bytes | None, tmp_path: Path) -> None:
    import torch

    from ftk.kernels.proof import proven

    ways = [swap(lambda values: values * 1.2)]
    first = proven(make(), ways, torch.float32, training=True, cache_dir=str(tmp_path))
    [path] = (tmp_path / "fast-ways").iterdir()
    whole = path.read_bytes()
    path.write_bytes(json.dumps({**json.loads(whole), "refusals": []}).encode() if content is None else content)
    assert proven(make(), ways, torch.float32, training=True, cache_dir=str(tmp_path)) == first
    assert path.read_bytes() == whole
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_user_without_a_home_has_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from ftk.kernels.proof import proven

    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    for name in ("FTK_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    found = proven(make(), [swap(lambda values: values * 1.2)], torch.float32, training=True, cache_dir=None)
    assert [one.way for one in found.refusals] == ["planted"]


def test_a_cache_that_cannot_be_written_costs_time_only(tmp_path: Path) -> None:
    import torch

    from ftk.kernels.proof import proven

    blocked = tmp_path / "cache"
    blocked.write_text("a file")
    found = proven(make(), [swap(lambda values: values * 1.2)], torch.float32, training=True, cache_dir=str(blocked))
    assert [one.way for one in found.refusals] == ["planted"]


def test_a_model_that_no_small_batch_fits_stays_plain() -> None:
    import torch
    from torch import nn

    from ftk.kernels.proof import prove
    from ftk.kernels.ways import training_ways

    class Odd(nn.Module):
        config: Any = None

        def forward(self, waves: Any) -> Any:
            return waves

    ways = training_ways()
    verdict = prove(Odd(), ways, torch.float32, training=True)
    assert {one.way for one in verdict.refusals} == {way.name for way in ways}
