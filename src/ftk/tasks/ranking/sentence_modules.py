"""The files by which sentence-transformers knows how a bi-encoder makes vectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ftk.contracts.text_prefix import NO_PREFIX, TextPrefix
from ftk.tasks.ranking.policies import TokenPooling

_MODULES = (("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize"))
"""The modules that compute a vector, in their order, each with its folder."""


def sentence_modules(
    config: Any, length: int, pooling: TokenPooling, prefix: TextPrefix = NO_PREFIX
) -> Mapping[str, Any]:
    """The contents of the files, by name.

    Args:
        config: of the encoder.
        length: of the windows, in tokens; sentence-transformers cuts longer texts there.
        pooling: how the states of the tokens become a vector.
        prefix: what stands before queries and candidates.
    """
    listed = [
        {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for number, (kind, path) in enumerate(_MODULES)
    ]
    first = pooling is TokenPooling.first
    return {
        "modules.json": listed,
        "sentence_bert_config.json": {"max_seq_length": length, "do_lower_case": False},
        "1_Pooling/config.json": {
            "word_embedding_dimension": config.hidden_size,
            "pooling_mode_cls_token": first,
            "pooling_mode_mean_tokens": not first,
            "pooling_mode_max_tokens": False,
            "pooling_mode_mean_sqrt_len_tokens": False,
            "pooling_mode_weightedmean_tokens": False,
            "pooling_mode_lasttoken": False,
            "include_prompt": True,
        },
        **({"config_sentence_transformers.json": _prompts(prefix)} if prefix else {}),
    }


def _prompts(prefix: TextPrefix) -> Mapping[str, Any]:
    """The prompts of ``encode_query`` and ``encode_document``."""
    prompts = {"query": prefix.query, "document": prefix.candidate}
    return {"prompts": prompts, "default_prompt_name": None, "similarity_fn_name": "cosine"}
