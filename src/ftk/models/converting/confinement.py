"""What a process gives up that only reads tensors from a file and writes them elsewhere."""

import os
import sys
from pathlib import Path
from typing import Any

_REFUSED = (
    *("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "pty.spawn"),
    *("os.symlink", "os.link", "ctypes.dlopen"),  # a link in the new folder would lead out of it
)
_CHANGES = {
    "os.remove": 1,
    "os.rmdir": 1,
    "os.mkdir": 1,
    "os.rename": 2,
    "os.truncate": 1,
    "os.chmod": 1,
    "os.chown": 1,
    "os.utime": 1,
    "os.setxattr": 1,
    "os.removexattr": 1,
}
"""Events that change files, each with the number of its arguments that are paths."""
_DIR_FD = {"os.remove": 1, "os.rmdir": 1, "os.mkdir": 2, "os.rename": 2, "os.chmod": 2, "os.chown": 3, "os.utime": 3}
"""The first argument that is an open folder, from which the path counts; -1 is none."""


def give_up(target: Path, job: dict[str, Any]) -> None:
    """Gives up sockets, processes, writing outside of a folder, and limits memory, time and the size of files."""
    _limit(job["memory"], job["seconds"])
    allowed = str(target) + os.sep

    def audit(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(_REFUSED):
            raise PermissionError(f"reading weights does not need {event}")
        if event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC):
            check(arguments[:1])
        elif event in _CHANGES:
            folders = arguments[_DIR_FD.get(event, len(arguments)) :]
            check(arguments[: _CHANGES[event]], apart=any(folder != -1 for folder in folders))

    def check(paths: tuple[Any, ...], *, apart: bool = False) -> None:
        for path in paths:
            is_path = isinstance(path, (str, bytes, os.PathLike)) and not apart
            if not is_path or not os.fsdecode(os.path.abspath(path)).startswith(allowed):
                raise PermissionError(f"reading weights does not need to write {path!r}")

    sys.addaudithook(audit)


def _limit(memory: int, seconds: int) -> None:
    """Limits what the process may use; memory is counted from what it has now, with torch imported."""
    try:
        import resource
    except ImportError:  # there are no such limits on this system
        return
    status = Path("/proc/self/status")
    if status.exists():
        used = next(
            int(line.split()[1]) << 10 for line in status.read_text().splitlines() if line.startswith("VmData:")
        )
        resource.setrlimit(resource.RLIMIT_DATA, (used + memory, used + memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
