"""``transformers.Trainer``, held at a gate between steps."""

from __future__ import annotations

from typing import Any

import torch
from benchmarks.speed.workers.channel import Gate
from benchmarks.speed.workers.counting import Counter
from transformers import TrainerCallback, TrainingArguments


class AtGate(TrainerCallback):
    """Waits before the first step and behind each turn."""

    def __init__(self, gate: Gate, model: Any, **facts: Any) -> None:
        self._gate = gate
        self._counter = Counter(model)
        self._facts = facts

    def on_train_begin(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """Say that all is ready."""
        self._gate.ready(steps=state.max_steps, precision="bf16" if args.bf16 else "fp32", **self._facts)

    def on_step_end(self, args: Any, state: Any, control: Any, **others: Any) -> None:
        """Count the step."""
        self._gate.step(*self._counter.take())


def arguments(folder: str, options: dict[str, Any], **values: Any) -> TrainingArguments:
    """The arguments of a script at its defaults, with nothing written on the way."""
    return TrainingArguments(
        output_dir=folder,
        learning_rate=options["lr"],
        seed=options["seed"],
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=torch.cuda.is_available(),
        use_cpu=not torch.cuda.is_available(),  # without it bf16 is refused where there is no GPU
        **values,
        **options.get("arguments", {}),
    )
