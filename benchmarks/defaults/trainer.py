"""One training with ``transformers.Trainer``: the choices of the examples ``run_glue.py`` and ``run_ner.py``.

    python -m benchmarks.defaults.trainer JOB.json

Batches of 8, 3 epochs, linear decay without warm-up, AdamW without weight decay; bf16 where the processor has it, and
batches grouped by length. The head is the one that ``AutoModelFor…`` gives; a relation has its four marks in the
vocabulary. Prints the loss on the test rows.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from benchmarks.defaults.cells import CORPORA, Row, rows_of
from benchmarks.defaults.records import in_iob2, write_predictions
from benchmarks.ner_trainer_peer import IGNORED, Sentence, encode
from benchmarks.speed import machine
from datasets import Dataset
from transformers import (
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
    DataCollatorForTokenClassification,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
    set_seed,
)

MARKS = ["<e1>", "</e1>", "<e2>", "</e2>"]


def main() -> None:
    """Train, and write what is predicted for the test rows."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    [corpus] = [corpus for corpus in CORPORA if corpus.name == job["corpus"]]
    train, test = rows_of(Path(job["train"])), rows_of(Path(job["test"]))
    set_seed(job["seed"])
    names = _names(corpus.task, train)
    tokenizer = AutoTokenizer.from_pretrained(job["model"])
    model = _model(job["model"], corpus.task, names)
    if corpus.task == "relation":
        tokenizer.add_special_tokens({"additional_special_tokens": MARKS})
        model.resize_token_embeddings(len(tokenizer))
    features = [_features(corpus.task, rows, tokenizer, names) for rows in (train, test)]
    collate = DataCollatorForTokenClassification if corpus.task == "ner" else DataCollatorWithPadding
    with tempfile.TemporaryDirectory() as folder:
        common: dict[str, Any] = {
            "output_dir": folder,
            "learning_rate": job["rate"],
            "per_device_train_batch_size": 8,
            "num_train_epochs": 3,
            "per_device_eval_batch_size": 32,
            "seed": job["seed"],
            "bf16": machine.has_bf16() or torch.cuda.is_available(),
            "use_cpu": not torch.cuda.is_available(),  # without it bf16 is refused where there is no GPU
            "save_strategy": "no",
            "report_to": "none",
            "disable_tqdm": True,
            "dataloader_pin_memory": torch.cuda.is_available(),
        }
        grouped = TrainingArguments(train_sampling_strategy="group_by_length", **common)
        Trainer(model, grouped, train_dataset=features[0], data_collator=collate(tokenizer)).train()
        # A Trainer that groups by length predicts in that order, too.
        in_order = Trainer(model, TrainingArguments(**common), data_collator=collate(tokenizer))
        predicted = in_order.predict(features[1])
    found = _found(corpus.task, np.asarray(predicted.predictions), names, test, tokenizer)
    write_predictions(Path(job["predictions"]), corpus, test, found)
    print(json.dumps({"loss": predicted.metrics["test_loss"]}))


def _names(task: str, rows: Sequence[Row]) -> list[str]:
    """The labels of training; of a regression the one number."""
    if task == "regression":
        return ["value"]
    if task == "ner":
        return sorted({tag for row in rows for tag in row["tags"]} | {"O"})
    if task == "multi-label":
        return sorted({label for row in rows for label in row["labels"]})
    return sorted({row["label"] for row in rows})


def _model(folder: str, task: str, names: Sequence[str]) -> Any:
    options: dict[str, Any] = {"num_labels": len(names), "dtype": torch.float32}
    if task == "ner":
        return AutoModelForTokenClassification.from_pretrained(folder, **options)
    if task == "multi-label":
        options["problem_type"] = "multi_label_classification"
    return AutoModelForSequenceClassification.from_pretrained(folder, **options)


def _features(task: str, rows: Sequence[Row], tokenizer: Any, names: Sequence[str]) -> Dataset:
    numbers = defaultdict(lambda: IGNORED, {name: at for at, name in enumerate(names)})
    if task == "ner":
        return encode([Sentence(row["tokens"], row["tags"]) for row in rows], tokenizer, numbers)[0]
    if "text_a" in rows[0]:
        encoded = tokenizer([row["text_a"] for row in rows], [row["text_b"] for row in rows], truncation=True)
    else:
        encoded = tokenizer([row["text"] for row in rows], truncation=True)
    if task == "multi-label":
        labels: list[Any] = [[float(name in row["labels"]) for name in names] for row in rows]
    else:
        labels = [float(row["label"]) if task == "regression" else numbers[row["label"]] for row in rows]
    return Dataset.from_dict({**encoded, "labels": labels})


def _found(task: str, logits: Any, names: Sequence[str], rows: Sequence[Row], tokenizer: Any) -> list[Any]:
    if task == "regression":
        return [float(value) for value in logits[:, 0]]
    if task == "multi-label":
        return [[name for name, logit in zip(names, row, strict=True) if logit >= 0] for row in logits]
    if task != "ner":
        return [names[int(best)] for best in logits.argmax(-1)]
    encoded = tokenizer([row["tokens"] for row in rows], is_split_into_words=True, truncation=True)
    found = []
    for number, (row, best) in enumerate(zip(rows, logits.argmax(-1), strict=True)):
        tags = ["O"] * len(row["tokens"])  # of a word that reaches no model
        for at, word in reversed(list(enumerate(encoded.word_ids(number)))):
            if word is not None:
                tags[word] = names[int(best[at])]
        found.append(in_iob2(tags))
    return found


if __name__ == "__main__":
    main()
