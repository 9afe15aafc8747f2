"""Small models without attention, trained from random weights: baselines for large models."""

from ftk.models.architectures.small.register import FITTED, HEADS, LEARNS, register_small_models

__all__ = ["FITTED", "HEADS", "LEARNS", "register_small_models"]
