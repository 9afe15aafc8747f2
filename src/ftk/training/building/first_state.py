"""The training state of a run before its first step: its model, and an optimizer of the parameters that are trained."""

from typing import Any

import torch

from ftk.config.schema import TrainingConfig
from ftk.core.hardware import Hardware
from ftk.core.state import TrainState
from ftk.kernels.embedding import CountsTokens, SeenRows, seen_embedding, train_only_seen_embeddings
from ftk.models.tuning.learning_rates import lr_scales
from ftk.optim.groups import build_optimizer
from ftk.report.console import Console

_LEARNED = "; a learned vocabulary also has the pieces that it merged into longer tokens"


def first_state(
    model: torch.nn.Module, config: TrainingConfig, hardware: Hardware, features: Any, console: Console
) -> TrainState:
    """The state of a run before its first step.

    Args:
        model: on its device; rows of its embeddings that no training window reads are frozen.
        config: of the run.
        hardware: of the run.
        features: of the training rows.
        console: shows how many rows are frozen.
    """
    if isinstance(features, CountsTokens):
        tokens = torch.from_numpy(features.tokens_in_use())
        if len(tokens) and (frozen := train_only_seen_embeddings(model, tokens)):
            learned = _LEARNED if config.model.tokenizer.train is not None else ""
            console.say(
                f"embeddings: {frozen:,} of {frozen + len(tokens):,} rows are frozen (no training window has their "
                f"tokens{learned})"
            )
    optimizer = build_optimizer(model, config.optimizer, lr_scales(config.model))
    state = TrainState(model, optimizer, hardware.scaler())
    if (table := seen_embedding(model)) is not None:
        state.parts["embeddings"] = SeenRows(table, optimizer)
    return state
