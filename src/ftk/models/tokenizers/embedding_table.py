"""The table of embeddings of a model, and how it grows for tokens that it lacks."""

import inspect
from typing import Any

import torch
from torch import nn

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.errors import ModelError, first_line
from ftk.models.architectures.fusion import FusionForClassification
from ftk.models.configs.encoder_decoder_config import encoder_of, is_composite, set_vocab_size


def embedding_rows(config: Any) -> int | None:
    """Rows of the table of embeddings of texts, by a config; None for an architecture without a table."""
    for part in (config, encoder_of(config), getattr(config, "text_config", None)):
        if isinstance(rows := getattr(part, "vocab_size", None), int):
            return rows
    return None


def note_small(config: Any, tokenizer: Any, notes: Notes) -> None:
    """Report a tokenizer with less than half of the tokens that its model has embeddings of.

    Args:
        config: of the model.
        tokenizer: of transformers.
        notes: collects the findings.
    """
    rows, tokens = embedding_rows(config), len(tokenizer)
    if rows is not None and 2 * tokens < rows:
        notes.add(kinds.SMALL_VOCABULARY, tokenizer=type(tokenizer).__name__, tokens=tokens, rows=rows)


def grow_embeddings(model: Any, tokens: int) -> int:
    """Adds embeddings for the tokens that a model lacks, each the mean of those that it has.

    The output of a model that writes or fills in tokens grows with them.

    Args:
        model: of transformers, with its weights.
        tokens: that it needs embeddings for.

    Returns:
        How many were added to the table of the texts that are read; none are removed.

    Raises:
        ModelError: the architecture cannot have more.
    """
    if is_composite(model.config):  # two models in one, each with a table of its own
        added = max(grow_embeddings(part, tokens) for part in (model.encoder, model.decoder))
        if added:
            set_vocab_size(model.config, tokens)
        return added
    if isinstance(model, FusionForClassification):
        return grow_embeddings(model.towers.text, tokens)
    try:
        table = model.get_input_embeddings()
        rows = table.weight.shape[0]
    except (AttributeError, NotImplementedError, TypeError):  # it has no table: it reads bytes or code points
        return 0
    if tokens <= rows:
        return 0
    try:
        takes = inspect.signature(model.resize_token_embeddings).parameters
        model.resize_token_embeddings(tokens, **({"mean_resizing": False} if "mean_resizing" in takes else {}))
        with torch.no_grad():
            for layer in (model.get_input_embeddings(), model.get_output_embeddings()):
                _fill(layer, rows)
            _grow_loose_biases(model, rows, tokens)
    except Exception as error:  # architectures raise errors of several types for what they cannot
        raise ModelError(
            f"the tokenizer has {tokens:,} tokens, and the model embeddings for {rows:,}; the architecture "
            f"{model.config.model_type} cannot have more ({first_line(error)}). Use the tokenizer that the model was "
            "trained with."
        ) from error
    return tokens - rows


def _grow_loose_biases(model: nn.Module, rows: int, tokens: int) -> None:
    """Lets the biases grow that a head keeps beside its output layer, where transformers does not find them."""
    for module in model.modules():
        bias = module._parameters.get("bias")
        outputs = [
            layer for layer in module.children() if isinstance(layer, nn.Linear) and layer.out_features == tokens
        ]
        if outputs and bias is not None and bias.shape == (rows,):
            module.bias = nn.Parameter(torch.cat([bias, bias.mean().expand(tokens - rows)]))


def _fill(layer: nn.Module | None, rows: int) -> None:
    """Gives the rows after the first ones the mean of these."""
    for name in ("weight", "bias"):
        tensor = getattr(layer, name, None)
        if isinstance(tensor, torch.Tensor) and tensor.shape[0] > rows:
            tensor[rows:] = tensor[:rows].mean(0)
