"""Tags of tokens and of spans: which of them a corpus has, what is learned from them, what is written."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from conftest import (
    TINY,
    Reason,
    Result,
    assert_refused,
    read_jsonl,
    run_ftk,
    toy_sentences,
    write_conll,
    write_jsonl,
    write_lines,
)
from data_helpers import counted, data_config, of_kind
from ftk.config.paths import values_of
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Encoding, Reading, RowOutputs
from ftk.contracts.findings import Finding
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.contracts.values import Labels
from ftk.data.row_corpus import RowCorpus, read_training_corpus
from ftk.errors import DataError
from ftk.tasks import build_task
from ftk.tasks import finding_kinds as task_kinds

pytestmark = pytest.mark.torch

WORDS = {"went": "VERB", "to": "ADP", "by": "ADP", "slow": "ADJ", "train": "NOUN", "again": "ADV", ".": "PUNCT"}
"""The parts of speech of the toy sentences; all other words are names."""
POS = sorted({*WORDS.values(), "PROPN"})


def pos_rows(number: int) -> list[dict[str, Any]]:
    """The toy sentences with parts of speech."""
    sentences = [[word for word, _ in sentence] for sentence in toy_sentences(number)]
    return [{"tokens": words, "tags": [WORDS.get(word, "PROPN") for word in words]} for words in sentences]


def token_task(**changes: Any) -> Any:
    """The shipped ``task=token-classification`` with some fields changed."""
    node = values_of("task/token-classification")
    return build_task({**node, **changes})


def corpus(task: Any, *, columns: dict[str, Any] | None = None, **splits: Any) -> tuple[RowCorpus, list[Finding]]:
    """The corpus of these rows, by split, and what was found in them."""
    unseen = splits.pop("unseen_labels", "error")
    files = {name: write_jsonl(f"{name}.jsonl", rows) for name, rows in splits.items()}
    notes = Notes()
    config = data_config(**files, columns=columns or {}, unseen_labels=unseen, validation_share=0.0)
    return read_training_corpus(config, task, notes), list(notes.drain())


def tagged(*tags: str) -> dict[str, Any]:
    return {"tokens": [f"w{number}" for number in range(len(tags))], "tags": list(tags)}


# What the labels are of.

SPANS = {"text": "Ada went", "spans": [[0, 3, "PER"]]}


@pytest.mark.parametrize(
    ("rows", "units", "reason"),
    [
        ([tagged("DET", "NOUN", "VERB")], "tokens", "plain"),
        ([tagged("DT", "NN", "S-X", "-LRB-", ".", "``")], "tokens", "plain"),
        ([tagged("2", "10", "0")], "tokens", "plain"),
        ([tagged("B-NP", "I-NP", "B-VP")], "spans", "lettered"),
        ([tagged("B-NP", "I-NP", "VP"), tagged("B-NP")], "spans", "lettered"),
        ([tagged("S_A", "B_A", "E_A")], "spans", "lettered"),
        ([tagged("U-A", "L-A")], "spans", "lettered"),
        ([tagged("PER", "LOC", "PER"), tagged("PER", "O")], "spans", "lettered"),
        ([tagged(), SPANS], "spans", "character_spans"),
        (
            [{"text": "Ada", "intent": "x", "entities": [{"type": "PER", "start": 0, "end": 3}]}],
            "spans",
            "character_spans",
        ),
        ([{"words": ["a", "b"], "upos": ["DET", "NOUN"]}], "tokens", "plain"),
        ([{"tokens": ["a", "b"], "ner_tags": ["O", "B-X"], "pos_tags": ["DET", "NOUN"]}], "spans", "lettered"),
        ([{"tokens": "a b", "tags": "DET NOUN"}, {"tokens": '["a"]', "tags": '["NOUN"]'}], "tokens", "plain"),
    ],
)
def test_training_says_what_labels_are_of(rows: list[dict[str, Any]], units: str, reason: str) -> None:
    notes = Notes()
    numbered = [Row(values, "rows.jsonl", number) for number, values in enumerate(rows, start=1)]
    task = token_task().resolve_auto(numbered, Reading(data_config().columns, True, notes))
    notes.raise_errors()
    assert task.units.value == units
    expected = ("f1", "ner") if units == "spans" else ("accuracy", "token-classification")
    assert (task.spec.score, task.spec.demo) == expected
    [found] = notes
    assert (found.kind, found.policy, found.values) == (kinds.LABEL_UNITS, reason, {"units": units})


def test_what_is_set_is_not_looked_for() -> None:
    rows = [Row(tagged("DET", "NOUN"), "rows.jsonl", 1)]
    reading = Reading(data_config().columns, True, Notes())
    for units in ("spans", "tokens"):
        assert token_task(units=units).resolve_auto(rows, reading).units.value == units
    assert token_task(tag_scheme="bare").resolve_auto(rows, reading).units.value == "spans"
    assert token_task().spec.demo == "token-classification"


def test_all_splits_are_read_as_training_is() -> None:
    """Parts of speech of which one split has a tag that marks spans elsewhere, and spans of which one has none."""
    train = [tagged("DET", "NOUN", "E-X"), tagged("NOUN", "VERB"), tagged("DET", "DET")]
    found, _ = corpus(token_task(), train=train, validation=[tagged("E-X", "E-X")], test=[tagged("E-X", "DET")])
    assert found.task.units.value == "tokens"
    assert found.labels == Labels(("DET", "E-X", "NOUN", "VERB"))
    assert [example.tags for example in found.examples["validation"]] == [["E-X", "E-X"]]

    spans = [tagged("B-A", "O"), tagged("O", "B-B")]
    found, _ = corpus(token_task(), train=spans, validation=[tagged("A", "A", "B")], test=[tagged("E-A", "S-A")])
    assert found.task.units.value == "spans"
    assert found.labels == Labels(("O", "B-A", "I-A", "B-B", "I-B"))
    assert found.examples["validation"][0].tags == ["B-A", "I-A", "B-B"]
    assert found.examples["test"][0].tags == ["B-A", "B-A"]


def test_tags_of_tokens_stay_as_they_are() -> None:
    rows = [tagged("O", "B-A", "I-B", "-LRB-", "Case=Nom|Number=Sing", " X"), tagged("b-a", "PER-B")]
    found, _ = corpus(token_task(units="tokens"), train=rows)
    assert [example.tags for example in found.examples["train"]] == [row["tags"] for row in rows]
    assert found.labels == Labels(tuple(sorted({tag for row in rows for tag in row["tags"]})))


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.csv", "rows.conll", "rows.tsv"])
def test_every_format_gives_the_same_tags(name: str) -> None:
    rows = pos_rows(6)
    if name.endswith("jsonl"):
        write_jsonl(name, rows)
    elif name.endswith("conll"):
        write_conll(name, [list(zip(row["tokens"], row["tags"], strict=True)) for row in rows])
    else:
        tab = "\t" if name.endswith("tsv") else ","
        cells = [f"{' '.join(row['tokens'])}{tab}{' '.join(row['tags'])}" for row in rows]
        write_lines(name, [f"tokens{tab}tags", *cells])
    found = read_training_corpus(data_config(train=name, validation_share=0.0), token_task(), Notes())
    assert found.task.units.value == "tokens"
    examples = found.examples["train"]
    assert [(example.tokens, example.tags) for example in examples] == [(row["tokens"], row["tags"]) for row in rows]


def test_a_tag_that_training_lacks_is_missed_where_that_is_let_pass() -> None:
    rows = {"train": [tagged("A", "C")], "validation": [tagged("A", "B|C", "B|C")]}
    found, notes = corpus(token_task(), **rows, unseen_labels="count")
    places = [f"validation.jsonl:1 (token {number}): B|C" for number in (2, 3)]
    assert (task_kinds.UNSEEN_TAG, "count", 2, places) in counted(notes)
    with pytest.raises(DataError) as caught:
        corpus(token_task(), **rows)
    assert counted(caught.value.findings) == [(task_kinds.UNSEEN_TAG, "error", 2, places)]
    assert of_kind(caught.value.findings, task_kinds.UNSEEN_TAG).values == {"part": "validation", "known": "A, C"}
    assert found.labels == Labels(("A", "C"))


def features_of(task: Any, rows: list[dict[str, Any]], labels: Labels | None = None, **splits: Any) -> SimpleNamespace:
    """The windows of rows under a small tokenizer that knows few words whole."""
    from ftk.contracts.values import WindowPlan
    from small_models import make_tokenizer

    found, _ = corpus(task, train=rows, **splits)
    labels = labels or found.labels
    notes = Notes()
    examples = found.examples["train"]
    tokenizer = make_tokenizer("wordpiece")
    features = found.task.features(examples, Encoding(tokenizer, labels, WindowPlan(16, 4), notes))
    batch = found.task.collate(features, range(len(features)), None)
    return SimpleNamespace(task=found.task, labels=labels, examples=examples, features=features, batch=batch)


def random_logits(made: SimpleNamespace) -> Any:
    import torch

    generator = torch.Generator().manual_seed(3)
    label = made.batch.targets["label"]
    return torch.randn(len(label), len(made.labels.names), generator=generator, dtype=torch.float64) * 3


ENTITIES = [{"tokens": [word for word, _ in row], "tags": [tag for _, tag in row]} for row in toy_sentences(9)]


@pytest.mark.parametrize("units", ["spans", "tokens"])
@pytest.mark.parametrize("subwords", ["first", "all"])
def test_the_plain_loss_is_the_cross_entropy_of_torch(units: str, subwords: str) -> None:
    import torch

    made = features_of(token_task(units=units, label_subwords=subwords), ENTITIES)
    logits, label = random_logits(made), made.batch.targets["label"].clone()
    label[::5] = -1
    made.batch.targets["label"] = label
    expected = torch.nn.functional.cross_entropy(logits, label, ignore_index=-1, reduction="sum")
    assert torch.equal(made.task.loss(logits, made.batch).sum, expected)
    assert "weight" not in made.batch.targets


@pytest.mark.parametrize(
    ("units", "given", "by_tag"),
    [
        ("spans", {"PER": 2.5, "O": 0.25}, {"B-PER": 2.5, "I-PER": 2.5, "O": 0.25, "B-LOC": 1.0, "I-LOC": 1.0}),
        ("spans", {"LOC": 0}, {"B-PER": 1.0, "I-PER": 1.0, "O": 1.0, "B-LOC": 0.0, "I-LOC": 0.0}),
        ("tokens", {"B-PER": 3, "O": 0.5}, {"B-PER": 3.0, "I-PER": 1.0, "O": 0.5, "B-LOC": 1.0}),
    ],
)
def test_a_weighted_loss_is_that_of_torch(units: str, given: dict[str, float], by_tag: dict[str, float]) -> None:
    import torch

    made = features_of(token_task(units=units, class_weights=given), ENTITIES)
    logits, label = random_logits(made), made.batch.targets["label"]
    weight = torch.tensor([by_tag[name] for name in made.labels.names], dtype=torch.float64)
    expected = torch.nn.functional.cross_entropy(logits, label, weight=weight, reduction="sum")
    loss = made.task.loss(logits, made.batch)
    assert loss.sum.item() == pytest.approx(expected.item(), rel=1e-6)
    assert loss.count == len(label) == sum(len(row["tokens"]) for row in ENTITIES)


def test_focus_and_smoothing_of_tags() -> None:
    import torch

    plain = features_of(token_task(label_smoothing=0.2), ENTITIES)
    logits, label = random_logits(plain), plain.batch.targets["label"]
    smooth = torch.nn.functional.cross_entropy(logits, label, label_smoothing=0.2, reduction="sum")
    assert plain.task.loss(logits, plain.batch).sum.item() == pytest.approx(smooth.item())
    focused = features_of(token_task(focal=2.0), ENTITIES)
    sure = logits.softmax(-1)[torch.arange(len(label)), label]
    expected = (-((1 - sure) ** 2) * sure.log()).sum().item()
    assert focused.task.loss(logits, focused.batch).sum.item() == pytest.approx(expected)


@pytest.mark.parametrize("units", ["spans", "tokens"])
def test_balanced_weights_are_settled_by_training(units: str) -> None:
    from sklearn.utils.class_weight import compute_class_weight

    found, _ = corpus(token_task(units=units, class_weights="balanced"), train=ENTITIES)
    tags = [tag if units == "tokens" or tag == "O" else tag[2:] for row in ENTITIES for tag in row["tags"]]
    names = sorted(set(tags))
    expected = compute_class_weight("balanced", classes=np.array(names), y=np.array(tags))
    assert found.task.class_weights == pytest.approx(dict(zip(names, expected, strict=True)))
    [mistake] = token_task(units=units, class_weights="balanced").validate(found.labels)
    assert mistake.startswith("task.class_weights=balanced: ")


def test_further_sub_words_carry_what_they_should() -> None:
    """Whatever the order of a model's labels is; a tag of a token is that of all its sub-words."""
    row = {"tokens": ["worldhello", "helloworld", "train"], "tags": ["B-A", "I-A", "O"]}
    names = ("I-A", "O", "B-A")
    spans = features_of(token_task(units="spans", label_subwords="all"), [row], Labels(names))
    word = spans.features.columns["word"][0]
    assert np.bincount(word).tolist() > [1, 1, 0]
    tags = [names[label] for label in spans.features.columns["label"][0]]
    inside = ["B-A", *["I-A"] * (len(word) - 2), "O"]
    assert tags == inside
    tokens = features_of(token_task(units="tokens", label_subwords="all"), [row])
    assert [tokens.labels.names[label] for label in tokens.features.columns["label"][0]] == [
        row["tags"][number] for number in word
    ]


