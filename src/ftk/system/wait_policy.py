"""How OpenMP's threads wait for one another; imports the standard library only, for it has to be settled before torch.

A model is thousands of short operations a second, and a thread has to be there for each. One that sleeps in between is
woken late, most of all on a virtual machine, which takes an idle processor away: a training step takes twice as long.
One that keeps looking takes the processor of whatever else runs, and then waits for it: several times as long. So it
depends on whether anything else runs.
"""

import os
import time
from dataclasses import dataclass

POLICY = "OMP_WAIT_POLICY"
_BUSY = 0.3
"""Processors in use by others from which on the machine is not ours alone."""


@dataclass(frozen=True, slots=True)
class Use:
    """Processor time used so far, in seconds: by all processes, and by this one."""

    all: float
    own: float
    at: float

    @classmethod
    def now(cls) -> "Use | None":
        """None where the system does not tell."""
        try:
            with open("/proc/stat", encoding="ascii") as stream:
                user, nice, system, _, _, irq, softirq, *_ = map(int, stream.readline().split()[1:])
        except (OSError, ValueError):
            return None
        ticks = os.sysconf("SC_CLK_TCK")
        return cls((user + nice + system + irq + softirq) / ticks, time.process_time(), time.monotonic())


def settle(before: Use | None) -> None:
    """Let threads sleep while they wait if others have used the processors since ``before``; the user's choice stands.

    OpenMP reads the variable when torch is loaded.
    """
    now = Use.now()
    if POLICY in os.environ or before is None or now is None or now.at <= before.at:
        return
    others = (now.all - before.all) - (now.own - before.own)
    if others / (now.at - before.at) > _BUSY:
        os.environ[POLICY] = "PASSIVE"
