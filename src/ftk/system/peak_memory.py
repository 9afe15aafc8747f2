"""The most memory that this process has had."""

import sys


def peak_memory_mb() -> int | None:
    """The most memory that this process has had at once, in MB; None where the system does not say."""
    try:
        import resource
    except ImportError:  # only Unix has it
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(most / 1e6 if sys.platform == "darwin" else most * 1024 / 1e6)
