"""Two-tower models equal their encoders run separately."""

from typing import Any

import pytest

from ftk.errors import ConfigError, ModelError

pytestmark = pytest.mark.torch

TEXT = {
    "model_type": "bert",
    "vocab_size": 50,
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
}
VIT = {
    "model_type": "vit",
    "image_size": 16,
    "patch_size": 8,
    "hidden_size": 24,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
}
RESNET = {"model_type": "resnet", "embedding_size": 8, "hidden_sizes": [8, 16], "depths": [1, 1], "layer_type": "basic"}


STAGES = {"hidden_sizes": [8, 16], "depths": [1, 1]}
CUT = {"num_encoder_blocks": 2, "patch_sizes": [7, 3], "strides": [4, 2], **STAGES}
TINY_VIT = {name: value for name, value in VIT.items() if name != "model_type"}
ENCODERS: dict[str, dict[str, Any]] = {
    "segformer": {**CUT, "sr_ratios": [2, 1], "num_attention_heads": [1, 2], "mlp_ratios": [2, 2]},
    "poolformer": {**CUT, "padding": [2, 1]},
    "efficientnet": {"image_size": 32, "width_coefficient": 0.1, "depth_coefficient": 0.1, "hidden_dim": 128},
    "mobilenet_v2": {"image_size": 32, "depth_multiplier": 0.1, "finegrained_output": False},
    "convnext": {**STAGES, "num_stages": 2},
    "swin": {"image_size": 16, "embed_dim": 8, "depths": [1, 1], "num_heads": [1, 2], "window_size": 2},
    "regnet": {**STAGES, "embedding_size": 8, "groups_width": 8},
    "dinov2": {name: value for name, value in TINY_VIT.items() if name != "intermediate_size"},
    "deit": TINY_VIT,
    "beit": TINY_VIT,
}
"""Architectures with different outputs: states of patches or of positions, pooled or not."""


def make(image: dict[str, Any] = VIT, text: dict[str, Any] = TEXT, **values: Any) -> Any:
    import torch

    from ftk.models.architectures.fusion import AutoModelForImageTextClassification, FusionConfig, register_fusion
    from ftk.models.architectures.small import register_small_models

    register_fusion()
    register_small_models()
    torch.manual_seed(0)
    config = FusionConfig(text_config=text, vision_config=image, num_labels=3, **values)
    return AutoModelForImageTextClassification.from_config(config).eval()


def inputs() -> dict[str, Any]:
    import torch

    generator = torch.Generator().manual_seed(1)
    ids = torch.randint(1, 50, (4, 7), generator=generator)
    mask = torch.ones(4, 7, dtype=torch.int64)
    mask[0, 4:] = 0
    pixels = torch.randn(4, 3, 16, 16, generator=generator)
    return {"input_ids": ids, "attention_mask": mask, "pixel_values": pixels}


def states(model: Any, given: dict[str, Any]) -> tuple[Any, Any]:
    """Output of each encoder alone, pooled row by row."""
    import torch

    towers = model.towers
    hidden = towers.text(input_ids=given["input_ids"], attention_mask=given["attention_mask"]).last_hidden_state
    text = torch.stack(
        [row[: int(real.sum())].mean(0) for row, real in zip(hidden, given["attention_mask"], strict=True)]
    )
    seen = towers.image(pixel_values=given["pixel_values"]).last_hidden_state
    return text, seen.mean(1) if seen.ndim == 3 else seen.mean((2, 3))


