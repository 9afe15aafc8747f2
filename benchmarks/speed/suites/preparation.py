"""The preparation of texts: beside the tokenizers library alone, on more cores, and when it was done before."""

from __future__ import annotations

import os

from benchmarks.speed.page import Measured, Section, table
from benchmarks.speed.pairs import Contender, Contest, Ratio, column, interval, median, ratio, tokens_per_second
from benchmarks.speed.settings import Settings
from benchmarks.speed.suites.corpora import write_rows, write_text

_ONE, _TWO = "one core", "two cores"


def run(settings: Settings) -> list[Section]:
    """The one section."""
    folder = settings.work / "preparation"
    folder.mkdir()
    text = write_text(settings, folder / "text.txt", 1 if settings.quick else 3)
    number = 20_000 if settings.quick else 1_000_000
    rows = write_rows(settings, folder / "rows.txt", number, range(3, 15))
    contenders = [
        Contender(
            name=_ONE,
            module="preparing",
            options={"encoder": str(settings.encoder), "cores": 1},
            environment={"TOKENIZERS_PARALLELISM": "false"},
        ),
        Contender(name=_TWO, module="preparing", options={"encoder": str(settings.encoder), "cores": 2}),
    ]
    with Contest(settings, "preparation", contenders) as contest:
        contest.rounds(1, keep=False, text=str(text), cache=str(folder / "cache"))
        contest.rounds(settings.pairs, text=str(text), cache=str(folder / "cache"))
        order = {"text": str(rows), "cache": str(folder / "warm"), "keep": True, "alone": False}
        worker = contest.workers[_TWO]
        cold = worker.ask("go", words=["data.documents=line"], **order)
        warm = [worker.ask("go", words=["data.documents=line"], **order) for _ in range(settings.pairs)]
    one, two = contest.samples[_ONE], contest.samples[_TWO]
    alone = column(one, lambda sample: sample["alone_tokens"] / sample["alone_seconds"])
    against = ratio(column(one, tokens_per_second), alone)
    cores = ratio(column(two, tokens_per_second), column(one, tokens_per_second))
    again = interval(column(warm, lambda sample: sample["seconds"]))
    there = len(os.sched_getaffinity(0))
    measured = [
        Measured("preparation-speed", str(against), against.median >= 0.8),
        Measured("preparation-cores", str(cores), cores.median >= 1.8 if there > 1 else None),
        Measured("preparation-warm", _seconds(again), again.median <= 2),
    ]
    text_size = text.stat().st_size / 1e6
    lines = [
        ["`tokenizers` alone, `encode_batch_fast`, one core", f"{median(alone):,.0f}"],
        ["ftk, one core", f"{median(column(one, tokens_per_second)):,.0f}"],
        ["ftk, two cores", f"{median(column(two, tokens_per_second)):,.0f}"],
    ]
    told = [
        f"{text_size:,.1f} MB of novels with the encoder's WordPiece vocabulary. ftk reads the text, finds its "
        "documents, tokenizes, writes shards with their checksums and packs blocks; `tokenizers` alone encodes what "
        "is in memory already, and its tokens are only counted. Both in one process that is held to one core.",
        table(["", "tokens/s"], lines),
        f"A corpus of {number:,} short rows, each a document: prepared in {cold['seconds']:.1f} s, opened again "
        f"in {_seconds(again)}.",
    ]
    raw = {"samples": contest.samples, "cold": cold, "warm": warm}
    return [Section(title="Preparation", text=told, measured=measured, raw=raw)]


def _seconds(value: Ratio) -> str:
    return f"{value.median:.2f} s ({value.low:.2f} to {value.high:.2f})"
