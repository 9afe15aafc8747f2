"""Small models with a vocabulary of their own: what a large one has to be better than."""

from ftk.models.architectures.small.register import FITTED, HEADS, LEARNS, register_small_models

__all__ = ["FITTED", "HEADS", "LEARNS", "register_small_models"]
