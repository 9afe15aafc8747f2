"""The relation between two marked entities of a sentence: one label, which may have a direction."""

from ftk.tasks.relation.task import Relation

__all__ = ["Relation"]
