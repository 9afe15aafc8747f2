"""Tiny random models of any architecture of transformers, in folders with a tokenizer, as if from a hub."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

WORDS = [
    "red",
    "blue",
    "fox",
    "sea",
    "runs",
    "home",
    "Ada",
    "Boris",
    "Berg",
    "went",
    "to",
    "Oslo",
    "Lima",
    "by",
    "slow",
    "train",
    "again",
    "hello",
    "world",
    "ship",
    ".",
    ",",
]
_VOCABULARY = 360
_POSITIONS = 130

_SIZES: list[tuple[str, Any]] = [
    (r"(?!type_)(.*_)?vocab_size", _VOCABULARY),
    (
        r"max_position_embeddings|n_positions|max_seq_len(gth)?|n_ctx|max_(encoder|decoder)_position_embeddings",
        _POSITIONS,
    ),
    (r"hidden_size|d_model|n_embd|dim|emb_dim|embedding_size|d_embed|word_embed_proj_dim|embedding_dim|size", 32),
    (r"(num|n)_(hidden_)?layers?|(num_)?(encoder|decoder)_layers|num_(local_)?layers|num_hidden_groups", 2),
    (r"(num_|n_|encoder_|decoder_)?(attention_)?heads?|(num|n)_(key_value|kv|head_kv)(_heads)?|n_head_kv", 2),
    (r"(.*_)?(intermediate_size|ffn_dim|ffn_hidden_size|d_ff|n_inner|d_inner|feed_forward_size)|hidden_dim|dff", 64),
    (r"(q|kv)_lora_rank|(mamba_)?d_state", 16),
    (r"head_dim|d_kv|kv_channels|attention_head_size|.*head_dim", 16),
    (r"(num|n)_(local_|routed_)?experts|moe_num_experts", 4),
    (r"n_group|topk_group", 1),
    (r"num_experts_per_tok|moe_topk|num_selected_experts|top_k_experts", 2),
    (r"(.*_)?(dropout|dropout_prob|dropout_rate|pdrop|layerdrop|jitter_noise|drop)|dropout_.*", 0.0),
]
"""Names of config keys, and their values in a tiny model."""

_LEFT_OUT = re.compile(
    r"layer_types|mlp_layer_types|id2label|label2id|num_labels|transformers_version|architectures|.*_token_id|dtype"
)
"""Keys that follow from others, or that the tokenizer decides."""

_HYBRID = ["linear_attention", "full_attention"]
_ROPE = {"rope_type": "default", "rope_theta": 1e4}
CHANGES: dict[str, dict[str, Any]] = {
    "canine": {"num_hash_buckets": 64, "max_position_embeddings": 256},
    "cohere_compass_text": {
        "layer_types": ["sliding_attention", "full_attention"],
        "rope_parameters": dict.fromkeys(("sliding_attention", "full_attention"), _ROPE),
    },
    "deepseek_v2": {"num_experts_per_tok": 2},
    "esm": {"vocab_size": _VOCABULARY},
    "gpt_neo": {"attention_types": [[["global", "local"], 1]]},
    "gptj": {"rotary_dim": 8},
    "hunyuan_v1_dense": {"head_dim": 16},
    "hunyuan_v1_moe": {"head_dim": 16},
    "layoutlmv3": {"coordinate_size": 6, "shape_size": 4, "max_2d_position_embeddings": 64},
    "jamba": {"attn_layer_period": 2, "attn_layer_offset": 1, "expert_layer_period": 2, "expert_layer_offset": 1},
    "led": {"attention_window": 8},
    "lilt": {"hidden_size": 48},
    "markuplm": {"max_xpath_subs_unit_embeddings": 32, "subs_pad_id": 31, "xpath_unit_hidden_size": 8},
    "ministral": {"head_dim": 16},
    "mistral4": {"head_dim": 32},
    "nemotron": {"num_key_value_heads": 2},
    "perceiver": {"d_latents": 32, "num_latents": 16, "num_self_attends_per_block": 2, "num_cross_attention_heads": 2},
    "qwen3_5_text": {"layer_types": _HYBRID},
    "qwen3_next": {"layer_types": _HYBRID},
    "reformer": {
        "attn_layers": ["local", "lsh"],
        "axial_pos_shape": [8, 16],
        "axial_pos_embds_dim": [16, 16],
        "hash_seed": 0,
        "local_attn_chunk_length": 16,
        "lsh_attn_chunk_length": 16,
        "max_position_embeddings": 128,
    },
    "roc_bert": {"pronunciation_embed_dim": 32, "shape_embed_dim": 32},
    "t5": {"decoder_start_token_id": 1},
    "mt5": {"decoder_start_token_id": 1},
    "umt5": {"decoder_start_token_id": 1},
    "xmod": {"languages": ["en_XX"], "default_language": "en_XX"},
    "zamba": {"layers_block_type": ["linear_attention", "hybrid", "hybrid"], "num_hidden_layers": 3},
    "zamba2": {"layers_block_type": ["linear_attention", "hybrid"], "mamba_ngroups": 1, "n_mamba_heads": 2},
}
"""What a config needs beside the usual sizes."""


def shrunk(model_type: str, tokenizer: Any = None) -> Any:
    """A config of an architecture with the sizes of a tiny model.

    Args:
        model_type: of the config.
        tokenizer: gives the special tokens; None: there are none.
    """
    from transformers import CONFIG_MAPPING

    kind = CONFIG_MAPPING[model_type]
    config = kind(**_values(kind(), tokenizer))
    config.architectures = []
    if getattr(config, "classifier_dropout", None) is None:  # some heads take a tenth if the config does not say
        config.classifier_dropout = 0.0
    return config


def _values(config: Any, tokenizer: Any) -> dict[str, Any]:
    """The values of a config, those with a size in the table small."""
    found: dict[str, Any] = {}
    for name, value in config.to_dict().items():
        if name in config.sub_configs and value is not None:
            found[name] = _values(getattr(config, name), tokenizer)
        elif name.endswith("_token_id") and (isinstance(value, (int, list)) or name == "pad_token_id"):
            role = "pad_token_id" if name == "decoder_start_token_id" else name
            token = getattr(tokenizer, role, None)
            found[name] = min(value, 2) if token is None and isinstance(value, int) else token
        elif not _LEFT_OUT.fullmatch(name) and _is_number(value):
            small = next((small for names, small in _SIZES if re.fullmatch(names, name)), None)
            if small is not None:
                found[name] = type(value)(small)
    return {**found, **CHANGES.get(config.model_type, {})}


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def tokenizer_for(model_type: str) -> Any:
    """A fast tokenizer with the special tokens that an architecture expects around texts."""
    from transformers import CONFIG_MAPPING
    from transformers.models.auto import modeling_auto as auto

    if model_type == "xlnet":
        return _tokenizer("$A <sep> <cls>", "$A <sep> $B <sep> <cls>", cls_token="<cls>", sep_token="<sep>")
    decodes = model_type in auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
    encodes = model_type in auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES or CONFIG_MAPPING[model_type].is_encoder_decoder
    if decodes and not encodes:
        return _tokenizer("<s> $A", "<s> $A <s> $B", bos_token="<s>", eos_token="</s>", pad_token=None)
    names = {"bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>"}
    return _tokenizer("<s> $A </s>", "<s> $A </s> </s> $B </s>", **names)


def _tokenizer(single: str, pair: str, **names: Any) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    marks = re.findall(r"</?\w+>", single)
    special = list(dict.fromkeys(["<s>", "<pad>", "</s>", "<unk>", "<mask>", *marks]))
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=340,
        special_tokens=special
        if names.get("pad_token", "") is not None
        else [one for one in special if one != "<pad>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([" ".join(WORDS)] * 4, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=single, pair=pair, special_tokens=[(mark, tokenizer.token_to_id(mark)) for mark in set(marks)]
    )
    names = {"pad_token": "<pad>", "unk_token": "<unk>", "mask_token": "<mask>", **names}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **{name: it for name, it in names.items() if it})


def save_folder(folder: Path, model_type: str, auto_model: str, labels: tuple[str, ...]) -> None:
    """Save a random model with a head, and its tokenizer.

    Args:
        folder: is made.
        model_type: the architecture.
        auto_model: the auto class of the head.
        labels: of the head; empty if it has none.
    """
    import torch
    import transformers

    tokenizer = tokenizer_for(model_type)
    config = shrunk(model_type, tokenizer)
    if labels:
        config.id2label, config.label2id = dict(enumerate(labels)), {name: at for at, name in enumerate(labels)}
    config.save_pretrained(folder)  # what is refused by name needs no weights
    torch.manual_seed(0)
    model = getattr(transformers, auto_model).from_config(config)
    for name, parameter in model.named_parameters():  # heads that begin with zeros would show nothing
        if name.endswith("weight") and not parameter.detach().any():
            torch.nn.init.normal_(parameter, std=0.02)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
