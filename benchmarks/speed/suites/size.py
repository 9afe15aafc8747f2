"""Time for each token over the number of rows and over their length."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from benchmarks.speed.page import Measured, Section, table
from benchmarks.speed.pairs import Contender, Contest, Ratio, Sample, interval
from benchmarks.speed.settings import Settings
from benchmarks.speed.suites.corpora import tiny_checkpoint, write_rows
from benchmarks.speed.suites.predict import train_checkpoint
from benchmarks.speed.suites.training import SMALL

_LENGTHS = (16, 32, 64, 128, 256, 512)
_WORDS = range(3, 15)
_SPECIAL = 2
"""Tokens that the tokenizer puts around a row."""


def run(settings: Settings) -> list[Section]:
    """The one section."""
    folder = settings.work / "size"
    folder.mkdir()
    sizes = (1_000, 10_000) if settings.quick else (1_000, 10_000, 100_000, 1_000_000)
    by_rows = _over_rows(settings, folder, sizes)
    by_length = _over_lengths(settings, folder)
    rows = {number: _microseconds(samples) for number, samples in by_rows.items()}
    lengths = {length: _microseconds(samples) for length, samples in by_length.items()}
    medians = [value.median for value in rows.values()]
    spread = max(medians) / min(medians) - 1
    plain = SMALL.operations(0)
    text = [
        "`ftk predict` with a tiny model (2 layers of 64) over rows of 3 to 14 words, from reading them to the written "
        "records; the smaller files are the first rows of the larger ones. The model is loaded before, and one run "
        "over the smallest file is not counted.",
        table(
            ["rows", "runs", "µs a token"],
            [[f"{number:,}", str(len(by_rows[number])), _told(value)] for number, value in rows.items()],
        ),
        "`ftk predict` with the encoder (6 layers of 384) over rows of one length. Attention takes more products the "
        "longer a row is; the column beside tells how much more all products together are than those of the shortest.",
        table(
            ["tokens in a row", "µs a token", "to the shortest", "expected of products"],
            [
                [
                    str(length),
                    _told(value),
                    f"{value.median / lengths[_LENGTHS[0]].median:.2f}×",
                    f"{SMALL.operations(length) / SMALL.operations(_LENGTHS[0]):.2f}×",
                ]
                for length, value in lengths.items()
            ],
        ),
        f"At 512 tokens {1 - plain / SMALL.operations(512):.0%} of the products are attention's.",
    ]
    measured = [Measured("size", f"{spread:.0%} between the fastest and the slowest size", spread <= 0.1)]
    raw = {"rows": by_rows, "lengths": by_length}
    return [Section(title="Size", text=text, measured=measured, raw=raw)]


def _over_rows(settings: Settings, folder: Path, sizes: tuple[int, ...]) -> dict[int, list[Sample]]:
    """Samples by the number of rows; the largest number only once, if it takes minutes."""
    checkpoint = tiny_checkpoint(settings, folder / "tiny")
    largest = write_rows(settings, folder / f"rows-{sizes[-1]}.txt", sizes[-1], _WORDS)
    files = {sizes[-1]: largest}
    for number in sizes[:-1]:
        files[number] = folder / f"rows-{number}.txt"
        with largest.open(encoding="utf-8") as source, files[number].open("w", encoding="utf-8") as target:
            target.writelines(islice(source, number))
    tokens = {number: _tokens(path) for number, path in files.items()}
    samples: dict[int, list[Sample]] = {number: [] for number in sizes}
    with Contest(settings, "size", [_predicting(checkpoint, files[sizes[0]], folder)]) as contest:
        for done in range(settings.pairs):
            for number in sizes:
                if done * number < 1_000_000:
                    sample = contest.workers["ftk"].ask("go", input=str(files[number]))
                    samples[number].append({**sample, "tokens": tokens[number]})
            settings.say(f"size: round {done + 1} of {settings.pairs}")
    return samples


def _over_lengths(settings: Settings, folder: Path) -> dict[int, list[Sample]]:
    """Samples by the length of the rows, about equally many tokens each."""
    checkpoint = train_checkpoint(settings, folder / "encoder", 2)
    total = 4_096 if settings.quick else 65_536
    files = {
        length: write_rows(settings, folder / f"length-{length}.txt", total // length, [length - _SPECIAL])
        for length in _LENGTHS
    }
    samples: dict[int, list[Sample]] = {length: [] for length in _LENGTHS}
    with Contest(settings, "lengths", [_predicting(checkpoint, files[_LENGTHS[0]], folder)]) as contest:
        for done in range(-1, settings.pairs):  # the first one warms up
            for length, path in files.items():
                sample = contest.workers["ftk"].ask("go", input=str(path))
                if done >= 0:
                    samples[length].append({**sample, "tokens": total // length * length})
            settings.say(f"size: lengths, round {done + 1} of {settings.pairs}")
    return samples


def _predicting(checkpoint: Path, first: Path, folder: Path) -> Contender:
    outputs = folder / f"outputs-{checkpoint.parent.name}"
    outputs.mkdir()
    options = {
        "words": [f"checkpoint={checkpoint}", "run.overwrite=true"],
        "input": str(first),
        "folder": str(outputs),
    }
    return Contender(name="ftk", module="ftk_predict", options=options)


def _tokens(path: Path) -> int:
    """Every word is a token."""
    with path.open(encoding="utf-8") as stream:
        return sum(line.count(" ") + 1 + _SPECIAL for line in stream)


def _microseconds(samples: list[Sample]) -> Ratio:
    return interval([1e6 * sample["seconds"] / sample["tokens"] for sample in samples])


def _told(value: Ratio) -> str:
    return f"{value.median:.2f} ({value.low:.2f} to {value.high:.2f})"
