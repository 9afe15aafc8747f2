"""The kinds of spans whose ends are no part of their text."""

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import FindingKind


def kind_of_ends(start: int, end: int) -> FindingKind:
    """What is wrong with a span that is no part of its text; ``end`` is one past its last character or token."""
    return kinds.SPAN_OUTSIDE if start < end else kinds.SPAN_EMPTY
