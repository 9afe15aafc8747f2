"""One number, or several, for a text or for two texts."""

from ftk.tasks.regression.task import Regression

__all__ = ["Regression"]
