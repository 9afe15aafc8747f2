"""Loss curves of ``ftk pretrain`` and of ``transformers.Trainer`` as ``run_mlm.py`` uses it, side by side.

Both start from the same random weights and train on the same blocks of the same tokens, with the same share of
masked tokens (80/10/10), batch, optimizer, schedule, clipping and dropout, in fp32. What differs is chance: the
order of the blocks, the masks, dropout. So each trains with several seeds, one after the other (A B A B ...), and the
spread between seeds says how much of a difference is noise. The losses that are compared are those of the models
saved at the end, on the same held-out blocks with the same masks, and those that each trainer logs on its way.

    python benchmarks/mlm_loss_curves.py --train texts/ --output curves/
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from datasets import Dataset
from transformers import (
    AutoModelForMaskedLM,
    AutoTokenizer,
    BertConfig,
    BertForMaskedLM,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

LENGTH, BATCH, LR, WARMUP, EVERY = 128, 32, 1e-3, 0.1, 10


def ftk(*words: str) -> None:
    """Run one ftk command, silently unless it fails."""
    done = subprocess.run([sys.executable, "-m", "ftk", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"ftk {' '.join(words)}\n{done.stdout}\n{done.stderr}")


def data_words(options: argparse.Namespace) -> list[str]:
    """What both the preparation and the training of ftk are told of the data."""
    return [f"data.train={options.train}", f"data.max_length={LENGTH}", f"hardware.threads={options.threads}"]


def make_start(options: argparse.Namespace) -> Path:
    """A folder with random weights and a vocabulary learned by ftk from the texts."""
    folder = options.output / "start"
    vocabulary = options.output / "vocabulary"
    ftk(
        "pretrain",
        "model=tiny",
        f"model.tokenizer.vocab_size={options.vocab_size}",
        *data_words(options),
        "train.max_steps=1",
        f"run.dir={vocabulary}",
        "run.overwrite=true",
    )
    tokenizer = AutoTokenizer.from_pretrained(vocabulary / "best")
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=512,
        max_position_embeddings=LENGTH,
        pad_token_id=tokenizer.pad_token_id,
    )
    BertForMaskedLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def blocks_of(options: argparse.Namespace, tokenizer: Any) -> tuple[Any, Any]:
    """The blocks that ``ftk pretrain`` trains on and those that it holds out."""
    from hydra import compose, initialize

    from ftk.config.jobs import register, typed
    from ftk.contracts.contexts import Encoding
    from ftk.contracts.notes import Notes
    from ftk.contracts.values import WindowPlan
    from ftk.report.console import Console
    from ftk.tasks import build_task

    register()
    with initialize(config_path=None, version_base="1.3"):
        config = typed(compose("pretrain", overrides=[f"data.train={options.train}", f"data.max_length={LENGTH}"]))
    corpus = build_task(config.task).open_corpus(config.data, Notes())
    prepared = corpus.prepare(Encoding(tokenizer, None, WindowPlan(LENGTH, 0), Notes()), Console(stderr=True))
    return prepared["train"].features, prepared["validation"].features


def train_ftk(options: argparse.Namespace, start: Path, seed: int) -> tuple[list[tuple[int, float]], Path, float]:
    """The logged losses, the model and the seconds of one training with ftk."""
    run = options.output / f"ftk-{seed}"
    began = time.perf_counter()
    ftk(
        "pretrain",
        "model=auto",
        f"model.name={start}",
        *data_words(options),
        "hardware=cpu",
        f"train.max_steps={options.steps}",
        f"train.batch_size={BATCH}",
        f"train.log_every={EVERY}",
        f"train.eval_every={options.steps}",
        f"train.save_every={options.steps}",
        "optimizer.weight_decay=0.01",
        f"optimizer.lr={LR}",
        "schedule=linear",
        f"schedule.warmup={WARMUP}",
        f"run.seed={seed}",
        f"run.dir={run}",
        "run.overwrite=true",
    )
    seconds = time.perf_counter() - began
    events = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [(event["step"], event["loss"]) for event in events if event["split"] == "train"], run / "last", seconds


class Losses(TrainerCallback):
    """Keeps what the Trainer logs."""

    def __init__(self) -> None:
        self.points: list[tuple[int, float]] = []

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **kwargs: Any) -> None:
        """Take the mean loss since the last line."""
        if logs and "loss" in logs:
            self.points.append((state.global_step, float(logs["loss"])))


def train_peer(
    options: argparse.Namespace, start: Path, seed: int, blocks: Any
) -> tuple[list[tuple[int, float]], Path, float]:
    """The logged losses, the model and the seconds of one training with the Trainer."""
    target = options.output / f"trainer-{seed}"
    began = time.perf_counter()
    set_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(start)
    model = AutoModelForMaskedLM.from_pretrained(start)
    special = blocks.frame.is_special
    rows = [blocks.block(number).input_ids for number in range(len(blocks))]
    dataset = Dataset.from_dict(
        {
            "input_ids": [row.tolist() for row in rows],
            "special_tokens_mask": [special[row].astype(int).tolist() for row in rows],
        }
    )
    losses = Losses()
    trainer = Trainer(
        model=model,
        args=TrainingArguments(
            output_dir=str(target),
            max_steps=options.steps,
            per_device_train_batch_size=BATCH,
            learning_rate=LR,
            weight_decay=0.01,
            warmup_steps=round(WARMUP * options.steps),
            lr_scheduler_type="linear",
            logging_steps=EVERY,
            save_strategy="no",
            seed=seed,
            report_to=[],
            disable_tqdm=True,
            use_cpu=True,
            dataloader_pin_memory=False,
        ),
        train_dataset=dataset,
        data_collator=DataCollatorForLanguageModeling(tokenizer=tokenizer, mlm_probability=0.15),
        callbacks=[losses],
    )
    trainer.train()
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)
    return losses.points, target, time.perf_counter() - began


def held_out_loss(model: Path, blocks: Any) -> float:
    """The loss of a saved model on held-out blocks, with masks that are the same for every model."""
    from ftk.data.batching.random_draws import CounterRandom
    from ftk.tasks.mlm.masking import Masking
    from ftk.tasks.mlm.policies import Unit

    masking = Masking(share=0.15, mask_token=0.8, random_token=0.1, unit=Unit.token, span_mean=1.0, span_longest=1)
    loaded = AutoModelForMaskedLM.from_pretrained(model).eval()
    total, count = 0.0, 0
    for number in range(len(blocks)):
        ids = blocks.block(number).input_ids.astype(np.int64)[None]
        draws = CounterRandom(0, np.array([-1]), np.array([number]))
        hidden, chosen = masking(
            ids, ~blocks.frame.is_special[ids], None, draws, blocks.frame.mask_id, blocks.frame.ordinary
        )
        labels = torch.from_numpy(np.where(chosen, ids, -100))
        with torch.inference_mode():
            loss = loaded(input_ids=torch.from_numpy(hidden), labels=labels).loss
        total += float(loss) * int(chosen.sum())
        count += int(chosen.sum())
    return total / count


def plot(curves: dict[str, list[list[tuple[int, float]]]], target: Path) -> None:
    """All curves in one picture."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for (name, runs), color in zip(curves.items(), ("tab:blue", "tab:orange"), strict=True):
        for number, points in enumerate(runs):
            label = f"{name}, {len(runs)} seeds" if number == 0 else None
            axes.plot(*zip(*points, strict=True), color=color, alpha=0.7, linewidth=1, label=label)
    axes.set_xlabel("optimizer step")
    axes.set_ylabel(f"training loss, mean over {EVERY} steps")
    axes.legend(frameon=False)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(target, dpi=120)


