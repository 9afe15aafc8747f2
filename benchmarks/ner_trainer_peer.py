"""Token-classification baseline with ``transformers.Trainer``.

Fine-tunes an encoder on two-column (token, tab, tag) CoNLL files with the recipe of
Hugging Face's ``run_ner.py`` example, so that other trainers can be compared with it on
the same rows: labels on first sub-words only, AdamW with the Trainer's defaults, linear
decay without warm-up, and entity-level F1 from seqeval. Test scores are reported for the
model of the last epoch (what ``run_ner.py`` does) and, separately, for the epoch that
scored best on the validation file. Scores cover the words that reach the model: words
that get no sub-word or are truncated away are left out, and counted in the output.
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from datasets import Dataset
from seqeval.metrics import f1_score, precision_score, recall_score
from seqeval.scheme import IOB2
from transformers import (
    AutoConfig,
    AutoModelForTokenClassification,
    AutoTokenizer,
    DataCollatorForTokenClassification,
    EvalPrediction,
    PreTrainedTokenizerBase,
    SchedulerType,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
    set_seed,
)
from transformers.training_args import OptimizerNames

IGNORED = -100
PACKAGES = ("torch", "transformers", "tokenizers", "datasets", "accelerate", "seqeval", "numpy")


class Sentence(NamedTuple):
    """One row: its tokens and their tags."""

    tokens: list[str]
    tags: list[str]


def read_conll(path: Path) -> list[Sentence]:
    """Read a two-column file; a line with no token ends the sentence."""
    sentences: list[Sentence] = []
    current = Sentence([], [])
    with path.open(encoding="utf-8", newline="\n") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                if current.tokens:
                    sentences.append(current)
                    current = Sentence([], [])
                continue
            columns = line.rstrip("\r\n").split("\t")
            if len(columns) != 2 or not all(columns):
                raise ValueError(f"{path}:{number}: expected TOKEN<tab>TAG, got {line!r}")
            current.tokens.append(columns[0])
            current.tags.append(columns[1])
    if current.tokens:
        sentences.append(current)
    return sentences


def encode(
    sentences: list[Sentence], tokenizer: PreTrainedTokenizerBase, label_ids: dict[str, int]
) -> tuple[Dataset, int]:
    """Tokenize the rows; also return how many words have no position to be scored at."""
    encoded = tokenizer([sentence.tokens for sentence in sentences], is_split_into_words=True, truncation=True)
    labels: list[list[int]] = []
    unscored = 0
    for row, sentence in enumerate(sentences):
        previous: int | None = None
        row_labels: list[int] = []
        for word in encoded.word_ids(row):
            if word is None or word == previous:
                row_labels.append(IGNORED)
            else:
                row_labels.append(label_ids[sentence.tags[word]])
            previous = word
        unscored += len(sentence.tokens) - sum(label != IGNORED for label in row_labels)
        labels.append(row_labels)
    return Dataset.from_dict({**encoded, "labels": labels}), unscored


def seqeval_metrics(labels: list[str]) -> Callable[[EvalPrediction], dict[str, float]]:
    """Make a ``compute_metrics`` that scores in seqeval's default and strict IOB2 modes."""

    def compute(prediction: EvalPrediction) -> dict[str, float]:
        guesses = np.argmax(np.asarray(prediction.predictions), axis=-1)
        truth = np.asarray(prediction.label_ids)
        scored = truth != IGNORED
        gold = [[labels[i] for i in row[keep]] for row, keep in zip(truth, scored, strict=True)]
        found = [[labels[i] for i in row[keep]] for row, keep in zip(guesses, scored, strict=True)]

        def score(metric: Callable[..., Any], **options: Any) -> float:
            return float(metric(gold, found, zero_division=0, **options))

        return {
            "precision": score(precision_score),
            "recall": score(recall_score),
            "f1": score(f1_score),
            "strict_f1": score(f1_score, mode="strict", scheme=IOB2),
            "accuracy": float((guesses == truth)[scored].mean()),
        }

    return compute


