"""``transformers.Trainer`` on a text task, with the choices of the ``run_glue.py`` example and its best settings.

The same rows, weights, epochs, batch size, peak learning rate, linear decay and seed as the run of ftk that it is held
against; bf16, batches grouped by length and the fused optimizer where the processor has bf16. With a validation file
the model of the epoch with the lowest loss there is scored on the test file, else that of the last epoch. Relations:
the four marks are added to the vocabulary, and the first token is classified.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from datasets import Dataset
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
    set_seed,
)


def main() -> None:
    """Train, score, print one JSON object."""
    options = _options()
    set_seed(options.seed)
    splits = [name for name in ("train", "validation", "test") if getattr(options, name) is not None]
    rows = {split: _read(getattr(options, split)) for split in splits}
    columns = options.text.split(",")
    regression = options.kind == "regression"
    names = None if regression else sorted({str(row[options.label]) for row in rows["train"]})
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = AutoModelForSequenceClassification.from_pretrained(
        options.model, num_labels=1 if names is None else len(names), dtype=torch.float32
    )
    if options.kind == "relation":
        tokenizer.add_special_tokens({"additional_special_tokens": ["<e1>", "</e1>", "<e2>", "</e2>"]})
        model.resize_token_embeddings(len(tokenizer))

    def encode(batch: dict) -> dict:
        encoded = tokenizer(*(batch[column] for column in columns), truncation=True, max_length=512)
        label = batch[options.label]
        encoded["labels"] = [float(x) for x in label] if names is None else [names.index(str(x)) for x in label]
        return encoded

    data = {
        split: Dataset.from_list([{key: row[key] for key in (*columns, options.label)} for row in part]).map(
            encode, batched=True, remove_columns=[*columns, options.label]
        )
        for split, part in rows.items()
    }
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            folder,
            num_train_epochs=options.epochs,
            per_device_train_batch_size=options.batch,
            per_device_eval_batch_size=32,
            learning_rate=options.lr,
            lr_scheduler_type="linear",
            warmup_steps=0.1,
            seed=options.seed,
            bf16=options.bf16,
            use_cpu=not torch.cuda.is_available(),  # without it bf16 is refused where there is no GPU
            train_sampling_strategy="group_by_length",
            eval_strategy="epoch" if "validation" in data else "no",
            save_strategy="epoch" if "validation" in data else "no",
            load_best_model_at_end="validation" in data,
            save_total_limit=1,
            report_to="none",
            disable_tqdm=True,
        )
        trainer = Trainer(
            model,
            arguments,
            train_dataset=data["train"],
            eval_dataset=data.get("validation"),
            data_collator=DataCollatorWithPadding(tokenizer),
        )
        began = time.perf_counter()
        trainer.train()
        seconds = time.perf_counter() - began
        predicted = trainer.predict(data["test"])
    # Grouped by length: in an order of its own, and so are the labels that come with it.
    logits, gold = predicted.predictions, predicted.label_ids.tolist()
    gold = gold if names is None else [names[int(number)] for number in gold]
    result = {"seconds": round(seconds, 1), **_scores(options.kind, names, logits, gold)}
    print(json.dumps(result))


def _scores(kind: str, names: list[str] | None, logits: np.ndarray, gold: list) -> dict[str, float]:
    if names is None:
        from scipy.stats import pearsonr, spearmanr

        found, right = logits[:, 0].astype(float), np.array(gold, dtype=float)
        return {
            "pearson": float(pearsonr(right, found).statistic),
            "spearman": float(spearmanr(right, found).statistic),
            "rmse": float(np.sqrt(np.mean((found - right) ** 2))),
        }
    found = [names[number] for number in logits.argmax(-1)]
    scores = {"accuracy": float(np.mean([one == str(other) for one, other in zip(found, gold, strict=True)]))}
    if kind == "relation":
        scores["f1_semeval"] = _official(gold, found)
    return scores


def _official(gold: list[str], found: list[str]) -> float:
    """SemEval-2010 task 8: the macro F1 over relations, Other aside, right only with the right direction."""
    values = []
    for kind in sorted({label.split("(")[0] for label in gold} - {"Other"}):
        right = sum(one == other and one.startswith(f"{kind}(") for one, other in zip(gold, found, strict=True))
        wanted = sum(one.startswith(f"{kind}(") for one in gold)
        given = sum(one.startswith(f"{kind}(") for one in found)
        values.append(2 * right / (wanted + given) if wanted + given else 0.0)
    return float(np.mean(values))


def _read(path: Path) -> list[dict]:
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    import csv

    with open(path, encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kind", choices=["classification", "regression", "relation"], required=True)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--validation", type=Path)
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--text", required=True, help="column, or two parted by a comma")
    parser.add_argument("--label", required=True)
    parser.add_argument("--model", required=True, help="folder")
    parser.add_argument("--epochs", type=float, default=3)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--lr", type=float, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bf16", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
