"""Training objectives: how a micro batch becomes gradients."""

from ftk.objectives.objective import Objective, Pass, Plain

__all__ = ["Objective", "Pass", "Plain"]
