"""How the threads of OpenMP wait for each other: ``OMP_WAIT_POLICY``, chosen once before torch is loaded.

A model runs thousands of short operations per second, and each thread must be ready for each of them. A thread that
sleeps in between wakes up late, above all on a virtual machine that gives an idle processor away: a training step
takes twice as long. A thread that spins takes the processor away from any other program and then waits for it: a step
takes several times as long. So threads sleep only if other programs are using the processors when ftk starts.

That makes the speed of a run depend on what ran while it started. To choose yourself, set ``OMP_WAIT_POLICY`` to
``ACTIVE`` or ``PASSIVE``; ftk leaves a variable that is set alone. Results do not depend on it.
"""

import os
import time
from dataclasses import dataclass

POLICY = "OMP_WAIT_POLICY"
_BUSY = 0.3
"""The number of processors in use by other programs from which threads sleep."""


@dataclass(frozen=True, slots=True)
class CpuTime:
    """Processor time in seconds, used so far by all processes and by this one, and the time of the measurement."""

    all: float
    own: float
    at: float

    @classmethod
    def now(cls) -> "CpuTime | None":
        """The current values, or None if the system does not report them."""
        try:
            with open("/proc/stat", encoding="ascii") as stream:
                user, nice, system, _, _, irq, softirq, *_ = map(int, stream.readline().split()[1:])
        except (OSError, ValueError):
            return None
        ticks = os.sysconf("SC_CLK_TCK")
        return cls((user + nice + system + irq + softirq) / ticks, time.process_time(), time.monotonic())


def choose_wait_policy(before: CpuTime | None) -> None:
    """Set ``OMP_WAIT_POLICY=PASSIVE`` if other programs have used the processors since ``before``.

    Call it before torch is imported, because OpenMP reads the variable then. Does nothing if the variable is set or
    the system does not report processor time.
    """
    now = CpuTime.now()
    if POLICY in os.environ or before is None or now is None or now.at <= before.at:
        return
    others = (now.all - before.all) - (now.own - before.own)
    if others / (now.at - before.at) > _BUSY:
        os.environ[POLICY] = "PASSIVE"
