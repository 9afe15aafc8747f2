"""The values that fields of the task may have, if they are names."""

from __future__ import annotations

from enum import Enum

ROLES = ("query", "candidate")
"""The roles of its texts, for the prefixes of a model."""


class Encoder(Enum):
    """Whether query and candidate are encoded separately or together."""

    auto = "auto"
    bi = "bi"
    cross = "cross"


class TokenPooling(Enum):
    """How the states of the tokens of a text become its vector."""

    auto = "auto"
    mean = "mean"
    first = "first"


class Objective(Enum):
    """What a cross-encoder learns: which candidate is the positive, or whether each is one."""

    listwise = "listwise"
    binary = "binary"


class MissingPositive(Enum):
    """What a list without a positive counts as in the scores."""

    missed = "missed"
    skip = "skip"