def test_decoding_takes_the_best_tag_of_each_word_over_all_windows() -> None:
    """A row of several windows, with a word that the tokenizer removes."""
    row = {"tokens": ["Ada", "\u200b", *["went", "to", "Oslo"] * 9], "tags": ["A", "B", *"ABC" * 9]}
    made = features_of(token_task(), [row])
    assert len(made.features) > 1
    best = np.random.default_rng(0).integers(0, 3, size=len(row["tokens"]))
    outputs = {}
    for window in range(len(made.features)):
        word = made.features.columns["word"][window]
        scores = np.full((len(word), 3), np.log(0.25), dtype=np.float32)
        scores[np.arange(len(word)), best[word]] = np.log(0.5)
        outputs[window] = scores
    (prediction,) = made.task.decode(made.examples, RowOutputs(made.features, 0, outputs), made.labels)
    expected = [made.labels.names[tag] for tag in best]
    assert prediction.tags == [expected[0], None, *expected[2:]]
    record = made.task.record(made.examples[0], prediction)
    assert record["scores"] == [0.5, None, *[0.5] * 27]
    assert (record["tokens"], record["gold_tags"]) == (row["tokens"], row["tags"])
    metric = made.task.metric(made.labels)
    metric.update(made.examples[0], prediction)
    right = sum(one == other for one, other in zip(prediction.tags, row["tags"], strict=True))
    assert metric.compute()["accuracy"] == pytest.approx(right / 29)