def summary(values: list[float]) -> str:
    """Mean and standard deviation."""
    return f"{statistics.mean(values):.4f} (sd {statistics.stdev(values) if len(values) > 1 else math.nan:.4f})"


def main() -> None:
    """Run both and write report, losses and picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", required=True, help="texts, as for data.train")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--vocab-size", type=int, default=4096)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    start = make_start(options)
    train, validation = blocks_of(options, AutoTokenizer.from_pretrained(start))
    report: dict[str, Any] = {"blocks": len(train), "held_out_blocks": len(validation), "ftk": [], "trainer": []}
    for seed in range(1, options.seeds + 1):
        for name, (points, model, seconds) in (
            ("ftk", train_ftk(options, start, seed)),
            ("trainer", train_peer(options, start, seed, train)),
        ):
            loss = held_out_loss(model, validation)
            report[name].append({"seed": seed, "points": points, "held_out_loss": loss, "seconds": seconds})
            print(f"{name} seed {seed}: held-out loss {loss:.4f}, whole process {seconds:.0f} s", flush=True)
    for name in ("ftk", "trainer"):
        print(f"{name}: held-out loss {summary([run['held_out_loss'] for run in report[name]])}")
    for step in range(options.steps // 6, options.steps + 1, max(1, options.steps // 6)):
        losses = {
            name: [dict(run["points"])[step] for run in report[name] if step in dict(run["points"])]
            for name in ("ftk", "trainer")
        }
        print(f"step {step}: " + ", ".join(f"{name} {summary(values)}" for name, values in losses.items() if values))
    (options.output / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    plot({name: [run["points"] for run in report[name]] for name in ("ftk", "trainer")}, options.output / "curves.png")


if __name__ == "__main__":
    main()
