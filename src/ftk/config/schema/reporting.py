"""The keys of the section report."""

from dataclasses import dataclass
from typing import Any


@dataclass(kw_only=True, slots=True)
class ReportingConfig:
    """The page that `ftk report` writes."""

    output: str | None
    """File to write; null: `report.html` in the run folder, and for several runs `comparison.html` in the working
    folder. A file that is no page of ftk is never replaced."""
    split: str | None
    """Split whose predictions are shown, test or validation; null: test, or validation where there is no test."""
    texts: bool
    """Show texts of the data. false: the page has no text, no answer that is a text and no finding in words; labels,
    counts and numbers of rows stay."""
    slices: Any
    """Column, or list of columns, by whose values the score is shown: `[source,dialect]`."""
