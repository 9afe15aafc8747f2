"""Tries each fast way on a model, against the plain modules of transformers with the same weights."""

from ftk.kernels.proof.kept import conditions, proven
from ftk.kernels.proof.verdict import Refusal, Verdict, prove

__all__ = ["Refusal", "Verdict", "conditions", "prove", "proven"]
