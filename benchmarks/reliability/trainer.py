"""The same kills on ``transformers.Trainer`` with ``resume_from_checkpoint``."""

from __future__ import annotations

import hashlib
import random
import signal
import time
from pathlib import Path

from benchmarks.reliability.runs import Process


def run(data: Path, folder: Path, number: int) -> list[str]:
    """Kill so many trainings by the Trainer, and count those that end as the uninterrupted one did."""
    whole = folder / "trainer-whole"
    began = time.perf_counter()
    if _start(data, whole, folder / "trainer.log").wait():
        raise RuntimeError(f"the Trainer's uninterrupted run failed: see {folder / 'trainer.log'}")
    length, expected = time.perf_counter() - began, _weights(whole)
    again = folder / "trainer-again"
    _start(data, again, folder / "trainer.log").wait()
    generator, equal, failed = random.Random(1), 0, 0
    for one in range(number):
        target = folder / f"trainer-{one}"
        process = _start(data, target, target.with_suffix(".log"))
        end = time.perf_counter() + length * generator.random()
        while time.perf_counter() < end and not process.over():
            time.sleep(0.001)
        while one % 3 == 0 and not process.over() and not _saving(target):
            time.sleep(0.0002)
        process.kill(signal.SIGKILL)
        process.wait()
        code = _start(data, target, target.with_suffix(".log")).wait()
        failed += code != 0
        equal += code == 0 and _weights(target) == expected
    return [
        f"The same for `transformers.Trainer` on the NER rows (fp32, batch 8, a checkpoint every 3 steps, two are "
        f"kept, `resume_from_checkpoint` of the last one), {number} kills: **{equal}** ended with the weights of its "
        f"uninterrupted run, {failed} could not be gone on with. Without a kill two of its runs are "
        f"{'equal' if _weights(again) == expected else 'not equal'}."
    ]


def _saving(folder: Path) -> bool:
    newest = max(folder.glob("checkpoint-*"), default=None, key=lambda path: path.stat().st_mtime)
    return newest is not None and not (newest / "trainer_state.json").exists()


def _weights(folder: Path) -> str:
    return hashlib.sha256((folder / "final.safetensors").read_bytes()).hexdigest()


def _start(data: Path, folder: Path, log: Path) -> Process:
    return Process.of(lambda: _train(data, folder), log)


def _train(data: Path, folder: Path) -> int:
    import torch
    import transformers
    from safetensors.torch import save_file
    from transformers import BertConfig, BertForTokenClassification, Trainer, TrainingArguments
    from transformers.trainer_utils import get_last_checkpoint

    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    rows = (data / "train.conll").read_text(encoding="utf-8").strip().split("\n\n")
    words = sorted({line.split("\t")[0] for row in rows for line in row.split("\n")})
    tags = sorted({line.split("\t")[1] for row in rows for line in row.split("\n")})
    examples = []
    for row in rows:
        pairs = [line.split("\t") for line in row.split("\n")]
        ids = [words.index(word) + 1 for word, _ in pairs]
        labels = [tags.index(tag) for _, tag in pairs]
        examples.append({"input_ids": ids, "labels": labels})

    def collate(batch: list[dict[str, list[int]]]) -> dict[str, torch.Tensor]:
        longest = max(len(one["input_ids"]) for one in batch)

        def padded(name: str, fill: int) -> torch.Tensor:
            return torch.tensor([one[name] + [fill] * (longest - len(one[name])) for one in batch])

        ids = padded("input_ids", 0)
        return {"input_ids": ids, "attention_mask": (ids != 0).long(), "labels": padded("labels", -100)}

    transformers.set_seed(1)
    config = BertConfig(
        vocab_size=len(words) + 1,
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=128,
        num_labels=len(tags),
    )
    arguments = TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=3,
        per_device_train_batch_size=8,
        learning_rate=3e-3,
        save_steps=3,
        save_total_limit=2,
        seed=1,
        report_to=[],
        use_cpu=True,
        disable_tqdm=True,
        logging_steps=2,
    )
    model = BertForTokenClassification(config)
    trainer = Trainer(model=model, args=arguments, train_dataset=examples, data_collator=collate)
    last = get_last_checkpoint(str(folder)) if folder.is_dir() else None
    trainer.train(resume_from_checkpoint=last)
    save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, folder / "final.safetensors")
    return 0
