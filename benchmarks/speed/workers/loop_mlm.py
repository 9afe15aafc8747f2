"""The bare loop on masked tokens: the blocks of ftk, its kernels and its sparse head, and nothing of its core."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from benchmarks.speed.workers.bare_loop import masked_batches, masked_loss, train
from benchmarks.speed.workers.channel import Channel, Gate
from benchmarks.speed.workers.held_out import held_out_loss
from benchmarks.speed.workers.kernels import hardware_of, install
from transformers import AutoModelForMaskedLM, AutoTokenizer


def main() -> None:
    """Train at the gate, then score the held-out blocks."""
    channel = Channel()
    options = channel.options
    tokenizer = AutoTokenizer.from_pretrained(options["start"])
    blocks = torch.from_numpy(np.load(Path(options["start"]) / "train.npy"))
    is_special = torch.zeros(len(tokenizer), dtype=torch.bool)
    is_special[tokenizer.all_special_ids] = True
    hardware = hardware_of("auto")
    model = AutoModelForMaskedLM.from_pretrained(options["start"], dtype=torch.float32)
    install(model, hardware)
    torch.manual_seed(options["seed"])
    passes = -(-options["steps"] * options["batch"] // len(blocks))
    shuffled = torch.cat([torch.randperm(len(blocks)) for _ in range(passes)])
    order = shuffled[: options["steps"] * options["batch"]].split(options["batch"])
    gate = Gate(channel)
    gate.ready(steps=options["steps"], precision=hardware.precision.value, hardware=hardware.why)
    train(
        model,
        masked_batches(blocks, order, is_special, tokenizer.mask_token_id, (~is_special).nonzero()[:, 0]),
        masked_loss,
        steps=options["steps"],
        lr=options["lr"],
        autocast=hardware.autocast,
        stepped=gate.step,
    )
    channel.answer(loss=held_out_loss(model, options["start"]))
    channel.stay()


if __name__ == "__main__":
    main()