# Through the command line.


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on the toy sentences with parts of speech."""
    folder = tmp_path_factory.mktemp("pos")
    files = [
        f"data.{split}={write_jsonl(folder / f'{split}.jsonl', pos_rows(number))}"
        for split, number in (("train", 40), ("validation", 12), ("test", 16))
    ]
    argv = ["finetune", "task=token-classification", *TINY, *files, "train.epochs=6", f"run.dir={folder / 'run'}"]
    assert run_ftk(*argv, "task.class_weights=balanced", "task.label_smoothing=0.05") == 0
    return folder


def test_parts_of_speech_are_learned_and_scored_as_scikit_learn_scores_them(trained: Path) -> None:
    from sklearn.metrics import accuracy_score, f1_score

    metrics = json.loads((trained / "run" / "metrics.json").read_text())["test"]
    records, rows = read_jsonl(trained / "run" / "predictions" / "test.jsonl"), read_jsonl(trained / "test.jsonl")
    assert [record["gold_tags"] for record in records] == [row["tags"] for row in rows]
    gold = [tag for row in rows for tag in row["tags"]]
    found = [tag for record in records for tag in record["tags"]]
    assert metrics["accuracy"] == pytest.approx(accuracy_score(gold, found))
    assert metrics["accuracy"] > 0.9
    assert metrics["f1_macro"] == pytest.approx(f1_score(gold, found, average="macro", zero_division=0))
    assert metrics["f1_weighted"] == pytest.approx(f1_score(gold, found, average="weighted", zero_division=0))
    right = [record["tags"] == row["tags"] for record, row in zip(records, rows, strict=True)]
    assert metrics["sentence_accuracy"] == pytest.approx(sum(right) / len(right))
    assert metrics["per_label"]["PROPN"]["support"] == gold.count("PROPN")
    best = json.loads((trained / "run" / "best" / "ftk.json").read_text())
    assert best["task"]["fields"]["units"] == "tokens"
    assert set(best["task"]["fields"]["class_weights"]) == set(best["labels"]) == set(POS)
    events = [event for event in read_jsonl(trained / "run" / "metrics.jsonl") if event["split"] == "validation"]
    assert best["metrics"]["validation"]["accuracy"] == max(event["accuracy"] for event in events)


def test_a_model_of_tokens_is_evaluated_and_predicts(trained: Path, ftk: Callable[..., Result]) -> None:
    from transformers import AutoModelForTokenClassification

    best = trained / "run" / "best"
    assert set(AutoModelForTokenClassification.from_pretrained(best).config.id2label.values()) == set(POS)
    argv = (f"checkpoint={best}", "hardware=cpu", "hardware.threads=1")
    for number, task in enumerate(((), ("task=token-classification",))):
        result = ftk("evaluate", *argv, *task, f"data.test={trained / 'test.jsonl'}", f"run.dir=scores-{number}")
        assert result.code == 0, result.err
        scores = json.loads(Path(f"scores-{number}/metrics.json").read_text())["test"]
        expected = json.loads((trained / "run" / "metrics.json").read_text())["test"]
        assert scores["accuracy"] == pytest.approx(expected["accuracy"])
    rows = [
        {"id": 7, "text": "Ada Berg went to  Oslo.", "entities": "kept"},
        {"id": 8, "tokens": ["Ada", "went", "."], "tags": ["PROPN", "VERB", "NOVEL"]},
        {"id": 9, "text": ""},
        {"id": 10, "tokens": []},
    ]
    result = ftk("predict", *argv, f"input={write_jsonl('in.jsonl', rows)}", "output=out.jsonl")
    assert result.code == 0, result.err
    text, tokens, *empty = read_jsonl("out.jsonl")
    assert {name: text[name] for name in ("id", "text", "entities")} == rows[0]
    words = ["Ada", "Berg", "went", "to", "Oslo", "."]
    assert [text["text"][tag["start"] : tag["end"]] for tag in text["tags"]] == words
    assert [tag["text"] for tag in text["tags"]] == words
    assert all(set(tag) == {"start", "end", "text", "tag", "score"} for tag in text["tags"])
    assert [tag["tag"] for tag in text["tags"]] == ["PROPN", "PROPN", "VERB", "ADP", "PROPN", "PUNCT"]
    assert (tokens["id"], tokens["tokens"], tokens["gold_tags"]) == (8, rows[1]["tokens"], rows[1]["tags"])
    assert len(tokens["tags"]) == len(tokens["scores"]) == 3
    assert all(0 < score <= 1 for score in tokens["scores"])
    assert empty == [{"id": 9, "text": "", "tags": []}, {"id": 10, "tokens": [], "tags": [], "scores": []}]


@pytest.mark.parametrize("command", ["evaluate", "predict"])
def test_a_model_of_tokens_is_not_one_of_spans(trained: Path, ftk: Callable[..., Result], command: str) -> None:
    data = f"data.test={trained / 'test.jsonl'}" if command == "evaluate" else f"input={trained / 'test.jsonl'}"
    result = ftk(command, f"checkpoint={trained / 'run' / 'best'}", "task=ner", data, "hardware=cpu")
    assert result.code == 1
    assert "marks no spans. It was trained with task.units=tokens: task=token-classification" in result.err


GOOD = tagged("DET", "NOUN", "VERB")


@pytest.mark.parametrize(
    ("rows", "words", "reason"),
    [
        (
            [GOOD, {"text": "a b", "spans": []}],
            ["task.units=tokens"],
            kinds.UNTAGGABLE_TEXT,
        ),
        ([GOOD, {"tokens": ["a", "b"], "tags": ["DET"]}], [], kinds.UNEQUAL_TAGS),
        ([GOOD, tagged("DET", "_")], [], kinds.UNTAGGED_TOKEN),
        ([GOOD, tagged("DET", " ")], [], kinds.UNTAGGED_TOKEN),
        ([tagged("DET", "DET")], [], "data.train: all tokens have one tag, DET; there is nothing to learn"),
        ([GOOD, {"tokens": ["a"], "tags": [3]}], [], (kinds.NOT_STRINGS, {"role": "tags"})),
        ([GOOD, {"tokens": ["a"]}], [], (kinds.MISSING, {"role": "tags"})),
        (
            [tagged("b-np", "i-np", "B")],
            [],
            kinds.DISGUISED_TAGS,
        ),
        ([GOOD, tagged("DET", "NOUN")], ["task.class_weights={NUON: 2}"], "task.class_weights.NUON: there is no such"),
        ([tagged("B-X", "O")], ["task.class_weights={B-X: 2}"], "task.class_weights.B-X: there is no such label"),
        (
            [GOOD],
            ["task.class_weights={NOUN: -1}"],
            "task.class_weights.NOUN=-1\n      A weight must be at least 0",
        ),
        ([GOOD], ["task.units=words"], "task.units"),
        ([GOOD], ["task.units=tokens", "task.tag_scheme=bioes"], "task.tag_scheme=bioes"),
        ([GOOD], ["task.units=tokens", "data.columns.spans=marks"], "data.columns.spans=marks: with task.units=tokens"),
        ([GOOD], ["task.label_smoothing=1"], "task.label_smoothing"),
        ([GOOD], ["task.focal=-1"], "task.focal"),
    ],
)
def test_what_is_wrong_is_reported_before_anything_is_loaded(
    ftk: Callable[..., Result], rows: list[dict[str, Any]], words: list[str], reason: Reason
) -> None:
    data = write_jsonl("rows.jsonl", rows)
    argv = ("task=token-classification", *TINY, f"data.train={data}", "data.validation_share=0", "run.dir=run")
    result = ftk("finetune", "--json", *argv, *words)
    assert_refused(result, reason, count=2 if reason is kinds.DISGUISED_TAGS else 1)
    if reason is kinds.UNTAGGED_TOKEN:
        tag = rows[1]["tags"][1]
        assert result.found(kinds.UNTAGGED_TOKEN).places == [f"rows.jsonl:2 (token 2): {tag!r} for the token 'w1'"]
    assert not Path("run").exists()
