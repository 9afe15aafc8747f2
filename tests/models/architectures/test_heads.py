"""Relation heads over several architectures: gradients, folders, padding, refusals."""

import json
from pathlib import Path
from typing import Any

import pytest

from small_models import ARCHITECTURES

pytestmark = pytest.mark.torch

PLACES = {
    "AutoModelForEntityStart": {"head_start": [1, 2, 3], "tail_start": [5, 7, 6]},
    "AutoModelForEntitySpans": {"head_span": [[1, 3], [2, 3], [3, 6]], "tail_span": [[5, 7], [7, 8], [6, 8]]},
}
SHOWN = ("bert", "roberta", "distilbert", "modernbert", "electra")
both_heads = pytest.mark.parametrize("auto", sorted(PLACES))
architectures = pytest.mark.parametrize("architecture", SHOWN)


@pytest.fixture(autouse=True)
def _quiet() -> None:
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()


def config_of(architecture: str, **changes: Any) -> Any:
    from transformers import AutoConfig

    special = {"pad_token_id": 0, "cls_token_id": 1, "bos_token_id": 1, "sep_token_id": 2, "eos_token_id": 2}
    values = {**ARCHITECTURES[architecture], **special, "vocab_size": 60, "num_labels": 4, "initializer_range": 0.3}
    return AutoConfig.for_model(architecture, **{**values, **changes})


def build(auto: str, architecture: str, **changes: Any) -> Any:
    import torch

    from ftk.models.architectures import heads

    torch.manual_seed(0)
    return getattr(heads, auto).from_config(config_of(architecture, **changes))


def inputs(auto: str) -> dict[str, Any]:
    """Three rows; the second and the third are padded."""
    import torch

    ids = torch.randint(5, 60, (3, 10), generator=torch.Generator().manual_seed(1))
    mask = torch.arange(10) < torch.tensor([10, 8, 9])[:, None]
    tensors = {name: torch.tensor(places) for name, places in PLACES[auto].items()}
    return {"input_ids": ids * mask, "attention_mask": mask.long(), **tensors}


@both_heads
@architectures
def test_every_parameter_gets_a_gradient(auto: str, architecture: str) -> None:
    model = build(auto, architecture)
    model(**inputs(auto)).logits.logsumexp(-1).sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()] == []


@both_heads
@architectures
def test_a_saved_folder_opens_as_an_encoder_and_gives_the_same_logits(
    tmp_path: Path, auto: str, architecture: str
) -> None:
    import torch
    from transformers import AutoConfig, AutoModel

    from ftk.models.architectures import heads

    model, batch = build(auto, architecture).eval(), inputs(auto)
    model.save_pretrained(tmp_path)
    encoder = AutoModel.from_pretrained(tmp_path).eval()
    shown = {name: batch[name] for name in ("input_ids", "attention_mask")}
    with torch.inference_mode():
        ours = getattr(model, model.base_model_prefix)(**shown)[0]
        assert torch.equal(encoder(**shown)[0], ours)
        again, info = getattr(heads, auto).from_pretrained(
            str(tmp_path), config=AutoConfig.from_pretrained(tmp_path), output_loading_info=True
        )
        assert not info["missing_keys"]
        assert not info["unexpected_keys"]
        assert torch.equal(again.eval()(**batch).logits, model(**batch).logits)


@both_heads
@architectures
def test_a_pretrained_encoder_is_loaded_completely_and_the_head_is_new(
    tmp_path: Path, auto: str, architecture: str
) -> None:
    import torch
    from transformers import AutoModel

    from ftk.models.architectures import heads

    config = config_of(architecture)
    AutoModel.from_config(config).save_pretrained(tmp_path)
    saved = AutoModel.from_pretrained(tmp_path).state_dict()
    model, info = getattr(heads, auto).from_pretrained(str(tmp_path), config=config, output_loading_info=True)
    head = getattr(heads, auto).head_name
    assert info["missing_keys"]
    assert all(name.startswith(f"{head}.") for name in info["missing_keys"])
    for name, tensor in getattr(model, model.base_model_prefix).state_dict().items():
        assert torch.equal(tensor, saved[name])
    for parameter in getattr(model, head).parameters():
        spread = parameter.detach().std()
        assert (0.5 * 0.3 < spread < 1.5 * 0.3) if parameter.ndim > 1 else not parameter.any()


@both_heads
@architectures
def test_padding_does_not_change_a_row(auto: str, architecture: str) -> None:
    import torch

    model, batch = build(auto, architecture).eval(), inputs(auto)
    with torch.inference_mode():
        together = model(**batch).logits
        for row, length in enumerate(batch["attention_mask"].sum(-1).tolist()):
            alone = {name: tensor[row : row + 1] for name, tensor in batch.items()}
            alone |= {name: alone[name][:, :length] for name in ("input_ids", "attention_mask")}
            assert torch.allclose(model(**alone).logits[0], together[row], atol=1e-4)


