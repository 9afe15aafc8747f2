"""Masked language modelling with ``transformers.Trainer`` and the choices of ``run_mlm.py``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from benchmarks.speed.workers.channel import Channel, Gate
from benchmarks.speed.workers.held_out import held_out_loss
from benchmarks.speed.workers.trainer_gate import AtGate, arguments
from datasets import Dataset
from transformers import (
    AutoModelForMaskedLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    set_seed,
)
from transformers.training_args import OptimizerNames


def main() -> None:
    """Train at the gate, then score the held-out blocks."""
    channel = Channel()
    options = channel.options
    tokenizer = AutoTokenizer.from_pretrained(options["start"])
    blocks = np.load(Path(options["start"]) / "train.npy")
    special = np.isin(blocks, tokenizer.all_special_ids).astype(int)
    columns = {"input_ids": blocks, "attention_mask": np.ones_like(blocks), "special_tokens_mask": special}
    data = Dataset.from_dict({name: values.tolist() for name, values in columns.items()})
    set_seed(options["seed"])
    model = AutoModelForMaskedLM.from_pretrained(options["start"], dtype=torch.float32)
    settings = arguments(
        options["folder"],
        options,
        max_steps=options["steps"],
        warmup_steps=round(0.1 * options["steps"]),
        per_device_train_batch_size=options["batch"],
    )
    trainer = Trainer(
        model=model,
        args=settings,
        train_dataset=data,
        processing_class=tokenizer,
        data_collator=DataCollatorForLanguageModeling(tokenizer=tokenizer, mlm_probability=0.15),
        callbacks=[AtGate(Gate(channel), model, optimizer=OptimizerNames(settings.optim).value)],
    )
    trainer.train()
    channel.answer(loss=held_out_loss(model, options["start"]))
    channel.stay()


if __name__ == "__main__":
    main()
