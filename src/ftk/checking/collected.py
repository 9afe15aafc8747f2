"""The notes of a check, which goes on where other commands stop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import Finding, FindingKind
from ftk.contracts.notes import Notes
from ftk.errors import DataError


class Collected(Notes):
    """Collects errors like any other findings, so that all of them are reported together."""

    def raise_errors(self) -> None:
        """Does nothing: what reads the data goes on."""

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """A block about rows that were read, whose error becomes a finding; what follows it there is left out."""
        try:
            yield
        except DataError as error:
            self.add_error(error, kinds.UNTRAINABLE)

    def add_error(self, error: DataError, kind: FindingKind = kinds.UNREADABLE) -> None:
        """Add what stopped a reader, or what works with the rows."""
        if error.findings:
            self.merge(error.findings)
        else:
            self.add(kind, what=str(error))

    def merge(self, findings: Iterable[Finding]) -> None:
        """Add findings that were collected before, each about its own split."""
        for found in findings:
            with self.of(found.split) if found.split is not None else nullcontext():
                self.add(found.kind, *found.places, policy=found.policy, number=found.count, **found.values)
