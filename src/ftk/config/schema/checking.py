"""The keys of the section check."""

from dataclasses import dataclass


@dataclass(kw_only=True, slots=True)
class CheckingConfig:
    """What `ftk check` looks for."""

    near_duplicates: float | None
    """Jaccard similarity from which two texts count as nearly the same; null: such texts are not looked for."""
