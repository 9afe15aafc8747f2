"""Every score of a run is what the usual libraries compute from its prediction files, to the last digit."""

import json
import re
import string
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import Result, read_jsonl, toy_sentences, write_conll, write_jsonl
from ftk.comparing.opened import open_outcomes
from ftk.comparing.units import score_of
from image_models import CONVOLUTIONS, FUSED

pytestmark = [pytest.mark.torch, pytest.mark.slow]

Records = list[dict[str, Any]]
Scores = dict[str, Any]

TINY = ("model=tiny", "model.default_lr=3e-3")
SHORT = ("hardware=cpu", "hardware.threads=1", "hardware.precision=fp32")


def entities(records: Records) -> Scores:
    """Text with entities: seqeval on a tag for each character."""

    def tags(record: Scores, key: str) -> list[str]:
        found = ["O"] * len(record["text"])
        for entity in record[key]:
            inside = range(entity["start"] + 1, entity["end"])
            found[entity["start"]] = f"B-{entity['label']}"
            found[inside.start : inside.stop] = [f"I-{entity['label']}"] * len(inside)
            assert record["text"][entity["start"] : entity["end"]] == entity["text"]
        return found

    raw = ["raw_entities" if "raw_entities" in record else "entities" for record in records]
    return seqeval(
        [tags(record, "gold_entities") for record in records],
        [tags(record, "entities") for record in records],
        [tags(record, key) for record, key in zip(records, raw, strict=True)],
    )


def span_tags(records: Records) -> Scores:
    """Tokens with tags of spans: seqeval on them."""
    raw = [record.get("raw_tags", record["tags"]) for record in records]
    return seqeval([record["gold_tags"] for record in records], [record["tags"] for record in records], raw)


def seqeval(gold: list[list[str]], found: list[list[str]], raw: list[list[str]]) -> Scores:
    from seqeval.metrics import f1_score, precision_score, recall_score
    from seqeval.scheme import IOB2

    strict = {"mode": "strict", "scheme": IOB2, "zero_division": 0}
    return {
        "precision": float(precision_score(gold, found, **strict)),
        "recall": float(recall_score(gold, found, **strict)),
        "f1": float(f1_score(gold, found, **strict)),
        "f1_conlleval": float(f1_score(gold, raw, zero_division=0)),
    }


def overlapping_spans(records: Records) -> Scores:
    """Spans that overlap, of which the longest are learned: those of the records as sets."""
    gold, found = (
        {
            (number, one["label"], one["start"], one["end"])
            for number, record in enumerate(records)
            for one in record[key]
        }
        for key in ("gold_entities", "entities")
    )
    precision, recall = len(gold & found) / len(found), len(gold & found) / len(gold)
    return {"precision": precision, "recall": recall, "support": len(gold)}


def token_tags(records: Records) -> Scores:
    from sklearn.metrics import accuracy_score, f1_score

    pairs = [pair for record in records for pair in zip(record["gold_tags"], record["tags"], strict=True)]
    gold, found = zip(*pairs, strict=True)
    return {
        "accuracy": float(accuracy_score(gold, found)),
        "f1_macro": float(f1_score(gold, found, average="macro")),
        "f1_weighted": float(f1_score(gold, found, average="weighted")),
        "sentence_accuracy": float(np.mean([record["gold_tags"] == record["tags"] for record in records])),
    }


def one_label(records: Records) -> Scores:
    from sklearn import metrics

    gold, found = ([record[key] for record in records] for key in ("gold_label", "label"))
    names = list(records[0]["scores"])
    present = np.array([[name == label for name in names] for label in gold])
    return {
        "accuracy": float(metrics.accuracy_score(gold, found)),
        "mcc": float(metrics.matthews_corrcoef(gold, found)),
        **{f"f1_{kind}": float(metrics.f1_score(gold, found, average=kind)) for kind in ("macro", "micro", "weighted")},
        "macro_labels": len({*gold, *found}),
        "absent_labels": [name for name in names if name not in {*gold, *found}],
        "precision_macro": float(metrics.precision_score(gold, found, average="macro", zero_division=0)),
        "recall_macro": float(metrics.recall_score(gold, found, average="macro", zero_division=0)),
        **areas(present, scores_of(records)),
    }


def scores_of(records: Records) -> Any:
    return np.array([list(record["scores"].values()) for record in records])


def areas(present: Any, scores: Any) -> Scores:
    from sklearn.metrics import average_precision_score, roc_auc_score

    both = present.any(0) & ~present.all(0)
    return {
        "roc_auc": float(roc_auc_score(present[:, both], scores[:, both], average="macro")),
        "average_precision": float(average_precision_score(present[:, both], scores[:, both], average="macro")),
    }


