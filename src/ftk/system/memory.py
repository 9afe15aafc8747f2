"""The memory that this process may still take."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_UNLIMITED = 1 << 60


def available_memory() -> int | None:
    """The bytes that this process may still take: what the machine has free, or the limits of a container or of the
    shell (``ulimit``) leave, whichever is least; None if the system does not say."""
    found = [*_of_machine(), *_of_containers(), *_of_limits()]
    return max(0, min(found)) if found else None


def _of_machine() -> list[int]:
    fields = _numbers(Path("/proc/meminfo"))
    return [1024 * fields["MemAvailable"]] if "MemAvailable" in fields else []


def _of_containers() -> list[int]:
    """What each control group that this process is in leaves. Pages of files do not count: they are given back."""
    found = []
    for folder, names in _control_groups():
        try:
            limit, used = (int((folder / name).read_text(encoding="ascii")) for name in names)
        except (OSError, ValueError):  # there is no limit
            continue
        if limit < _UNLIMITED:
            statistics = _numbers(folder / "memory.stat")
            files = (statistics.get(f"{name}_file", 0) for name in ("inactive", "active"))
            found.append(limit - used + sum(files))
    return found


def _control_groups() -> Iterator[tuple[Path, tuple[str, str]]]:
    """The folders of the control groups, and the names of their files with the limit and with what is used."""
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, name = line.split(":", 2)
        if controllers == "":
            root, files = _CGROUPS, ("memory.max", "memory.current")
        elif "memory" in controllers.split(","):
            root, files = _CGROUPS / "memory", ("memory.limit_in_bytes", "memory.usage_in_bytes")
        else:
            continue
        folder = root / name.strip("/")
        for above in (folder, *folder.parents):
            if above.is_relative_to(root):  # within a container, its own folder is the root
                yield above, files


def _of_limits() -> list[int]:
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return []
    used = _numbers(Path("/proc/self/status"))
    found = []
    for limit, name in ((resource.RLIMIT_AS, "VmSize"), (resource.RLIMIT_DATA, "VmData")):
        most = resource.getrlimit(limit)[0]
        if most != resource.RLIM_INFINITY and most < _UNLIMITED:
            found.append(most - 1024 * used.get(name, 0))
    return found


def _numbers(path: Path) -> dict[str, int]:
    """The numbers in a file of names and numbers, by name."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    words = [line.replace(":", " ").split() for line in lines]
    return {parts[0]: int(parts[1]) for parts in words if len(parts) > 1 and parts[1].isdigit()}
