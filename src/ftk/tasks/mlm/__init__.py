"""Masked language modelling: words are hidden, and the model learns to predict them."""

from ftk.tasks.mlm.task import MaskedLanguageModel

__all__ = ["MaskedLanguageModel"]