class KeepBest(TrainerCallback):
    """Record each epoch's validation scores and copy the weights of the best epoch."""

    def __init__(self) -> None:
        self.epochs: list[dict[str, float]] = []
        self.best = -1
        self.weights: dict[str, torch.Tensor] = {}
        self.seconds = 0.0

    def on_evaluate(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        metrics: dict[str, float] = kwargs["metrics"]
        self.epochs.append(scores(metrics, "eval"))
        self.seconds += metrics["eval_runtime"]
        if self.best < 0 or self.epochs[-1]["f1"] > self.epochs[self.best]["f1"]:
            self.best = len(self.epochs) - 1
            model: torch.nn.Module = kwargs["model"]
            self.weights = {k: v.detach().clone() for k, v in model.state_dict().items()}


def scores(metrics: dict[str, float] | None, prefix: str) -> dict[str, float]:
    """Pick the scores out of the Trainer's prefixed metrics."""
    names = ("precision", "recall", "f1", "strict_f1", "accuracy", "loss")
    return {name: (metrics or {})[f"{prefix}_{name}"] for name in names}


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Fine-tune an NER model with Trainer.")
    for split in ("train", "validation", "test"):
        parser.add_argument(f"--{split}", type=Path, required=True, metavar="FILE.conll")
    parser.add_argument("--model", required=True, help="encoder: a local folder or a hub name")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--lr", type=float, default=1e-4)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, help="CPU threads (default: PyTorch's choice)")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE.json")
    return parser.parse_args()


def run(options: argparse.Namespace, work_folder: str) -> dict[str, Any]:
    """Train and score one model; return the report."""
    rows = {name: read_conll(getattr(options, name)) for name in ("train", "validation", "test")}
    labels = sorted({tag for sentence in rows["train"] for tag in sentence.tags})
    label_ids = {label: i for i, label in enumerate(labels)}
    for name, sentences in rows.items():
        if unseen := {tag for sentence in sentences for tag in sentence.tags} - set(labels):
            raise ValueError(f"tags of {name} that training lacks: {sorted(unseen)}")
    arguments = TrainingArguments(
        output_dir=work_folder,
        num_train_epochs=options.epochs,
        learning_rate=options.lr,
        per_device_train_batch_size=options.batch_size,
        per_device_eval_batch_size=options.batch_size,
        seed=options.seed,
        eval_strategy="epoch",
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=torch.cuda.is_available(),
    )
    set_seed(options.seed)
    tokenizer = AutoTokenizer.from_pretrained(options.model, use_fast=True)
    config = AutoConfig.from_pretrained(options.model, id2label=dict(enumerate(labels)), label2id=label_ids)
    model = AutoModelForTokenClassification.from_pretrained(options.model, config=config, dtype=torch.float32)
    data = {name: encode(sentences, tokenizer, label_ids) for name, sentences in rows.items()}
    keeper = KeepBest()
    trainer = Trainer(
        model=model,
        args=arguments,
        train_dataset=data["train"][0],
        eval_dataset=data["validation"][0],
        processing_class=tokenizer,
        data_collator=DataCollatorForTokenClassification(tokenizer),
        compute_metrics=seqeval_metrics(labels),
        callbacks=[keeper],
    )
    trained = trainer.train().metrics

    def test_scores() -> dict[str, float]:
        rows_to_score: Any = data["test"][0]  # predict() is annotated for torch datasets only
        return scores(trainer.predict(rows_to_score).metrics, "test")

    final = test_scores()
    model.load_state_dict(keeper.weights)
    best = test_scores()
    return {
        "validation": keeper.epochs,
        "test_final_epoch": final,
        "best_epoch": keeper.best + 1,
        "test_best_epoch": best,
        "train_seconds": trained["train_runtime"] - keeper.seconds,
        "train_seconds_with_validation": trained["train_runtime"],
        "train_loss": trained["train_loss"],
        "optimizer_steps": trainer.state.global_step,
        "rows": {name: len(sentences) for name, sentences in rows.items()},
        "unscored_words": {name: count for name, (_, count) in data.items()},
        "labels": labels,
        "settings": {
            "epochs": options.epochs,
            "learning_rate": options.lr,
            "batch_size": options.batch_size,
            "seed": options.seed,
            "optimizer": OptimizerNames(arguments.optim).value,
            "weight_decay": arguments.weight_decay,
            "max_grad_norm": arguments.max_grad_norm,
            "lr_scheduler": SchedulerType(arguments.lr_scheduler_type).value,
            "max_length": tokenizer.model_max_length,
            "dtype": str(model.dtype).removeprefix("torch."),
            "device": str(arguments.device),
            "threads": torch.get_num_threads(),
        },
        "versions": {"python": platform.python_version()} | {p: version(p) for p in PACKAGES},
    }


def main() -> None:
    """Run the baseline and write its report as JSON."""
    options = parse_arguments()
    if options.threads:
        torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as work_folder:
        report = run(options, work_folder)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    final, best = report["test_final_epoch"]["f1"], report["test_best_epoch"]["f1"]
    print(f"test F1: {final:.4f} (last epoch), {best:.4f} (best epoch, {report['best_epoch']})")


if __name__ == "__main__":
    main()
