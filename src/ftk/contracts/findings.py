"""A finding: one kind of thing that was noticed in the data, how often, where, and what was done about it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["info", "warning", "error"]

SHOWN = 5
"""Places that a finding keeps."""
_FILE = re.compile(r"(.+?):\d+(?=$|[:, ])")
"""The file at the beginning of a place, before the number of the line."""


@dataclass(frozen=True)
class FindingKind:
    """What findings of one kind have in common.

    Texts are format strings. ``{column}`` is a value of the finding; ``{row|rows}`` is the word for one or for several.

    Attributes:
        id: a stable name, such as ``empty-row``.
        severity: what a finding is without a policy; an ``error`` stops the run.
        text: what was found.
        default: what was done about it, or for an error what the user can do.
        policies: the same for each policy that a user or a task may choose, by name. The policy ``error`` stops the
            run; any other lets the finding pass.
        counted: whether the sentence begins with the number of times.
    """

    id: str
    severity: Severity
    text: str
    default: str = ""
    policies: Mapping[str, str] = field(default_factory=dict)
    counted: bool = True

    def severity_under(self, policy: str | None) -> Severity:
        """The severity of a finding to which a policy was applied."""
        if policy == "error":
            return "error"
        return "warning" if policy is not None and self.severity == "error" else self.severity

    def action_under(self, policy: str | None) -> str:
        """The effect of a policy on a finding, or what the user can do about an error.

        Raises:
            KeyError: the kind has no such policy.
        """
        if policy is None or (policy == "error" and policy not in self.policies):
            return self.default
        return self.policies[policy]


@dataclass(slots=True)
class Finding:
    """Findings of one kind with the same values, policy and split, counted together.

    Attributes:
        kind: what was found.
        severity: ``info``, ``warning``, or ``error``, which stops the run.
        policy: the policy that was applied; None if the kind has none.
        values: used by the texts of the kind.
        split: the split that was read; None if it is known from the places, or does not matter.
        count: how often.
        places: where, for the first few: file and line, often with the value that was found there.
    """

    kind: FindingKind
    severity: Severity
    policy: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    split: str | None = None
    count: int = 0
    places: list[str] = field(default_factory=list)

    @property
    def what(self) -> str:
        """What was found, with the count in front: ``2 rows without a label``."""
        text = self.kind.text.format_map(_Words(self.values, self.count))
        return f"{self.count:,} {text}" if self.kind.counted else text

    @property
    def action(self) -> str:
        """What was done about it, or what the user can do."""
        return self.kind.action_under(self.policy).format_map(_Words(self.values, self.count))

    def __str__(self) -> str:
        """The finding as a sentence; the places of an error stand below it, one per line."""
        if self.severity == "error":
            left = self.count - len(self.places) if self.kind.counted else 0
            more = f"\n    … and {left:,} more" if left else ""
            return (
                f"{ended(self.what)} {self.action}".rstrip() + "".join(f"\n    {place}" for place in self.places) + more
            )
        split = f"{self.split}: " if self.split else ""
        sentence = f"{split}{self.what}{': ' if self.action else ''}{self.action}"
        if not self.places:
            return sentence
        more = ", …" if self.count > len(self.places) else ""
        return f"{sentence} ({', '.join(_with_each_file_once(self.places))}{more})"

    def to_json(self) -> dict[str, Any]:
        """The finding as values for JSON; ``text`` is its sentence."""
        return {
            "kind": self.kind.id,
            "severity": self.severity,
            "split": self.split,
            "count": self.count,
            "places": list(self.places),
            "policy": self.policy,
            "values": dict(self.values),
            "text": str(self),
        }

    @classmethod
    def from_json(cls, saved: Mapping[str, Any], kinds: Mapping[str, FindingKind]) -> Finding:
        """The finding that ``to_json`` described.

        Args:
            saved: its values.
            kinds: the known kinds, by id; of any other kind the sentence alone is kept.

        Raises:
            KeyError: a value is missing.
        """
        kind = kinds.get(saved["kind"])
        if kind is None or (saved["policy"] is not None and saved["policy"] not in kind.policies):
            literal = saved["text"].replace("{", "{{").replace("}", "}}")
            kind = FindingKind(saved["kind"], saved["severity"], literal, counted=False)
            return cls(kind, saved["severity"], count=saved["count"])
        return cls(
            kind,
            saved["severity"],
            saved["policy"],
            dict(saved["values"]),
            saved["split"],
            saved["count"],
            list(saved["places"]),
        )


def ended(sentence: str) -> str:
    """A sentence with the full stop at its end, unless it has one."""
    return sentence if sentence.endswith((".", "!", "?", "…")) else f"{sentence}."


def _with_each_file_once(places: Sequence[str]) -> Iterator[str]:
    """The places; one in the file of the place before it begins with the colon before its line."""
    last = ""
    for place in places:
        match = _FILE.match(place)
        yield place[len(last) :] if match is not None and match[1] == last else place
        last = match[1] if match is not None else last


class _Words(dict[str, Any]):
    """The values of a finding as words, and of ``row|rows`` the one that fits the count."""

    def __init__(self, values: Mapping[str, Any], count: int) -> None:
        super().__init__({name: _in_words(value) for name, value in values.items()})
        if isinstance(files := values.get("file"), list):
            number = values.get("number_of_files", len(files))
            self["file"] = f"{number:,} files ({files[0]}, {files[1]}{', …' if number > 2 else ''})"
        self._count = count

    def __missing__(self, name: str) -> str:
        one, bar, several = name.partition("|")
        if not bar:
            raise KeyError(name)
        return one if self._count == 1 else several


def _in_words(value: Any) -> Any:
    if isinstance(value, dict):
        return ", ".join(f"{name} is '{one}'" for name, one in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return value