@pytest.mark.slow
@pytest.mark.parametrize("name", ENCODERS)
def test_image_vectors_are_pooled_by_the_encoder_or_averaged(name: str) -> None:
    import torch

    model, given = make({"model_type": name, **ENCODERS[name]}, fusion="image"), inputs()
    side = getattr(model.config.vision_config, "image_size", None) or 32
    given["pixel_values"] = torch.randn(4, 3, side, side, generator=torch.Generator().manual_seed(2))
    seen = model.towers.image(pixel_values=given["pixel_values"])
    state, pooled = seen.last_hidden_state, getattr(seen, "pooler_output", None)
    expected = state.mean((2, 3)) if state.ndim == 4 else state.mean(1)
    if pooled is not None:
        expected = pooled.reshape(4, -1)
    logits = model(**given).logits
    assert torch.allclose(logits, model.heads["image"](expected), atol=1e-5)
    logits.sum().backward()
    still = [key for key, value in model.named_parameters() if value.grad is None]
    assert [key for key in still if "mask_token" not in key] == []


@pytest.mark.parametrize("name", ENCODERS)
def test_the_same_encoders_have_heads_for_images_alone(name: str) -> None:
    import torch
    import transformers

    from ftk.models.configs.model_config import build, make_config

    config = make_config({"model_type": name, **ENCODERS[name]})
    config.num_labels = 3
    side = getattr(config, "image_size", None) or 32
    model = build(transformers.AutoModelForImageClassification, config).eval()
    assert model(pixel_values=torch.zeros(2, 3, side, side)).logits.shape == (2, 3)


@pytest.mark.parametrize("name", ["bert", "clip"])
def test_an_encoder_without_a_vector_per_image_is_refused(name: str) -> None:
    image = TEXT if name == "bert" else {"model_type": name}
    with pytest.raises(
        ModelError, match=f"a {name} model gives no single vector per image.*choose another image encoder"
    ):
        make(image)


def test_probing_an_encoder_does_not_advance_the_random_numbers() -> None:
    """The weights of a model depend only on the seed, not on earlier probes."""
    import torch
    from transformers import AutoConfig, AutoModel

    values = {key: value for key, value in RESNET.items() if key != "model_type"}
    torch.manual_seed(0)
    expected = AutoModel.from_config(AutoConfig.for_model("resnet", **values))
    found = make(RESNET, fusion="image")
    torch.manual_seed(0)
    again = make(RESNET, fusion="image")
    for key, value in expected.state_dict().items():
        assert torch.equal(found.towers.image.state_dict()[key], value)
    assert torch.equal(found.heads["image"].weight, again.heads["image"].weight)


@pytest.mark.parametrize("image", [VIT, RESNET], ids=["vit", "resnet"])
@pytest.mark.parametrize("weight", [None, 0.25, 0, 1])
def test_weighted_fusion_mixes_both_logits(image: dict[str, Any], weight: float | None) -> None:
    import torch

    model, given = make(image, weight=weight), inputs()
    if weight is None:
        torch.nn.init.constant_(model.mix, 1.5)
    share = 1 / (1 + torch.exp(torch.tensor(-1.5))) if weight is None else torch.tensor(float(weight))
    with torch.no_grad():
        text, seen = states(model, given)
        expected = share * model.heads["text"](text) + (1 - share) * model.heads["image"](seen)
        assert torch.allclose(model(**given).logits, expected, atol=1e-5)
    assert ("mix" in model.state_dict()) == (weight is None)


def test_concatenation_is_one_layer_over_both() -> None:
    import torch

    model, given = make(fusion="concatenation"), inputs()
    with torch.no_grad():
        expected = model.heads["both"](torch.cat(states(model, given), 1))
        assert torch.allclose(model(**given).logits, expected, atol=1e-5)


@pytest.mark.parametrize("kind", ["text", "image"])
def test_a_single_tower_does_not_build_the_other(kind: str) -> None:
    import torch

    model, given = make(fusion=kind), inputs()
    assert {name.split(".")[1] for name in model.state_dict()} == {kind}
    other = "pixel_values" if kind == "text" else "input_ids"
    with torch.no_grad():
        before = model(**given).logits
        given[other] = torch.zeros_like(given[other])
        assert torch.equal(model(**given).logits, before)


