"""``model.dropout`` sets each rate of dropout, by whatever name, and nothing else."""

from typing import Any

import pytest

pytestmark = pytest.mark.torch

_KEYS = {
    "bert": {"hidden_dropout_prob", "attention_probs_dropout_prob"},
    "gpt2": {"resid_pdrop", "embd_pdrop", "attn_pdrop", "summary_first_dropout"},
    "t5": {"dropout_rate", "classifier_dropout"},
    "bart": {"dropout", "attention_dropout", "activation_dropout", "classifier_dropout"},
    "distilbert": {"dropout", "attention_dropout", "qa_dropout", "seq_classif_dropout"},
    "modernbert": {"attention_dropout", "embedding_dropout", "mlp_dropout", "classifier_dropout"},
    "albert": {"hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout_prob"},
    "gpt_neo": {"resid_dropout", "embed_dropout", "attention_dropout", "classifier_dropout"},
    "xlnet": {"dropout", "summary_last_dropout"},
    "phi": {"resid_pdrop", "embd_pdrop", "attention_dropout"},
    "efficientnet": {"dropout_rate"},
    "cvt": {"attention_drop_rate", "drop_rate"},
    "mgp-str": {"drop_rate", "attn_drop_rate"},
    "swiftformer": {"drop_mlp_rate", "drop_conv_encoder_rate"},
    "esm": {"hidden_dropout_prob", "attention_probs_dropout_prob"},
    "clip": {"text_config.attention_dropout", "vision_config.attention_dropout"},
    "resnet": set[str](),
}
_LEFT = {
    "bart": ("encoder_layerdrop", "decoder_layerdrop"),
    "cvt": ("drop_path_rate",),
    "esm": ("token_dropout",),
    "efficientnet": ("drop_connect_rate",),
    "swiftformer": ("drop_path_rate",),
}
"""Keys that leave out whole layers or branches, or that are no rates."""


@pytest.mark.parametrize("architecture", _KEYS)
def test_all_rates_of_dropout_are_set(architecture: str) -> None:
    from transformers import AutoConfig

    from ftk.models.configs.model_config import dropout_keys, set_dropout

    config: Any = AutoConfig.for_model(architecture)
    before = config.to_dict()
    assert dropout_keys(config).keys() == _KEYS[architecture]
    set_dropout(config, 0.25)
    for part, name in dropout_keys(config).values():
        assert getattr(part, name) in (0.25, [0.25] * 3)
    assert all(config.to_dict()[name] == before[name] for name in _LEFT.get(architecture, ()))
    set_dropout(config, None)
    assert dropout_keys(config).keys() == _KEYS[architecture]


def test_the_parts_of_an_encoder_decoder_are_set() -> None:
    from transformers import AutoConfig, EncoderDecoderConfig

    from ftk.models.configs.model_config import set_dropout

    parts = [AutoConfig.for_model(name) for name in ("bert", "gpt2")]
    config = EncoderDecoderConfig.from_encoder_decoder_configs(*parts)
    set_dropout(config, 0.0)
    assert (config.encoder.hidden_dropout_prob, config.decoder.resid_pdrop) == (0.0, 0.0)
