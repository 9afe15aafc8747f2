"""Fine-tuning on entities: one epoch of each contender, cut into rounds."""

from __future__ import annotations

from typing import Any

import numpy as np
from benchmarks.speed.page import Measured, Section
from benchmarks.speed.pairs import Contender, Contest
from benchmarks.speed.settings import Settings
from benchmarks.speed.suites.training import (
    BARE,
    FTK,
    FTK_FP32,
    SMALL,
    TRAINER,
    TRAINER_BEST,
    attainable_line,
    contender_table,
    core_cost,
    products,
    ratios,
)
from benchmarks.speed.workers.kernels import ENVIRONMENT

_CORPORA = {
    "WNUT-17": ("ner_wnut17", "train.conll", "dev.conll", "test.conll"),
    "NCBI disease": ("ner_ncbi_disease", "train.conll", "devel.conll", "test.conll"),
}
_BATCH, _LR, _SEED = 16, 1e-4, 1
_WARM_UP = 5
_TARGETS = {"defaults": 4.0, "fp32": 2.2, "best": 1.8}


def run(settings: Settings) -> list[Section]:
    """Each corpus by itself; the first one for a smoke run."""
    return [_section(settings, name) for name in list(_CORPORA)[: 1 if settings.quick else None]]


def contenders(settings: Settings, name: str) -> list[Contender]:
    """All who take part on a corpus."""
    folder, *files = _CORPORA[name]
    train, validation, test = (str(settings.corpus(folder, file)) for file in files)
    limit = 10 * _BATCH if settings.quick else None
    words = [
        "finetune",
        "task=ner",
        "model=auto",
        f"model.name={settings.encoder}",
        f"data.train={train}",
        f"data.validation={validation}",
        f"data.test={test}",
        "train.epochs=1",
        f"train.batch_size={_BATCH}",
        f"optimizer.lr={_LR}",
        f"run.seed={_SEED}",
        "run.overwrite=true",
        *([f"data.limit={limit}", "data.cut=simple", "data.unseen_labels=count"] if limit else []),
    ]
    peer: dict[str, Any] = {
        "model": str(settings.encoder),
        "train": train,
        "test": test,
        "limit": limit,
        "batch": _BATCH,
        "lr": _LR,
        "seed": _SEED,
        "folder": str(settings.work / "trainer"),
    }
    best = {"train_sampling_strategy": "group_by_length", "optim": "adamw_torch_fused", "bf16": settings.bf16}

    def ftk(title: str, number: int, *more: str) -> Contender:
        run_words = [*words, f"run.dir={settings.work / f'{folder}-{number}'}", *more]
        return Contender(name=title, module="ftk_training", options={"words": run_words})

    return [
        ftk(FTK, 1),
        ftk(FTK_FP32, 2, "hardware.precision=fp32"),
        Contender(name=TRAINER, module="trainer_ner", options=peer),
        Contender(name=TRAINER_BEST, module="trainer_ner", options={**peer, "arguments": best}),
        Contender(name=BARE, module="loop_ner", options=peer, environment=ENVIRONMENT),
        products(settings),
    ]


def _section(settings: Settings, corpus: str) -> Section:
    warm_up = 2 if settings.quick else _WARM_UP
    with Contest(settings, corpus, contenders(settings, corpus)) as contest:
        facts = {name: worker.facts for name, worker in contest.workers.items()}
        totals = {name: fact["steps"] for name, fact in facts.items() if "steps" in fact}
        steps = (min(totals.values()) - warm_up) // settings.pairs
        contest.rounds(1, keep=False, steps=warm_up)
        contest.rounds(settings.pairs, steps=steps)
        for name, total in totals.items():
            if rest := total - warm_up - steps * settings.pairs:
                contest.workers[name].ask("go", steps=rest)
        ends = contest.finish()
    samples = contest.samples
    measured = [
        Measured(f"ner-{key}", f"{corpus} {value}", value.median >= _TARGETS[key])
        for key, value in ratios(samples).items()
    ]
    measured.append(core_cost(samples, f"NER, {corpus}"))
    lengths = _mean_length(samples[FTK], steps)
    counts = sorted(set(totals.values()))
    text = [
        f"One epoch on {corpus} ({' or '.join(map(str, counts))} steps), batch "
        f"{_BATCH}, peak rate {_LR:g}, seed {_SEED}. The first {warm_up} steps are not counted; then {settings.pairs} "
        f"rounds of {steps} steps; the rest of the epoch is trained and not counted. A step's time holds all that is "
        "done for it: data, logging, the progress. Validation and saving are not in it.",
        f"`{FTK}` is `ftk finetune` with what it chooses by itself; `{TRAINER}` is `transformers.Trainer` with the "
        f"choices of `run_ner.py`; `{TRAINER_BEST}` adds `group_by_length`{' and bf16' if settings.bf16 else ''} "
        f"(their optimizers: {facts[TRAINER]['optimizer']} and "
        f"{facts[TRAINER_BEST]['optimizer']}); `{BARE}` is `workers/bare_loop.py`: the batches and the kernels of "
        "ftk in a plain loop. F1 is strict over entities (seqeval, IOB2); that of ftk is of tags decoded to valid "
        "sequences, that of the others of the best tag of each word.",
        contender_table(samples, facts, ends, SMALL.operations(lengths), "f1"),
        attainable_line(samples),
    ]
    raw = {"samples": samples, "ready": facts, "ends": ends}
    return Section(title=f"NER fine-tuning, {corpus}", text=text, measured=measured, raw=raw)


def _mean_length(samples: list[dict[str, Any]], steps: int) -> float:
    """Tokens of a row, about: attention is a small part of so short rows."""
    return float(np.mean([sample["tokens"] for sample in samples]) / (steps * _BATCH))