def label_sets(records: Records) -> Scores:
    from sklearn import metrics
    from sklearn.preprocessing import MultiLabelBinarizer

    names = list(records[0]["scores"])
    table = MultiLabelBinarizer(classes=names)
    gold, found = (table.fit_transform([record[key] for record in records]) for key in ("gold_labels", "labels"))
    each = metrics.f1_score(gold, found, average=None, zero_division=0)
    area = areas(gold.astype(bool), scores_of(records))
    return {
        **{
            f"{name}_micro": float(getattr(metrics, f"{name}_score")(gold, found, average="micro"))
            for name in ("f1", "precision", "recall")
        },
        "f1_macro": float(each[gold.any(0) | found.any(0)].mean()),
        "macro_labels": int((gold.any(0) | found.any(0)).sum()),
        "support_per_row": float(gold.sum(1).mean()),
        "given_per_row": float(found.sum(1).mean()),
        "accuracy": float(metrics.accuracy_score(gold, found)),
        "lrap": float(metrics.label_ranking_average_precision_score(gold, scores_of(records))),
        "roc_auc": area["roc_auc"],
        "mean_average_precision": area["average_precision"],
    }


def numbers(records: Records) -> Scores:
    from scipy.stats import pearsonr, spearmanr
    from sklearn.metrics import mean_absolute_error, root_mean_squared_error

    gold, found = ([record[key] for record in records] for key in ("gold_value", "value"))
    return {
        "rmse": float(root_mean_squared_error(gold, found)),
        "mae": float(mean_absolute_error(gold, found)),
        "pearson": float(pearsonr(gold, found).statistic),
        "spearman": float(spearmanr(gold, found).statistic),
    }


def relations(records: Records) -> Scores:
    from sklearn.metrics import accuracy_score, f1_score

    gold, found = ([record[key] for record in records] for key in ("gold_label", "label"))
    related = sorted({*gold, *found} - {"Other"})
    return {
        "accuracy": float(accuracy_score(gold, found)),
        "f1_macro": float(f1_score(gold, found, average="macro")),
        "f1_micro": float(f1_score(gold, found, labels=related, average="micro", zero_division=0)),
    }


def answers(records: Records) -> Scores:
    """SQuAD's script, version 2, which transformers had as ``squad_metrics``."""

    def words(text: str) -> list[str]:
        bare = "".join(letter for letter in text.lower() if letter not in string.punctuation)
        return re.sub(r"\b(a|an|the)\b", " ", bare).split()

    def f1(gold: str, given: str) -> float:
        right, said = words(gold), words(given)
        same = sum((Counter(right) & Counter(said)).values())
        if not right or not said:
            return int(right == said)
        if not same:
            return 0
        precision, recall = 1.0 * same / len(said), 1.0 * same / len(right)
        return (2 * precision * recall) / (precision + recall)

    exact_scores, f1_scores = [], []
    for record in records:
        gold = [answer["text"] for answer in record["gold_answers"] if words(answer["text"])] or [""]
        given = record["answer"]["text"] if record["answer"] is not None else ""
        exact_scores.append(max(int(words(one) == words(given)) for one in gold))
        f1_scores.append(max(f1(one, given) for one in gold))
    return {"exact": sum(exact_scores) / len(records), "f1": sum(f1_scores) / len(records)}


def ranks(records: Records) -> Scores:
    """The mean over queries, from where the positive of each row stands; the positives of a query are several rows."""
    rows: dict[str, dict[str, Scores]] = defaultdict(dict)
    for record in records:
        own = record.get("candidates", ())
        positive = record["candidate"] if "candidate" in record else next(c["text"] for c in own if c["index"] == 0)
        rows[record["query"]][positive] = record
    found: dict[str, list[float]] = defaultdict(list)
    for positives in rows.values():
        record = next(iter(positives.values()))
        rank = np.sort([one["rank"] for one in positives.values()])
        wrong = record["ranked_among"] - len(positives)
        found["candidates"].append(record["ranked_among"])
        found["mrr"].append(1 / rank[0])
        for cut in (1, 5, 10):
            if cut < record["ranked_among"]:
                found[f"recall@{cut}"].append((rank <= cut).mean())
        best = 1 / np.log2(2 + np.arange(min(len(rank), 10)))
        found["ndcg@10"].append((1 / np.log2(1 + rank))[rank <= 10].sum() / best.sum())
        by_rank = sorted(positives.values(), key=lambda one: one["rank"])
        below = np.array([1 + wrong + place - one["rank"] for place, one in enumerate(by_rank)])
        ties = np.array([one.get("ties", 0) for one in by_rank])
        found["auc"].append((below + ties / 2).mean() / wrong)
    return {**{name: float(np.mean(values)) for name, values in found.items()}, "queries": len(rows)}


