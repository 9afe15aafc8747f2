"""The processors that this process may use."""

import os
from pathlib import Path


def processors() -> int:
    """The number of processors that this process may use."""
    number = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:  # a container may have less processor time than it sees processors
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return min(number, max(1, round(int(quota) / int(period))))
    except (OSError, ValueError):
        return number
