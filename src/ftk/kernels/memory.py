"""Memory that is kept between steps rather than given back to the system and asked for again."""

import ctypes
import platform

_MMAP_THRESHOLD, _TRIM_THRESHOLD, _TOP_PAD = -3, -1, -2  # of malloc.h


def keep_memory() -> None:
    """Let glibc keep what is freed: a gradient of 50 MB that is mapped anew costs 12,000 page faults a step.

    Does nothing where the C library is another one.
    """
    if platform.libc_ver()[0] != "glibc":
        return
    libc = ctypes.CDLL(None)
    libc.mallopt(_MMAP_THRESHOLD, 1 << 30)
    libc.mallopt(_TRIM_THRESHOLD, 2**31 - 1)
    libc.mallopt(_TOP_PAD, 64 << 20)


def release_memory() -> None:
    """Let glibc give back what is free after all; does nothing where the C library is another one."""
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)
