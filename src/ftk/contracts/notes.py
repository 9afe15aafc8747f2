"""Rows with names and places, and the notes that are taken while they are read."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ftk.errors import DataError

SHOWN = 5


@dataclass(slots=True)
class Finding:
    """One kind of thing that was found while reading, how often, and where first."""

    what: str
    action: str
    count: int = 0
    places: list[str] = field(default_factory=list)
    prefix: str = ""

    @property
    def counted(self) -> str:
        """'1 row …' or '2 rows …': ``what`` says both as ``row|rows``."""
        return f"{self.count:,} " + re.sub(r"([\w-]+)\|([\w-]+)", r"\1" if self.count == 1 else r"\2", self.what)

    def __str__(self) -> str:
        more = ", …" if self.count > len(self.places) else ""
        where = f" ({', '.join(self.places)}{more})" if self.places else ""
        return f"{self.prefix}{self.counted}: {self.action}{where}"


class Notes:
    """What reading and preparing found: facts to say, faults that were mended and counted, faults that stop the run."""

    def __init__(self) -> None:
        self.prefix = ""
        """Put before every fact and every count: the split that is being read."""
        self._facts: dict[str, None] = {}
        self._findings: dict[tuple[str, str], Finding] = {}
        self._errors: dict[str, Finding] = {}

    @contextmanager
    def of(self, split: str) -> Iterator[None]:
        """Name the split that is being read: what is said and counted meanwhile begins with it."""
        before, self.prefix = self.prefix, f"{split}: "
        try:
            yield
        finally:
            self.prefix = before

    def say(self, fact: str) -> None:
        """A fact that the user should know; repeated ones are said once."""
        self._facts[self.prefix + fact] = None

    def count(self, what: str, action: str, *places: str, number: int = 1) -> None:
        """A fault that a policy lets pass: it is counted, and the first places are kept."""
        finding = self._findings.setdefault((self.prefix + what, action), Finding(what, action, prefix=self.prefix))
        _add(finding, places, number)

    def error(self, what: str, advice: str, *places: str) -> None:
        """A fault that stops the run once all rows have been looked at; without a place it is counted only."""
        _add(self._errors.setdefault(what + advice, Finding(what, advice)), places, 1)

    def raise_errors(self) -> None:
        """Stop if there were faults that stop the run.

        Raises:
            DataError: with all of them, each with its count, its first places and what to do.
        """
        if not self._errors:
            return
        lines = []
        for finding in self._errors.values():
            left = finding.count - len(finding.places)
            more = f"\n    … and {left:,} more" if left else ""
            places = "".join(f"\n    {place}" for place in finding.places)
            lines.append(f"{finding.counted}. {finding.action}{places}{more}")
        raise DataError("\n".join(lines))

    def drain_facts(self) -> Iterator[str]:
        """The facts since the last call, as lines to print; what is counted goes on being counted."""
        yield from self._facts
        self._facts.clear()

    def drain(self) -> Iterator[str]:
        """All facts and findings since the last call, as lines to print."""
        yield from self.drain_facts()
        yield from map(str, self._findings.values())
        self._findings.clear()


def _add(finding: Finding, places: tuple[str, ...], number: int) -> None:
    finding.count += number
    finding.places.extend(places[: max(0, SHOWN - len(finding.places))])
