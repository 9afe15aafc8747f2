"""One run of the tests of reliability that take too long for every day; its figures go to a dated Markdown file."""

from __future__ import annotations

import argparse
import datetime
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.reliability import fuzzing, kills, memory, numbers, runs, saving, signalled, sweeps, trainer
from benchmarks.speed.machine import describe, versions


def main() -> None:
    """Run the parts that were asked for."""
    parser = argparse.ArgumentParser(prog="scripts/reliability", description=__doc__)
    parser.add_argument("--only", help="parts by name, with commas")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--trainer-kills", type=int, default=40)
    parser.add_argument("--signals", type=int, default=100)
    parser.add_argument("--sweep-kills", type=int, default=10)
    parser.add_argument("--sweep-jobs", type=int, default=30)
    parser.add_argument("--numbers", type=int, default=10)
    parser.add_argument("--fuzz", type=int, default=10_000, help="inputs a reader")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--encoder", type=Path, help="folder of a pretrained encoder, for what saving costs")
    parser.add_argument("--output", type=Path, help="the page (default: benchmarks/<date>-reliability.md)")
    options = parser.parse_args()
    page = options.output or Path(f"benchmarks/{datetime.date.today()}-reliability.md")
    with tempfile.TemporaryDirectory(prefix="ftk-reliability-") as name:
        folder = Path(name)
        os.environ.update(FTK_CACHE=str(folder / "cache"), HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
        data = folder / "data"
        runs.write_data(data)
        parts: dict[str, tuple[str, Callable[[], list[str]]]] = {
            "saving": ("The cost of saving", lambda: saving.run(data, folder, options.encoder, options.pairs)),
            "kills": ("kill -9", lambda: kills.run(data, folder, options.kills)),
            "trainer": ("kill -9: the Trainer", lambda: trainer.run(data, folder, options.trainer_kills)),
            "signals": ("SIGTERM", lambda: signalled.run(data, folder, options.signals)),
            "sweeps": ("Sweeps", lambda: sweeps.run(folder, options.sweep_jobs, options.sweep_kills)),
            "numbers": ("Numbers gone wrong", lambda: numbers.run(data, folder, options.numbers)),
            "memory": ("Too little memory", lambda: memory.run(data, folder)),
            "fuzzing": ("Broken inputs", lambda: fuzzing.run(options.fuzz)),
        }
        wanted = options.only.split(",") if options.only else list(parts)
        runs.preload()
        sections = []
        for part in wanted:
            title, work = parts[part]
            began = time.perf_counter()
            print(f"{title} …", flush=True)
            text = work()
            took = f"{(time.perf_counter() - began) / 60:.1f} minutes."
            sections.append("\n\n".join([f"## {title}", *text, took]))
            print("\n".join(text), flush=True)
            _write(page, sections)


def _write(page: Path, sections: list[str]) -> None:
    head = [
        f"# Reliability, {datetime.date.today()}",
        "`scripts/reliability`, with the options that its parts tell. Trainings are of a tiny model on sentences and "
        "stories that the script writes, one thread each, two at a time.",
        f"Machine: {describe()}. {versions()}.",
    ]
    page.write_text("\n\n".join([*head, *sections]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
