"""Masked language modelling from random weights."""

from __future__ import annotations

from typing import Any

from benchmarks.speed.page import Measured, Section
from benchmarks.speed.pairs import Contender, Contest, Sample, Worker
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

_LENGTH, _LR, _SEED = 128, 5e-4, 1
_HELD_OUT = 64
_MASKED = 0.15
_TARGETS = {"defaults": 4.5, "fp32": 2.2, "best": 3.0}


def run(settings: Settings) -> list[Section]:
    """The one section."""
    steps, warm_up = (1, 1) if settings.quick else (4, 2)
    total = warm_up + steps * settings.pairs
    start, begun = _start(settings, total)
    with Contest(settings, "MLM", contenders(settings, start, total)) as contest:
        facts = {name: worker.facts for name, worker in contest.workers.items()}
        contest.rounds(1, keep=False, steps=warm_up)
        contest.rounds(settings.pairs, steps=steps)
        ends = contest.finish()
    samples = contest.samples
    measured = [
        Measured(f"mlm-{key}", str(value), value.median >= _TARGETS[key]) for key, value in ratios(samples).items()
    ]
    measured.append(core_cost(samples, "MLM"))
    head = _MASKED * (SMALL.hidden**2 + SMALL.hidden * begun["vocabulary"])
    text = [
        f"The architecture of the encoder (6 layers of 384, {begun['vocabulary']:,} entries) from the same random "
        f"weights, on the same {_batch(settings)} blocks of {_LENGTH} tokens a step (novels; orders and masks are each "
        f"contender's own), 15 % masked, dropout 0.1, peak rate {_LR:g}, linear with a tenth of warm-up. "
        f"{warm_up} steps are not counted, then {settings.pairs} rounds of {steps}. Validation and saving are not in "
        f"the time. The loss is that on {begun['held_out']} held-out blocks after {total} steps, the same tokens "
        "hidden for all; it is there to show that all of them learn the same.",
        f"`{FTK}` is `ftk pretrain` with what it chooses by itself; `{TRAINER}` is `transformers.Trainer` with the "
        f"choices of `run_mlm.py`; `{TRAINER_BEST}` {'adds bf16' if settings.bf16 else 'asks for the fused optimizer'} "
        f"(their optimizers: {facts[TRAINER]['optimizer']} and "
        f"{facts[TRAINER_BEST]['optimizer']}); `{BARE}` is `workers/bare_loop.py` with the kernels and the sparse head "
        "of ftk.",
        contender_table(samples, facts, ends, SMALL.operations(_LENGTH, head), "loss"),
        attainable_line(samples),
    ]
    raw = {"samples": samples, "ready": facts, "ends": ends}
    return [Section(title="Masked language modelling", text=text, measured=measured, raw=raw)]


def contenders(settings: Settings, start: str, total: int) -> list[Contender]:
    """All who take part, from the weights in a folder."""
    words = [
        "pretrain",
        "model=auto",
        f"model.name={start}",
        f"data.train={text(settings)}",
        f"data.max_length={_LENGTH}",
        f"train.batch_size={_batch(settings)}",
        f"train.max_steps={total}",
        f"train.eval_every={total}",
        f"train.save_every={total}",
        f"optimizer.lr={_LR}",
        "schedule=linear",
        f"run.seed={_SEED}",
        "run.overwrite=true",
    ]
    peer: dict[str, Any] = {
        "start": start,
        "steps": total,
        "batch": _batch(settings),
        "lr": _LR,
        "seed": _SEED,
        "folder": str(settings.work / "trainer"),
    }
    best = {"optim": "adamw_torch_fused", "bf16": settings.bf16}

    def ftk(title: str, number: int, *more: str) -> Contender:
        run_words = [*words, f"run.dir={settings.work / f'mlm-{number}'}", *more]
        return Contender(name=title, module="ftk_training", options={"words": run_words, "held_out": start})

    return [
        ftk(FTK, 1),
        ftk(FTK_FP32, 2, "hardware.precision=fp32"),
        Contender(name=TRAINER, module="trainer_mlm", options=peer),
        Contender(name=TRAINER_BEST, module="trainer_mlm", options={**peer, "arguments": best}),
        Contender(name=BARE, module="loop_mlm", options=peer, environment=ENVIRONMENT),
        products(settings),
    ]


def text(settings: Settings) -> str:
    """The novels as a value of ``data.train``: one of them for a smoke run."""
    novels = sorted(settings.corpus("mlm_novels").glob("*.txt"))
    if not novels:
        raise SystemExit(f"{settings.corpus('mlm_novels')}: there is no .txt file in it.")
    return f"[{','.join(str(path) for path in (novels[:1] if settings.quick else novels))}]"


def _batch(settings: Settings) -> int:
    return 8 if settings.quick else 32


def _start(settings: Settings, total: int) -> tuple[str, Sample]:
    """The folder that everybody begins with, made by a process of its own."""
    folder = settings.work / "mlm-start"
    folder.mkdir()
    options = {
        "folder": str(folder),
        "encoder": str(settings.encoder),
        "text": text(settings),
        "length": _LENGTH,
        "blocks": min(4096, total * _batch(settings)),
        "held_out": _HELD_OUT,
    }
    maker = Worker(
        Contender(name="the start of MLM", module="mlm_start", options=options),
        settings,
        settings.work / "logs" / "mlm-start.txt",
    )
    maker.end()
    return str(folder), maker.facts
