"""The bare loop on entities: the batches of ftk, its kernels, and nothing of its core."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from benchmarks.ner_trainer_peer import IGNORED, seqeval_metrics
from benchmarks.speed.workers.bare_loop import tag_batches, tag_loss, train
from benchmarks.speed.workers.channel import Channel, Gate
from benchmarks.speed.workers.kernels import hardware_of, install
from benchmarks.speed.workers.trainer_ner import load, read
from transformers import AutoTokenizer, EvalPrediction

from ftk.data.batching.order import StepOrder


def rows_of(data: Any) -> list[tuple[Any, Any]]:
    """Tokens and labels of each row as arrays."""
    return [(np.array(row["input_ids"]), np.array(row["labels"])) for row in data]


@torch.inference_mode()
def score(model: Any, rows: list[tuple[Any, Any]], labels: list[str], pad_id: int, autocast: Any) -> dict[str, float]:
    """Entity scores of the best tag of each word."""
    model.eval()
    longest = max(len(ids) for ids, _ in rows)
    logits = np.zeros((len(rows), longest, len(labels)), dtype=np.float32)
    truth = np.full((len(rows), longest), IGNORED)
    for first in range(0, len(rows), 32):
        numbers = range(first, min(first + 32, len(rows)))
        batch = next(tag_batches(rows, [numbers], pad_id))
        with autocast():
            found = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
        logits[first : numbers.stop, : found.shape[1]] = found.float().numpy()
        truth[first : numbers.stop, : found.shape[1]] = batch["labels"].numpy()
    return seqeval_metrics(labels)(EvalPrediction(predictions=logits, label_ids=truth))


def main() -> None:
    """Train at the gate, then score the test split."""
    channel = Channel()
    options = channel.options
    tokenizer = AutoTokenizer.from_pretrained(options["model"], use_fast=True)
    data, labels = read(options, tokenizer)
    rows, test = rows_of(data["train"]), rows_of(data["test"])
    hardware = hardware_of("auto")
    model = load(options, labels)
    seen = {int(token) for ids, _ in rows for token in ids} | {tokenizer.pad_token_id}
    install(model, hardware, seen)
    order = StepOrder(np.array([len(ids) for ids, _ in rows]), options["batch"], options["seed"])
    steps = order.steps_in(1)
    gate = Gate(channel)
    gate.ready(steps=steps, precision=hardware.precision.value, hardware=hardware.why)
    train(
        model,
        tag_batches(rows, (order.step(step)[0] for step in range(steps)), tokenizer.pad_token_id),
        tag_loss,
        steps=steps,
        lr=options["lr"],
        autocast=hardware.autocast,
        stepped=gate.step,
    )
    metrics = score(model, test, labels, tokenizer.pad_token_id, hardware.autocast)
    channel.answer(f1=metrics["strict_f1"], f1_default_mode=metrics["f1"])
    channel.stay()


if __name__ == "__main__":
    main()
