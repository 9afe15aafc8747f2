"""What helps rare labels: trains MiniLM on five skewed corpora with each remedy, and writes results.md.

    python -m benchmarks.long_tails.frozen ../shared/data /tmp/long_tails
    python -m benchmarks.long_tails ../shared/data /tmp/long_tails

Runs that are there already are not trained again, so it can be stopped at any time.
"""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.long_tails.page import page
from benchmarks.long_tails.trainings import train

PAGE = Path(__file__).with_name("results.md")


def main(data: Path, out: Path) -> None:
    """Train, compare and write the page."""
    train(data, out)
    PAGE.write_text("\n".join(page(data, out)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
