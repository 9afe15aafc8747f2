"""Where and how ftk can be started."""

import os
import sys
from collections.abc import Mapping

from ftk.errors import RunError


def check_start(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> None:
    """Refuse to run where a run would do harm.

    Args:
        environment: in which ``torchrun``, ``accelerate launch`` and ``deepspeed`` say how many processes there are.
        platform: the operating system, as Python names it.

    Raises:
        RunError: a launcher has started several processes, which would all do the same run; or the system is Windows.
    """
    if platform == "win32":
        raise RunError(
            "this command does not run on Windows itself, where an open file can be neither replaced nor removed. It "
            "runs in the Windows Subsystem for Linux: 'wsl --install', then install ftk there."
        )
    number = environment.get("WORLD_SIZE", "").strip()
    if number.isdecimal() and int(number) > 1:
        raise RunError(
            f"WORLD_SIZE={number}: a launcher has started {number} processes, and each of them would do the whole run; "
            "ftk runs in one process, on one device. Start it without the launcher (torchrun, accelerate launch, "
            "deepspeed), or, if this variable is left from something else, with 'env -u WORLD_SIZE ftk …'."
        )