@pytest.mark.parametrize("kind", ["weighted", "concatenation", "text", "image"])
def test_every_parameter_is_trained(kind: str) -> None:
    model = make(fusion=kind).train()
    model(**inputs()).logits.logsumexp(-1).sum().backward()
    assert [name for name, one in model.named_parameters() if one.grad is None or not one.grad.any()] == []


@pytest.mark.parametrize("text", ["ftk-cnn", "ftk-bilstm", "distilbert", "modernbert"])
def test_any_encoder_of_texts(text: str) -> None:
    sizes = {"distilbert": {"dim": 16, "n_layers": 1, "n_heads": 2, "hidden_dim": 32}}
    bert = {key: value for key, value in TEXT.items() if key not in ("model_type", "vocab_size")}
    values = sizes.get(text, bert if text == "modernbert" else {})
    pad = {"pad_token_id": 0} if text != "modernbert" else dict.fromkeys(("pad_token_id", "cls_token_id"), 0)
    model = make(text={"model_type": text, "vocab_size": 50, **values, **pad})
    assert model(**inputs()).logits.shape == (4, 3)


def test_a_saved_folder_loads_the_same_model(tmp_path: Any) -> None:
    import torch
    import transformers

    from ftk.models.architectures.fusion import AutoModelForImageTextClassification

    model = make(RESNET, weight=None)
    torch.nn.init.constant_(model.mix, 0.7)
    model.save_pretrained(tmp_path)
    again = AutoModelForImageTextClassification.from_pretrained(str(tmp_path)).eval()
    assert torch.equal(again(**inputs()).logits, model(**inputs()).logits)
    again.save_pretrained(tmp_path / "again")
    assert (tmp_path / "again/config.json").read_bytes() == (tmp_path / "config.json").read_bytes()
    encoders = transformers.AutoModel.from_pretrained(tmp_path).eval()
    assert torch.equal(encoders(**inputs())["image"], model.towers(**inputs())["image"])


def test_frozen_parts_compute_no_gradient_and_keep_their_statistics() -> None:
    import torch

    from ftk.models.tuning.freezing import freeze

    model = make(RESNET)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    count = freeze(model, ["towers.image"])
    assert count == sum(parameter.numel() for parameter in model.towers.image.parameters())
    model.train()
    assert model.towers.text.training
    assert not any(module.training for module in model.towers.image.modules())
    seen = model.towers.image(pixel_values=inputs()["pixel_values"])
    assert not seen.last_hidden_state.requires_grad
    model(**inputs()).logits.sum().backward()
    assert all(parameter.grad is None for parameter in model.towers.image.parameters())
    assert all(parameter.grad is not None for parameter in model.towers.text.parameters())
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            ["towers.images"],
            "this model has no module 'towers.images'; its top-level modules are towers, dropout, heads. Did you mean "
            "'tow",
        ),
        (["towers", "heads", "x"], "has no module 'x'"),
        ([3], "has no module '3'"),
    ],
)
def test_unknown_modules_cannot_be_frozen(names: list[Any], message: str) -> None:
    from ftk.models.tuning.freezing import freeze

    with pytest.raises(ConfigError) as caught:
        freeze(make(), names)
    assert message in str(caught.value)


def test_freezing_everything_is_refused() -> None:
    from ftk.models.tuning.freezing import freeze

    with pytest.raises(ConfigError, match="no trainable parameter is left"):
        freeze(make(weight=0.5), ["towers", "heads"])


def test_fast_attention_is_installed_in_both_encoders() -> None:
    import torch

    from ftk.kernels import attention
    from ftk.kernels.proof import Verdict
    from ftk.kernels.ways import install, training_ways

    model = make()
    with torch.no_grad():
        before = model(**inputs()).logits
        install(model, training_ways(), Verdict().allows)
        assert torch.allclose(model(**inputs()).logits, before, atol=1e-5)
    used = {name: getattr(model.towers, name).config._attn_implementation for name in ("text", "image")}
    assert used == {"text": attention.NAME, "image": attention.NAME}
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        assert model(**inputs()).logits.dtype is torch.float32  # both heads, and the share of either
