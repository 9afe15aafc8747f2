"""The share of the attainable rate of matrix products that training reaches."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

from benchmarks.speed.page import Measured, Section, table
from benchmarks.speed.pairs import Contender, Contest, Sample, column, interval, median, tokens_per_second
from benchmarks.speed.settings import Settings
from benchmarks.speed.suites.training import BASE, SMALL

_LENGTH = 128
_SIZES = {"6 × 384": SMALL, "12 × 768": BASE}
_TARGETS = {"fp32": 0.65, "bf16": 0.45}


def run(settings: Settings) -> list[Section]:
    """The one section."""
    steps, warm_up = (1, 1) if settings.quick else (2, 2)
    data = settings.work / "synthetic.conll"
    _write_rows(settings, data, _batch(settings) * (warm_up + steps * settings.pairs))
    precisions = ["fp32", "bf16"] if settings.bf16 else ["fp32"]
    sizes = dict(list(_SIZES.items())[:1]) if settings.quick else _SIZES
    names = {f"{size}, {precision}": (size, precision) for size in sizes for precision in precisions}
    contenders = [
        Contender(
            name=name,
            module="ftk_training",
            options={
                "words": _words(settings, data, size, precision),
                "products": [2048, _SIZES[size].hidden, _SIZES[size].intermediate],
            },
        )
        for name, (size, precision) in names.items()
    ]
    with Contest(settings, "utilisation", contenders) as contest:
        contest.rounds(1, keep=False, steps=warm_up)
        contest.rounds(settings.pairs, steps=steps)
    measured, rows = [], []
    for name, (size, precision) in names.items():
        samples = contest.samples[name]
        operations = _SIZES[size].operations(_LENGTH)
        rates = column(samples, tokens_per_second)
        shares = interval([_share(sample, operations) for sample in samples])
        told = f"{shares.median:.0%} ({shares.low:.0%} to {shares.high:.0%})"
        measured.append(Measured(f"share-{precision}", f"{size} {told}", shares.median >= _TARGETS[precision]))
        rows.append(
            [
                name,
                f"{operations / 1e9:.3f}",
                f"{median(rates):,.0f}",
                f"{median(rates) * operations / 1e9:,.0f}",
                f"{median(column(samples, lambda sample: sample['attainable'])) / 1e9:,.0f}",
                told,
                *_packed(samples, operations),
            ]
        )
    text = [
        f"`ftk finetune task=ner` on rows of exactly {_LENGTH} tokens, batch {_batch(settings)}, {settings.pairs} "
        f"rounds of {steps} steps. Before each round the same process measures products of 2048 rows with the matrices "
        "of the feed-forward layer by torch's own functions, forward and both ways backward, and takes the best median "
        "(attainable), and ftk's product with a weight laid out before (packed). FLOP a token = 6 P + 12 L d s, with "
        "the parameters P of the layers' matrices, without embeddings.",
        table(["", "GFLOP a token", "tokens/s", "GFLOP/s", "attainable", "share", "packed", "share of it"], rows),
    ]
    return [Section(title="Utilisation", text=text, measured=measured, raw={"samples": contest.samples})]


def _batch(settings: Settings) -> int:
    return 8 if settings.quick else 32


def _share(sample: Sample, operations: float, of: str = "attainable") -> float:
    return tokens_per_second(sample) * operations / float(sample[of])


def _packed(samples: Sequence[Sample], operations: float) -> list[str]:
    if any(sample["packed"] is None for sample in samples):
        return ["–", "–"]
    share = median([_share(sample, operations, "packed") for sample in samples])
    return [f"{median(column(samples, lambda sample: sample['packed'])) / 1e9:,.0f}", f"{share:.0%}"]


def _words(settings: Settings, data: Path, size: str, precision: str) -> list[str]:
    model = ["model=auto", f"model.name={settings.encoder}"]
    if _SIZES[size] is BASE:
        tokenizer = ["model.tokenizer.train=null", f"model.tokenizer.name={settings.encoder}"]
        model = ["model=bert-base-scratch", *tokenizer]
    return [
        "finetune",
        "task=ner",
        *model,
        f"data.train={data}",
        "data.validation_share=0",
        f"train.batch_size={_batch(settings)}",
        "train.epochs=1",
        f"hardware.precision={precision}",
        f"run.dir={settings.work / f'utilisation-{size[0]}-{precision}'}",
    ]


def _write_rows(settings: Settings, target: Path, number: int) -> None:
    """Rows of words that the tokenizer has whole, so that the tokens of each are as many as can be counted."""
    words = whole_words(settings)
    generator = random.Random(0)
    with target.open("w", encoding="utf-8") as stream:
        for _ in range(number):
            for word in generator.choices(words, k=_LENGTH - 2):
                stream.write(f"{word}\t{'B-THING' if generator.random() < 0.1 else 'O'}\n")
            stream.write("\n")


def whole_words(settings: Settings) -> list[str]:
    """Words that are one token each to the encoder's tokenizer."""
    vocabulary = json.loads((settings.encoder / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    return sorted(word for word in vocabulary if word.isascii() and word.isalpha() and len(word) > 2)
