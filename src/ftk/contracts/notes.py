"""The collector of findings: what reading and preparing data noticed, counted by kind."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from ftk.contracts.findings import SHOWN, Finding, FindingKind
from ftk.errors import DataError

_Key = tuple[Any, ...]


class Notes:
    """Collects findings. Iterating over it gives all findings so far, in the order in which they were first made.

    Facts and counts are there to be shown (``drain``); errors stop the run when all rows have been read
    (``raise_errors``).
    """

    def __init__(self) -> None:
        self._split: str | None = None
        self._all: list[Finding] = []
        self._facts: dict[_Key, Finding] = {}
        self._counted: dict[_Key, Finding] = {}
        self._errors: dict[_Key, Finding] = {}
        self._asked: set[Hashable] = set()
        self._files: set[tuple[_Key, str]] = set()

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._all)

    @property
    def split(self) -> str | None:
        """The split that findings are about; None outside of a block of ``of``."""
        return self._split

    @contextmanager
    def of(self, split: str) -> Iterator[None]:
        """A block whose findings are about one split."""
        before, self._split = self._split, split
        try:
            yield
        finally:
            self._split = before

    def add(self, kind: FindingKind, *places: str, policy: str | None = None, number: int = 1, **values: Any) -> None:
        """Add findings of one kind.

        Findings with equal kind, policy, values and split are counted together. A fact is kept once; one that holds for
        several files names the first of them and says how many they are. The places of an error name its file, so
        errors of all splits are counted together.

        Args:
            kind: what was found.
            places: where; the first few are kept.
            policy: the policy that was applied, one of ``kind.policies`` or ``error``.
            number: how often.
            values: used by the texts of the kind.

        Raises:
            KeyError: the kind has no such policy, or its texts name a value that is not given.
        """
        severity = kind.severity_under(policy)
        split = None if severity == "error" else self._split
        group = self._errors if severity == "error" else self._counted if kind.counted else self._facts
        file = values.get("file") if group is self._facts else None
        alike = {name: value for name, value in values.items() if name != "file" or not isinstance(file, str)}
        key = (kind.id, policy, split, tuple((name, repr(value)) for name, value in sorted(alike.items())))
        finding = group.get(key)
        if finding is not None and isinstance(file, str) and (key, file) not in self._files:
            _add_file(finding, file)
        if isinstance(file, str):
            self._files.add((key, file))
        if finding is None:
            finding = group[key] = Finding(kind, severity, policy, values, split)
            str(finding)  # a value that a text needs and the caller forgot is a bug, which shows here
            self._all.append(finding)
        finding.count = finding.count + number if kind.counted else 1
        finding.places.extend(places[: max(0, SHOWN - len(finding.places))])

    def is_first(self, what: Hashable) -> bool:
        """Whether this is the first time that something is asked about the present split, since facts were shown."""
        key = (self._split, what)
        if key in self._asked:
            return False
        self._asked.add(key)
        return True

    def extend(self, findings: Iterable[Finding]) -> None:
        """Add findings that were collected before, as findings about the present split."""
        for found in findings:
            self.add(found.kind, *found.places, policy=found.policy, number=found.count, **found.values)

    def raise_errors(self) -> None:
        """Stop if there are findings that stop the run.

        Raises:
            DataError: with all of them in ``findings``, each with its count, its first places and what to do.
        """
        if self._errors:
            findings = tuple(self._errors.values())
            raise DataError("\n".join(map(str, findings)), findings=findings)

    def drain_facts(self) -> Iterator[Finding]:
        """The facts since the last call; counts continue."""
        yield from self._facts.values()
        self._facts.clear()
        self._asked.clear()
        self._files.clear()

    def take(self) -> list[Finding]:
        """All findings since the last call, errors among them, for the notes of someone else; they begin anew."""
        found = [*self._facts.values(), *self._counted.values(), *self._errors.values()]
        if found:
            for group in (self._facts, self._counted, self._errors):
                group.clear()
            self._all.clear()
            self._files.clear()
        return found

    def drain(self) -> Iterator[Finding]:
        """All facts and counts since the last call; later ones are counted anew."""
        yield from self.drain_facts()
        yield from self._counted.values()
        self._counted.clear()


def _add_file(fact: Finding, file: str) -> None:
    """Let a fact hold for one more file."""
    named = fact.values["file"]
    files = named if isinstance(named, list) else [named]
    fact.values["number_of_files"] = fact.values.get("number_of_files", 1) + 1
    fact.values["file"] = [*files, file][:SHOWN]
