"""Masked language modelling: words are hidden, and the model learns to say what they were."""

from ftk.tasks.mlm.task import MaskedLanguageModel

__all__ = ["MaskedLanguageModel"]
