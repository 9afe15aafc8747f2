"""What stands before the texts that a model reads, because it was trained so."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class TextPrefix:
    """What is put before each text, by the role of the text, as ``query: `` and ``passage: `` of E5 (Wang et al. 2022,
    "Text Embeddings by Weakly-Supervised Contrastive Pre-training"). It stands once before a text, also before one that
    is read in several windows; records, offsets and words are those of the text alone.

    Attributes:
        text: before the text of a task on texts.
        pair: before the second text of a pair.
        query, candidate: before the texts of a ranking.
    """

    text: str = ""
    pair: str = ""
    query: str = ""
    candidate: str = ""

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> TextPrefix:
        """The prefixes of some roles.

        Raises:
            ValueError: a role is not known, or a prefix is no text.
        """
        if not isinstance(values, Mapping) or not values.keys() <= set(ROLES):
            raise ValueError(f"text_prefix: {values}")
        if not all(isinstance(prefix, str) for prefix in values.values()):
            raise ValueError(f"text_prefix: {dict(values)}")
        return cls(**values)

    def __bool__(self) -> bool:
        """Whether there is one."""
        return bool(self.to_json())

    def only(self, roles: Collection[str]) -> TextPrefix:
        """The prefixes of these roles alone."""
        return TextPrefix.of({role: prefix for role, prefix in self.to_json().items() if role in roles})

    def to_json(self) -> dict[str, str]:
        """The prefixes that there are, by role."""
        return {role: prefix for role in ROLES if (prefix := getattr(self, role))}

    def __str__(self) -> str:
        """For messages: ``'query: ' before each query, 'passage: ' before each candidate``."""
        return ", ".join(f"{prefix!r} before each {role}" for role, prefix in self.to_json().items())


NO_PREFIX = TextPrefix()
ROLES = tuple(item.name for item in dataclasses.fields(TextPrefix))
"""The roles of texts that a prefix can stand before."""
