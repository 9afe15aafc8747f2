"""What all contenders in masked language modelling begin with: random weights, blocks, and held-out blocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from benchmarks.speed.workers.channel import Channel
from transformers import AutoConfig, AutoTokenizer, BertForMaskedLM

IGNORED = -100


def main() -> None:
    """Write the folder of the options."""
    channel = Channel()
    options = channel.options
    folder = Path(options["folder"])
    tokenizer = AutoTokenizer.from_pretrained(options["encoder"])
    config = AutoConfig.from_pretrained(options["encoder"])
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.1
    torch.manual_seed(0)
    BertForMaskedLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    blocks = blocks_of(options, tokenizer)
    train, validation = (full_blocks(blocks[name], options["length"]) for name in ("train", "validation"))
    np.save(folder / "train.npy", train[: options["blocks"]])
    held = validation[: options["held_out"]]
    hidden, labels = masked(held, tokenizer)
    np.savez(folder / "held_out.npz", input_ids=hidden, labels=labels)
    channel.answer(blocks=len(train), held_out=len(held), vocabulary=len(tokenizer))
    channel.stay()


def blocks_of(options: dict[str, Any], tokenizer: Any) -> dict[str, Any]:
    """The blocks that ``ftk pretrain`` trains on and those that it holds out."""
    from hydra import compose, initialize

    from ftk.config.jobs import register, typed
    from ftk.contracts.contexts import Encoding
    from ftk.contracts.notes import Notes
    from ftk.contracts.values import WindowPlan
    from ftk.report.console import Console
    from ftk.tasks import build_task

    register()
    words = [f"data.train={options['text']}", f"data.max_length={options['length']}"]
    with initialize(config_path=None, version_base="1.3"):
        config = typed(compose("pretrain", overrides=words))
    corpus = build_task(config.task).open_corpus(config.data, Notes())
    plan = WindowPlan(options["length"], 0)
    prepared = corpus.prepare(Encoding(tokenizer, None, plan, Notes()), Console(stderr=True))
    return {name: part.features for name, part in prepared.items()}


def full_blocks(blocks: Any, length: int) -> Any:
    """All blocks of the full length, in an order without meaning, as one array."""
    numbers = np.flatnonzero(np.asarray(blocks.lengths) == length)
    numbers = np.random.default_rng(0).permutation(numbers)[:4096]
    return np.stack([blocks.block(int(number)).input_ids for number in numbers]).astype(np.int64)


def masked(ids: Any, tokenizer: Any) -> tuple[Any, Any]:
    """Some blocks with 15 % of their tokens hidden, always the same ones, and what stood there."""
    generator = np.random.default_rng(0)
    special = np.isin(ids, tokenizer.all_special_ids)
    chosen = (generator.random(ids.shape) < 0.15) & ~special
    kind = generator.random(ids.shape)
    hidden = np.where(chosen & (kind < 0.8), tokenizer.mask_token_id, ids)
    other = generator.integers(1000, len(tokenizer), ids.shape)
    hidden = np.where(chosen & (kind >= 0.8) & (kind < 0.9), other, hidden)
    return hidden, np.where(chosen, ids, IGNORED)


if __name__ == "__main__":
    main()
