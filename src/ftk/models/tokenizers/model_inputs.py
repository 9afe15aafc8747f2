"""What a tokenizer gives a model: how many tokens at most, and whether with token types."""

from typing import Any

from ftk.models.architectures import fusion
from ftk.models.configs.encoder_decoder_config import encoder_of
from ftk.models.configs.model_config import first_position_of


def token_limit(config: Any, tokenizer: Any) -> int:
    """Maximum number of tokens that a model accepts, including special tokens.

    Position tables with a padding entry (RoBERTa and similar models) start their positions after it. To find that out,
    the model is built on the meta device, without memory.
    """
    whole = text_config(config)
    limits = [getattr(tokenizer, "model_max_length", None) or 10**9]
    config = encoder_of(whole)
    positions = getattr(config, "max_position_embeddings", None) if tokenizer is not None else None
    if isinstance(positions, int) and positions > 0:
        limits.append(positions - first_position_of(whole))
    return int(min(limits))


def text_config(config: Any) -> Any:
    """The text encoder's config in the config of a model with several encoders."""
    return getattr(config, fusion.TOWERS["text"], config)


def set_token_type_input(config: Any, tokenizer: Any) -> None:
    """Makes the tokenizer return ``token_type_ids`` exactly if the model has embeddings for them, also once saved."""
    names = [name for name in tokenizer.model_input_names if name != "token_type_ids"]
    if getattr(text_config(config), "type_vocab_size", 0) > 1:
        names.insert(1, "token_type_ids")
    tokenizer.model_input_names = names
    if hasattr(tokenizer, "init_kwargs"):
        tokenizer.init_kwargs["model_input_names"] = names  # what is saved, and what other libraries go by
