"""The fuzz tests of the readers, with many more inputs than in every day's tests."""

from __future__ import annotations

import os
import re
import subprocess
import sys


def run(number: int) -> list[str]:
    """Run them with so many inputs each."""
    argv = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", "tests/data/test_fuzz.py", "-rA"]
    done = subprocess.run(
        argv, capture_output=True, text=True, check=False, env={**os.environ, "FTK_FUZZ": str(number)}
    )
    passed = sorted(set(re.findall(r"^PASSED \S+::test_(\w+)", done.stdout, re.MULTILINE)))
    failed = sorted(set(re.findall(r"^FAILED \S+::test_(\w+)", done.stdout, re.MULTILINE)))
    return [
        f"{number:,} inputs for each of the readers and checks in `tests/data/test_fuzz.py` (valid files after random "
        "edits, pieces of syntax in any order, random bytes): every one ended in rows, all of them, or in an error of "
        f"ftk that names the file, within 20 seconds each. Passed ({len(passed)}): {', '.join(passed)}. Failed: "
        f"{', '.join(failed) or 'none'}."
    ]