def test_the_head_reads_only_the_given_positions() -> None:
    """Compares with the definitions in the papers, one row at a time."""
    import torch

    for auto in sorted(PLACES):
        model, batch = build(auto, "bert").eval(), inputs(auto)
        with torch.inference_mode():
            hidden = model.bert(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"])[0]
            found = model(**batch).logits
            for row in range(3):
                if auto == "AutoModelForEntityStart":
                    head = model.entity_start
                    parts = [hidden[row, batch[name][row]] for name in ("head_start", "tail_start")]
                else:
                    head = model.entity_spans
                    spans = [batch[name][row].tolist() for name in ("head_span", "tail_span")]
                    means = [sum(hidden[row, at] for at in range(*span)) / (span[1] - span[0]) for span in spans]
                    parts = [head.first(hidden[row, 0].tanh()), *(head.entity(mean.tanh()) for mean in means)]
                assert torch.allclose(head.classifier(torch.cat(parts)), found[row], atol=1e-5)


@pytest.mark.parametrize(
    ("architecture", "changes", "rate"),
    [
        ("bert", {"hidden_dropout_prob": 0.3}, 0.3),
        ("bert", {"hidden_dropout_prob": 0.3, "classifier_dropout": 0.4}, 0.4),
        ("bert", {"hidden_dropout_prob": 0.3, "classifier_dropout": 0.0}, 0.0),
        ("distilbert", {"seq_classif_dropout": 0.35}, 0.35),
        ("modernbert", {"classifier_dropout": 0.15}, 0.15),
    ],
)
def test_the_config_sets_the_dropout(architecture: str, changes: dict[str, float], rate: float) -> None:
    assert build("AutoModelForEntityStart", architecture, **changes).entity_start.dropout.p == rate


def test_the_base_class_is_shared_by_encoder_and_models_with_a_head(tmp_path: Path) -> None:
    """A class with layers lies between ftk's encoder and the base class of all its models."""
    import torch

    from ftk.models.architectures import heads
    from ftk.models.architectures.small import register_small_models

    register_small_models()
    from transformers import AutoConfig

    config = AutoConfig.for_model("ftk-bilstm", vocab_size=60, num_labels=4, hidden_size=16)
    batch = inputs("AutoModelForEntityStart")
    model = heads.AutoModelForEntityStart.from_config(config).eval()
    model.save_pretrained(tmp_path)
    again = heads.AutoModelForEntityStart.from_pretrained(str(tmp_path), config=config).eval()
    assert torch.equal(model(**batch).logits, again(**batch).logits)
    assert {name.split(".")[0] for name in model.state_dict()} == {"encoder", "entity_start"}


@both_heads
def test_fast_kernels_and_prepacked_layers_change_nothing(auto: str) -> None:
    import torch
    from torch import nn

    from ftk.kernels.proof import Verdict
    from ftk.kernels.ways import INT8, install, prediction_ways, training_ways

    model, batch = build(auto, "bert", initializer_range=0.05).eval(), inputs(auto)
    with torch.inference_mode():
        expected = model(**batch).logits
        install(model, training_ways(), Verdict().allows)
        assert model.config._attn_implementation == "ftk"
        assert torch.allclose(model(**batch).logits, expected, atol=1e-4)
        ways = prediction_ways(torch.float32, rows=64, int8=False)
        packed = install(build(auto, "bert"), ways, Verdict().allows)["prepacked weights"]
        assert packed in (0, 12)  # six linear layers in each of two layers, where oneDNN can
        ways = prediction_ways(torch.float32, rows=64, int8=True, others=False)
        assert install(model, ways, Verdict().allows)[INT8] == 12
        assert not [name for name, module in model.bert.named_modules() if type(module) is nn.Linear]
        assert torch.allclose(model(**batch).logits, expected, atol=0.1)


def test_encoder_decoders_and_models_without_token_outputs_have_no_such_head() -> None:
    from transformers import AutoConfig

    from ftk.models.architectures import heads

    for architecture, known in (("bert", True), ("t5", False), ("bart", False), ("vit", False)):
        assert (type(AutoConfig.for_model(architecture)) in heads.AutoModelForEntityStart._model_mapping) == known


def test_the_config_names_the_class_of_the_encoder_with_the_head(tmp_path: Path) -> None:
    build("AutoModelForEntitySpans", "electra").save_pretrained(tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["architectures"] == ["ElectraForEntitySpans"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.json", "model.safetensors"]
