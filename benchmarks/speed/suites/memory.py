"""How resident memory grows with the number of rows."""

from __future__ import annotations

from pathlib import Path

from benchmarks.speed.page import Measured, Section, megabytes, table
from benchmarks.speed.pairs import Contender, Contest, Sample
from benchmarks.speed.settings import Settings
from benchmarks.speed.suites.corpora import tiny_checkpoint, write_rows, write_text

_LENGTH = 512
_BEGIN = 0.05
"""Share of the rows that is done before memory is first looked at: by then everything has been used once."""


def run(settings: Settings) -> list[Section]:
    """The one section."""
    folder = settings.work / "memory"
    folder.mkdir()
    blocks, rows = (500, 20_000) if settings.quick else (10_000, 1_000_000)
    jobs = {"evaluate": _evaluate(settings, folder, blocks), "predict": _predict(settings, folder, rows)}
    targets = {"evaluate": 50e6, "predict": 200e6}
    measured, lines, raw = [], [], {}
    for name, (words, total) in jobs.items():
        options = {"command": name, "words": words, "total": total}
        with Contest(settings, name, [Contender(name=name, module="resident", options=options)]) as contest:
            sample = contest.workers[name].ask("go")
        raw[name] = sample
        begin, end = _ends(sample, total)
        growth = end[1] - begin[1]
        measured.append(
            Measured(f"memory-{name}", f"{megabytes(growth)} over {end[0]:,} rows", growth <= targets[name])
        )
        lines.append(
            [
                f"`ftk {name}`",
                f"{end[0]:,}",
                megabytes(begin[1]),
                megabytes(end[1]),
                megabytes(growth),
                megabytes(end[2] - begin[2]),
                megabytes(sample["peak"]),
            ]
        )
        settings.say(f"memory: {name} done")
    head = ["", "rows", f"at {_BEGIN:.0%}", "at the end", "growth", "of it anonymous", "peak"]
    text = [
        f"`ftk evaluate` of a masked language model over blocks of {_LENGTH} tokens, `ftk predict` of entities over "
        "short rows, both with a tiny model (2 layers of 64). VmRSS of the process, looked at after "
        f"{_BEGIN:.0%} of the rows and at the end.",
        table(head, lines),
    ]
    return [Section(title="Memory", text=text, measured=measured, raw=raw)]


def _ends(sample: Sample, total: int) -> tuple[list[int], list[int]]:
    points: list[list[int]] = sample["points"]
    if not points:
        raise SystemExit("No row went by: ftk.core.evaluate.Runner.predictions is not what gives them any more.")
    begin = next((point for point in points if point[0] >= _BEGIN * total), points[0])
    return begin, points[-1]


def _evaluate(settings: Settings, folder: Path, blocks: int) -> tuple[list[str], int]:
    text = write_text(settings, folder / "text.txt", 2)
    # A vocabulary of so few entries cuts the words into many tokens: two copies of the novels are enough.
    settings.ftk(
        "pretrain",
        "model=tiny",
        f"model.config.max_position_embeddings={_LENGTH}",
        "model.tokenizer.max_characters=2000000",
        f"data.train={text}",
        f"data.max_length={_LENGTH}",
        "train.max_steps=1",
        f"run.dir={folder / 'pretrained'}",
    )
    settings.say("memory: a tiny model is pretrained")
    words = [
        f"checkpoint={folder / 'pretrained' / 'best'}",
        f"data.test={text}",
        f"run.dir={folder / 'evaluated'}",
    ]
    return words, blocks


def _predict(settings: Settings, folder: Path, rows: int) -> tuple[list[str], int]:
    checkpoint = tiny_checkpoint(settings, folder / "tiny")
    source = write_rows(settings, folder / "rows.txt", rows, range(3, 15))
    return [f"checkpoint={checkpoint}", f"input={source}", f"output={folder / 'rows.jsonl'}"], rows
