"""Fine-tuning on entities with ``transformers.Trainer`` and the choices of ``run_ner.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from benchmarks.ner_trainer_peer import encode, read_conll, seqeval_metrics
from benchmarks.speed.workers.channel import Channel, Gate
from benchmarks.speed.workers.trainer_gate import AtGate, arguments
from transformers import (
    AutoConfig,
    AutoModelForTokenClassification,
    AutoTokenizer,
    DataCollatorForTokenClassification,
    Trainer,
    set_seed,
)
from transformers.training_args import OptimizerNames


def read(options: dict[str, Any], tokenizer: Any) -> tuple[dict[str, Any], list[str]]:
    """The splits ``train`` and ``test``, encoded, and the labels."""
    rows = {name: read_conll(Path(options[name])) for name in ("train", "test")}
    labels = sorted({tag for sentence in rows["train"] for tag in sentence.tags})
    label_ids = {label: number for number, label in enumerate(labels)}
    limit = options["limit"]
    return {name: encode(part[:limit], tokenizer, label_ids)[0] for name, part in rows.items()}, labels


def load(options: dict[str, Any], labels: list[str]) -> Any:
    """The encoder under a fresh head."""
    label_ids = {label: number for number, label in enumerate(labels)}
    config = AutoConfig.from_pretrained(options["model"], id2label=dict(enumerate(labels)), label2id=label_ids)
    set_seed(options["seed"])
    return AutoModelForTokenClassification.from_pretrained(options["model"], config=config, dtype=torch.float32)


def main() -> None:
    """Train at the gate, then score the test split."""
    channel = Channel()
    options = channel.options
    tokenizer = AutoTokenizer.from_pretrained(options["model"], use_fast=True)
    data, labels = read(options, tokenizer)
    model = load(options, labels)
    settings = arguments(
        options["folder"],
        options,
        num_train_epochs=1,
        per_device_train_batch_size=options["batch"],
        per_device_eval_batch_size=options["batch"],
    )
    trainer = Trainer(
        model=model,
        args=settings,
        train_dataset=data["train"],
        processing_class=tokenizer,
        data_collator=DataCollatorForTokenClassification(tokenizer),
        compute_metrics=seqeval_metrics(labels),
        callbacks=[AtGate(Gate(channel), model, optimizer=OptimizerNames(settings.optim).value)],
    )
    trainer.train()
    metrics = trainer.predict(data["test"]).metrics or {}
    channel.answer(f1=metrics["test_strict_f1"], f1_default_mode=metrics["test_f1"])
    channel.stay()


if __name__ == "__main__":
    main()