def summaries(records: Records) -> Scores:
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)
    each = [scorer.score(record["gold_target"], record["target"]) for record in records]
    return {name: sum(one[name].fmeasure for one in each) / len(each) for name in ("rouge1", "rouge2", "rougeL")}


def translations(records: Records) -> Scores:
    import sacrebleu

    found, gold = ([record[key] for record in records] for key in ("target", "gold_target"))
    return {
        "bleu": float(sacrebleu.corpus_bleu(found, [gold], force=True).score),
        "chrf": float(sacrebleu.corpus_chrf(found, [gold]).score),
    }


def conll() -> tuple[str, ...]:
    """Tokens with tags in BIOES, for too few steps to be learned: decoding repairs some of the tags."""
    last = {"B-PER": "B-PER", "I-PER": "E-PER", "B-LOC": "S-LOC", "O": "O"}
    rows = [[(word, last[tag]) for word, tag in sentence] for sentence in toy_sentences(40)]
    return tuple(f"data.{split}={write_conll(f'{split}.conll', rows)}" for split in ("train", "validation", "test"))


def overlapping() -> tuple[str, ...]:
    """Names in names: the whole is learned, and a part of it stays in the support."""
    rows = []
    for number in range(36):
        name, place = ("Ada", "Bo", "Chen")[number % 3], ("Oslo", "Rome", "Lima", "Kyiv")[number % 4]
        whole = f"{name} Bank of {place}" if number % 2 else name
        spans = [[0, len(whole), "ORG"], [0, len(name), "PER"]] if number % 2 else [[0, len(name), "PER"]]
        rows.append({"text": f"{whole} naps in {place} {number}", "spans": spans})
    return tuple(f"data.{split}={write_jsonl(f'{split}.jsonl', rows)}" for split in ("train", "validation", "test"))


RUNS: dict[str, tuple[Callable[[Records], Scores], tuple[str, ...]]] = {
    "ner": (entities, (*TINY, "train.max_steps=120")),
    "ner of overlapping spans": (overlapping_spans, (*TINY, "train.max_steps=60", "task.overlapping_spans=longest")),
    "ner of tokens": (span_tags, (*TINY, "train.max_steps=7")),
    "token-classification": (token_tags, (*TINY, "train.max_steps=40")),
    "text-classification": (one_label, (*TINY, "train.max_steps=40")),
    "multi-label": (label_sets, (*TINY, "train.max_steps=40")),
    "regression": (numbers, (*TINY, "train.max_steps=40")),
    "relation": (relations, (*TINY, "train.max_steps=40")),
    "question-answering": (answers, (*TINY, "train.max_steps=20", "data.max_length=96")),
    "ranking": (ranks, (*TINY, "train.max_steps=20")),
    "ranking together": (ranks, (*TINY, "train.max_steps=4", "task.encoder=cross", "task.validation_candidates=8")),
    "image-classification": (one_label, ("train.max_steps=20", *CONVOLUTIONS)),
    "image-text-classification": (one_label, ("train.max_steps=20", *FUSED)),
    "summarization": (summaries, ("model=t5-tiny", "train.max_steps=20", "task.num_beams=1")),
    "translation": (translations, ("model=marian-tiny", "train.max_steps=60", "task.num_beams=1")),
}


FILES = {"ner of tokens": conll, "ner of overlapping spans": overlapping}


@pytest.mark.parametrize("name", RUNS)
def test_scores_are_those_of_the_records(ftk: Callable[..., Result], name: str) -> None:
    recomputed, words = RUNS[name]
    files = FILES.get(name, tuple)()
    result = ftk("finetune", f"task={name.split()[0]}", *words, *files, *SHORT, "run.dir=run")
    assert result.code == 0, result.err
    saved = json.loads(Path("run/metrics.json").read_text(encoding="utf-8"))
    for split in ("validation", "test"):
        records = read_jsonl(f"run/predictions/{split}.jsonl")
        expected = recomputed(records)
        assert {score: saved[split][score] for score in expected} == expected
        made_of = open_outcomes(Path("run"), split)
        for score, statistics in made_of.scores.items():
            assert score_of(statistics) == pytest.approx(saved[split][score], rel=1e-9), score
        assert made_of.statistics.score == made_of.spec.score
        assert len(set(made_of.keys)) == len(records)
    if name == "ner of tokens":
        assert any("raw_tags" in record for record in records)
