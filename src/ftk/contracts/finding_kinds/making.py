"""Makes kinds of findings, by their severity."""

from __future__ import annotations

from typing import Any

from ftk.contracts.findings import FindingKind

__all__ = ["error", "fact", "info", "kinds_in", "notice", "refusal", "warning"]


def fact(id: str, text: str, default: str = "", **policies: str) -> FindingKind:
    """A kind for what the user should know; it is not counted."""
    return FindingKind(id, "info", text, default, policies, counted=False)


def notice(id: str, text: str, default: str = "", **policies: str) -> FindingKind:
    """A kind that the user may want to act upon; it is not counted."""
    return FindingKind(id, "warning", text, default, policies, counted=False)


def refusal(id: str, text: str, default: str = "", **policies: str) -> FindingKind:
    """A kind that stops the run; it is not counted."""
    return FindingKind(id, "error", text, default, policies, counted=False)


def info(id: str, text: str, default: str = "", **policies: str) -> FindingKind:
    """A kind that is counted, and changes nothing that is learned or predicted."""
    return FindingKind(id, "info", text, default, policies)


def warning(id: str, text: str, default: str = "", **policies: str) -> FindingKind:
    """A kind that is counted, and that the user may want to correct."""
    return FindingKind(id, "warning", text, default, policies)


def error(id: str, text: str, default: str = "", **policies: str) -> FindingKind:
    """A kind that stops the run, unless a policy lets it pass."""
    return FindingKind(id, "error", text, default, policies)


def kinds_in(module: Any) -> dict[str, FindingKind]:
    """The kinds that a module lists, by id."""
    return {kind.id: kind for kind in vars(module).values() if isinstance(kind, FindingKind)}
