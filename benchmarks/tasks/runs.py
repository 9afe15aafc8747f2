"""The runs: one command for each task and corpus, and those that ``transformers.Trainer`` does as well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.tasks.corpora import cut, hands, held_out, share
from benchmarks.tasks.floors import copied_source, lead_sentence, named
from benchmarks.tasks.retrieval import floors, pairs


@dataclass(frozen=True)
class Run:
    """One command line of ``ftk finetune`` and what to show of its scores.

    Attributes:
        name: of the row in the table.
        words: the command line; its paths are absolute.
        shown: the scores, the first of which decides.
        split: the split that they are of.
        also: a second file that the model is scored on, by name.
        floor: gives the same scores of what is simpler, by its name.
    """

    name: str
    words: tuple[str, ...]
    shown: tuple[str, ...]
    split: str = "test"
    also: tuple[str, Path] | None = None
    floor: Callable[[], dict[str, dict[str, float]]] | None = None


def single(data: Path, work: Path) -> list[Run]:
    """Each task once: with MiniLM where it reads texts alone, else with small models from random weights."""
    sts = cut(data / "reg_sts2016" / "sts2016_open.jsonl", work)
    tweets = cut(data / "reg_vader" / "tweets.jsonl", work)
    emotions = data / "cls_goemotions"
    banking, intents = data / "cls_banking77", data / "slot_snips"
    pairs, relations, questions = data / "pair_banking77", data / "re_semeval2010", data / "qa_xquad"

    def words(task: str, *rest: object) -> tuple[str, ...]:
        return (f"task={task}", "model=minilm", *map(str, rest))

    def splits(parts: dict[str, Path]) -> list[str]:
        return [f"data.{name}={path}" for name, path in parts.items()]

    train, validation = held_out(banking / "train.csv", work, 1000)
    return [
        Run(
            "banking77, 77 intents",
            words(
                "text-classification",
                *splits({"train": train, "validation": validation, "test": banking / "test.csv"}),
                "optimizer.lr=2e-4",
            ),
            ("accuracy", "f1_macro"),
        ),
        Run(
            "sms_spam, spam.csv as it is",
            words(
                "text-classification",
                f"data.train={data / 'cls_sms_spam' / 'spam.csv'}",
                "data.encoding=latin-1",
                "data.columns.text=v2",
                "data.columns.label=v1",
                "data.validation_share=0.2",
                "train.epochs=1",
            ),
            ("accuracy", "f1_macro", "mcc"),
            "validation",
        ),
        Run(
            "pair_banking77, do two questions ask the same",
            words(
                "text-classification",
                *splits(
                    {"train": pairs / "train.jsonl", "validation": pairs / "dev.jsonl", "test": pairs / "test.jsonl"}
                ),
                "train.epochs=2",
            ),
            ("accuracy", "roc_auc"),
        ),
        Run(
            "snips, 7 intents",
            words(
                "text-classification",
                f"data.train={intents / 'train.jsonl'}",
                f"data.validation={intents / 'validate.jsonl'}",
                "data.columns.label=intent",
                "train.epochs=1",
            ),
            ("accuracy", "f1_macro"),
            "validation",
        ),
        Run(
            "goemotions, 28 emotions, several a text",
            words(
                "multi-label",
                *splits(
                    {"train": emotions / "train.tsv", "validation": emotions / "dev.tsv", "test": emotions / "test.tsv"}
                ),
                "data.header=false",
                "data.columns.text=0",
                "data.columns.label=1",
                f"task.label_names={emotions / 'labels.txt'}",
                "train.epochs=1",
                "train.batch_size=32",
                "optimizer.lr=2e-4",
            ),
            ("f1_macro", "f1_micro", "mean_average_precision"),
        ),
        Run(
            "sts2016, similarity of two sentences, 0 to 5",
            words("regression", *splits(sts), "train.epochs=6", "optimizer.lr=1e-4"),
            ("pearson", "spearman", "rmse"),
        ),
        Run(
            "vader, sentiment of tweets, -4 to 4",
            words("regression", *splits(tweets), "train.epochs=2"),
            ("pearson", "spearman", "rmse"),
            "test",
            ("film reviews", data / "reg_vader" / "movieReviewSnippets.jsonl"),
        ),
        Run(
            "semeval2010, 19 directed relations",
            words(
                "relation",
                f"data.train={relations / 'train.jsonl'}",
                f"data.test={relations / 'test.jsonl'}",
                "data.validation_share=0.05",
                "train.epochs=3",
            ),
            ("f1_semeval", "accuracy"),
        ),
        Run(
            "xquad, trained on nine tenths of the English paragraphs",
            words(
                "question-answering", f"data.train={questions / 'xquad.en.json'}", "train.epochs=4", "optimizer.lr=2e-4"
            ),
            ("f1", "exact"),
            "validation",
            ("German", questions / "xquad.de.json"),
        ),
        Run(
            "snips, 39 slots",
            words(
                "token-classification",
                f"data.train={intents / 'train.jsonl'}",
                f"data.validation={intents / 'validate.jsonl'}",
                "task.misaligned_spans=expand",
                "task.overlapping_spans=longest",
                "train.epochs=1",
            ),
            ("f1", "precision", "recall"),
            "validation",
        ),
        Run(
            "omniglot, 136 characters by hands not seen (chance 0.0074)",
            (
                "task=image-classification",
                "model=resnet-tiny",
                *splits(hands(data / "img_omniglot" / "images_background_small1.zip", work)),
                "model.image_processor.size=48",
                "model.image_processor.image_mean=[0.5]",
                "model.image_processor.image_std=[0.5]",
                "task.shift=0.1",
                "train.epochs=20",
                "train.batch_size=32",
                "optimizer.lr=2e-3",
            ),
            ("accuracy", "f1_macro"),
        ),
        *_retrieval(data, work),
        *_written(data),
    ]


def _retrieval(data: Path, work: Path) -> list[Run]:
    """Intents found by their descriptions."""
    banking, intents, shown = data / "cls_banking77", data / "slot_snips", ("recall@1", "mrr")
    train, validation = pairs(banking / "train.csv", "banking77_intents", work, "category", held_out=1000)
    [test] = pairs(banking / "test.csv", "banking77_intents", work, "category")
    [spoken] = pairs(intents / "train.jsonl", "snips_intents", work, "intent")
    [held] = pairs(intents / "validate.jsonl", "snips_intents", work, "intent")
    words = ("task=ranking", "model=minilm", "train.epochs=1", "optimizer.lr=2e-4")
    files = (f"data.train={train}", f"data.validation={validation}", f"data.test={test}")
    return [
        Run(
            "ranking: banking77, 77 descriptions of intents",
            (*words, *files, "train.batch_size=64"),
            shown,
            floor=partial(floors, test, shown),
        ),
        Run(
            "ranking: snips, 7 descriptions of intents",
            (*words, f"data.train={spoken}", f"data.validation={held}", "train.batch_size=64"),
            shown,
            "validation",
            floor=partial(floors, held, shown),
        ),
    ]


def _written(data: Path) -> list[Run]:
    """Summaries by a model that knows only the corpus and by MiniLM with a decoder that copies; translations."""
    abstracts, sentences = data / "sum_scitldr", data / "mt_tanaka_enja"
    splits = (("train", "train"), ("validation", "dev"), ("test", "test"))
    rouge = ("rouge1", "rouge2", "rougeL")

    def pair(split: str) -> str:
        return f"[{sentences / f'{split}.en'},{sentences / f'{split}.ja'}]"

    summarize = (
        "task=summarization",
        *(f"data.{split}={abstracts / f'{name}.jsonl'}" for split, name in splits),
        "data.columns.target=targets",
        "data.max_length=256",
        "task.max_new_tokens=48",
    )
    return [
        Run(
            "scitldr, abstracts in one sentence, random weights",
            (*summarize, "model=bart-tiny", "train.epochs=8"),
            rouge,
            floor=partial(named, "the first sentence", partial(lead_sentence, abstracts / "test.jsonl")),
        ),
        Run(
            "scitldr with copying, MiniLM and a decoder of 2 layers",
            (*summarize, "model=pointer-generator", "train.epochs=4", "task.no_repeat_ngram_size=3"),
            rouge,
            floor=partial(named, "the first sentence", partial(lead_sentence, abstracts / "test.jsonl")),
        ),
        Run(
            "tanaka, English to Japanese",
            (
                "task=translation",
                "model=bart-tiny",
                "data=parallel",
                *(f"data.{split}={pair(name)}" for split, name in splits),
                "optimizer.lr=2e-3",
                "train.batch_size=64",
                "train.epochs=4",
                "task.max_new_tokens=48",
            ),
            ("chrf", "bleu"),
            floor=partial(
                named,
                "the source as it is",
                partial(copied_source, sentences / "test.en", sentences / "test.ja", words="char"),
            ),
        ),
    ]


def fusion(data: Path) -> dict[str, list[str]]:
    """For each way to put a text and an image together the words of ftk, all weights random."""
    emoji = data / "fusion_emoji"
    words = [
        "task=image-text-classification",
        "model=fusion",
        "model@model.towers.text=cnn",
        "model@model.towers.image=resnet-tiny",
        "model.default_lr=1e-3",
        f"data.train={emoji / 'train.jsonl'}",
        f"data.validation={emoji / 'dev.jsonl'}",
        f"data.test={emoji / 'test.jsonl'}",
        "task.shift=0.1",
        "train.epochs=20",
        "train.batch_size=32",
    ]
    return {kind: [*words, f"model.config.fusion={kind}"] for kind in ("text", "image", "weighted", "concatenation")}


def beside(data: Path, work: Path) -> dict[str, tuple[list[str], list[str], str]]:
    """For three corpora the words of ftk, those of ``trainer_peer``, and the score that is compared."""
    sts = cut(data / "reg_sts2016" / "sts2016_open.jsonl", work)
    banking, relations = data / "cls_banking77", data / "re_semeval2010"
    return {
        "banking77": (
            [
                "task=text-classification",
                f"data.train={banking / 'train.csv'}",
                f"data.test={banking / 'test.csv'}",
                "optimizer.lr=2e-4",
            ],
            [
                "--kind=classification",
                f"--train={banking / 'train.csv'}",
                f"--test={banking / 'test.csv'}",
                "--text=text",
                "--label=category",
                "--lr=2e-4",
            ],
            "accuracy",
        ),
        "semeval2010": (
            [
                "task=relation",
                f"data.train={relations / 'train.jsonl'}",
                f"data.test={relations / 'test.jsonl'}",
                "optimizer.lr=1e-4",
                "train.epochs=2",
            ],
            [
                "--kind=relation",
                f"--train={relations / 'train.jsonl'}",
                f"--test={relations / 'test.jsonl'}",
                "--text=text",
                "--label=label",
                "--lr=1e-4",
                "--epochs=2",
            ],
            "f1_semeval",
        ),
        **{f"sts2016, lr {rate}": (*_similarity(sts, rate), "pearson") for rate in ("1e-4", "5e-5")},
    }


def _similarity(sts: dict[str, Path], rate: str) -> tuple[list[str], list[str]]:
    ours = ["task=regression", f"data.train={sts['train']}", f"data.test={sts['test']}"]
    theirs = ["--kind=regression", f"--train={sts['train']}", f"--test={sts['test']}"]
    return (
        [*ours, f"optimizer.lr={rate}", "train.epochs=10"],
        [*theirs, "--text=text_a,text_b", "--label=score", f"--lr={rate}", "--epochs=10"],
    )


def shares(data: Path, work: Path) -> dict[str, dict[int, list[str]]]:
    """For three models and three parts of banking77 the words of ftk."""
    banking = data / "cls_banking77"
    parts = {percent: share(banking / "train.csv", work, percent) for percent in (1, 10, 100)}
    epochs = {  # smaller parts are gone through more often
        "minilm": {1: 30, 10: 10, 100: 3},
        "cnn-lstm": {1: 60, 10: 40, 100: 10},
        "tfidf-linear": {1: 1, 10: 1, 100: 1},
    }
    found: dict[str, dict[int, list[str]]] = {}
    for model, passes in epochs.items():
        for percent, path in parts.items():
            words = [
                "task=text-classification",
                f"model={model}",
                f"data.train={path}",
                f"data.test={banking / 'test.csv'}",
                "data.validation_share=0",
            ]
            if model != "tfidf-linear":
                words.append(f"train.epochs={passes[percent]}")
            if model == "minilm":
                words.append("optimizer.lr=2e-4")
            found.setdefault(model, {})[percent] = words
    return found
