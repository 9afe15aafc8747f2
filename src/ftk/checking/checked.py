"""What a check hands on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ftk.contracts.protocols import Corpus


@dataclass(slots=True)
class Checked:
    """What was checked.

    Attributes:
        rows: how many, or how many documents.
        corpus: what a training would go on with; None if nothing is left.
        facts: by split what is in it, and what a training would take.
    """

    rows: int
    corpus: Corpus | None
    facts: dict[str, Any] = field(default_factory=dict)
