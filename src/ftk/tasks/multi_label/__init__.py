"""Any number of labels for a text, or for two texts, each with its own threshold."""

from ftk.tasks.multi_label.task import MultiLabel

__all__ = ["MultiLabel"]
