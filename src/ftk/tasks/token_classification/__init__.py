"""One tag per word: of spans (entities, chunks, slots), decoded into valid ones, or of each token by itself."""

from ftk.tasks.token_classification.task import TokenClassification

__all__ = ["TokenClassification"]
