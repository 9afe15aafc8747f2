"""The machine and the versions that a page of results is about."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.speed.settings import ROOT

_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "avx_vnni", "amx_bf16", "amx_int8", "amx_tile")
_PACKAGES = ("torch", "transformers", "tokenizers", "accelerate", "datasets", "numpy", "seqeval")


def flags() -> list[str]:
    """Which of the instructions that matter the processor has."""
    found = _cpuinfo("flags").split()
    return [name for name in _FLAGS if name in found]


def has_bf16() -> bool:
    """Whether the processor multiplies bf16 natively."""
    return bool({"avx512_bf16", "amx_bf16"} & set(flags()))


def load() -> str:
    """The load averages over 1, 5 and 15 minutes."""
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


def describe() -> str:
    """One line about the machine."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    cores = len(os.sched_getaffinity(0))
    return f"{_cpuinfo('model name')}, {cores} logical processors ({', '.join(flags())}), {memory:.0f} GiB of memory"


def versions() -> str:
    """One line about the software."""
    names = [f"Python {platform.python_version()}", f"ftk {commit()}"]
    for name in _PACKAGES:
        try:
            names.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(names)


def commit() -> str:
    """Which state of ftk this is, in words: ``at 1a2b3c4``."""
    argv = ["git", "describe", "--always", "--dirty=, changed"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=ROOT)
    return f"at {done.stdout.strip()}" if done.returncode == 0 else "of no known commit"


def _cpuinfo(key: str) -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == key:
                return value.strip()
    except OSError:
        pass
    return ""
