"""Versions, machine and git revision of a run."""

import platform
import subprocess
from collections.abc import Iterable
from typing import Any

import ftk

_PACKAGES = (
    "torch",
    "transformers",
    "tokenizers",
    "datasets",
    "hydra-core",
    "omegaconf",
    "numpy",
    "pillow",
    "safetensors",
    "scikit-learn",
    "seqeval",
)


def versions_of(names: Iterable[str]) -> dict[str, str | None]:
    """The installed version of each package; None for one that is not installed."""
    from importlib.metadata import PackageNotFoundError, version

    packages: dict[str, str | None] = {}
    for name in names:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            packages[name] = None
    return packages


def environment_facts() -> dict[str, Any]:
    """Collects versions and machine, for bug reports and ``environment.json``."""
    return {
        "ftk": ftk.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": _processor(),
        "packages": versions_of(_PACKAGES),
        "git": _git_revision(),
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as stream:
            names = [line.partition(":")[2].strip() for line in stream if line.startswith("model name")]
    except OSError:
        names = []
    return f"{names[0]} ({len(names)} logical processors)" if names else platform.processor()


def _git_revision() -> str | None:
    try:
        answer = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5, check=False)
        changed = subprocess.run(
            ["git", "status", "--porcelain"], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if answer.returncode != 0:
        return None
    return answer.stdout.strip() + (" with uncommitted changes" if changed.stdout.strip() else "")
