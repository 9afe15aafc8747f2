"""Launchers that start a program several times, once for each device."""

import os
from collections.abc import Mapping

from ftk.errors import RunError


def refuse_several_processes(environment: Mapping[str, str] = os.environ) -> None:
    """Refuse to run as one of several processes, which would all do the same run.

    Args:
        environment: in which ``torchrun``, ``accelerate launch`` and ``deepspeed`` say how many processes there are.

    Raises:
        RunError: there are several.
    """
    number = environment.get("WORLD_SIZE", "").strip()
    if number.isdecimal() and int(number) > 1:
        raise RunError(
            f"WORLD_SIZE={number}: a launcher has started {number} processes, and each of them would do the whole run; "
            "ftk runs in one process, on one device. Start it without the launcher (torchrun, accelerate launch, "
            "deepspeed), or, if this variable is left from something else, with 'env -u WORLD_SIZE ftk …'."
        )
