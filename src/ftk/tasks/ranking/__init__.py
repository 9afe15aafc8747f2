"""Texts ranked for a query: answers to a question, items for a history."""

from ftk.tasks.ranking.task import Ranking

__all__ = ["Ranking"]
