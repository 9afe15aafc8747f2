"""Question answering: characters to sub-words and back, windows, the loss, decoding, and the command line."""

import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import TINY, Reason, Result, assert_refused, read_jsonl, word_pieces, write_jsonl
from data.readers.json.test_squad import qa_task
from data_helpers import data_config, of_kind
from ftk.config.choices import Vocabulary
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Encoding, Reading
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.contracts.values import WindowPlan
from ftk.data.batching.features import Features
from ftk.tasks import finding_kinds as task_kinds
from ftk.tasks.question_answering.answer_spans import Passage, found_answers
from small_models import make_tokenizer, save_model_folder

pytestmark = pytest.mark.torch

WORDS = ["Ada", "went", "to", "Oslo", "Zürich", "re-elected", "naïve", "3.5", "(sic)", "北京", "“so”", "don't", "🙂🙂"]
SPACES = [" ", "  ", "\n", "\t", "\xa0"]
KINDS = [*(kind.value for kind in Vocabulary), "bytes"]
FAST = (*TINY, "train.epochs=6", "train.batch_size=8", "model.dropout=0", "data.max_length=24", "run.dir=run")


@cache
def tokenizer(kind: str) -> Any:
    """A small vocabulary that was learned from some of WORDS; 'bytes' knows none of them."""
    from dataclasses import replace

    from ftk.models.tokenizers.vocabulary import learn_tokenizer

    if kind == "bytes":
        return make_tokenizer("bytes")
    settings = replace(word_pieces(150), train=Vocabulary(kind))
    return learn_tokenizer([" ".join(WORDS[:8])] * 3, settings, max_length=10**9)


def features(
    *rows: dict[str, Any], kind: str = "wordpiece", length: int = 16, labels: bool = True, **fields: Any
) -> tuple[Features, Notes]:
    """The windows of some rows."""
    task, notes = qa_task(**{"no_answer": True, **fields}), Notes()
    numbered = [Row(values, "rows.jsonl", number) for number, values in enumerate(rows, start=1)]
    examples = task.read(numbered, Reading(data_config().columns, labels, notes))
    notes.raise_errors()
    known = task.labels(examples) if labels else None
    return task.features(examples, Encoding(tokenizer(kind), known, WindowPlan.of(length, None), notes)), notes


def row(context: str, answer: str, question: str = "Who went to Oslo?") -> dict[str, Any]:
    return {"question": question, "context": context, "answers": answer}


def taught(found: Features, context: str) -> list[str | None]:
    """What the targets of each window say that the answer is; None for no answer there."""
    passages: list[str | None] = []
    for window in range(len(found)):
        first, last = found.columns["target"][window].tolist()
        if first <= 0:
            assert last == first
            passages.append(None)
            continue
        place = found.columns["place"][window].tolist()
        begin = found.columns["begin"][window][place.index(first)]
        end = found.columns["end"][window][place.index(last)]
        passages.append(context[begin:end])
    return passages


@st.composite
def contexts(draw: st.DrawFn) -> tuple[str, int, int]:
    """Words with white space of many kinds between them, and the characters of some of the words in a row."""
    words = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=25))
    text, places = draw(st.sampled_from(["", *SPACES])), []
    for word in words:
        places.append((len(text), len(text) + len(word)))
        text += word + draw(st.sampled_from(SPACES))
    first = draw(st.integers(0, len(words) - 1))
    last = draw(st.integers(first, min(first + 2, len(words) - 1)))
    return text, places[first][0], places[last][1]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None, derandomize=True)
@given(contexts(), st.sampled_from([24, 60, 400]))
def test_the_targets_say_the_answer_letter_for_letter(kind: str, drawn: tuple[str, int, int], length: int) -> None:
    text, start, end = drawn
    answers = [{"text": text[start:end], "start": start}]
    found, notes = features({**row(text, ""), "answers": answers}, kind=kind, length=length)
    said = set(taught(found, text))
    if (found.columns["target"].values == -1).all():
        assert of_kind(notes.drain(), task_kinds.UNSHOWN_ANSWER).count == 1
        assert length == 24
    else:
        assert said - {None} == {text[start:end]}
    if length == 400:
        assert said == {text[start:end]}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.text(min_size=1, max_size=40), st.data())
def test_any_passage_is_covered_by_whole_sub_words(kind: str, text: str, data: st.DataObject) -> None:
    """An answer that cuts sub-words is taught as the sub-words that it touches, and no more of them."""
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    encoded = tokenizer(kind)(text, add_special_tokens=False, return_offsets_mapping=True)
    offsets = np.asarray(encoded["offset_mapping"], dtype=np.int64).reshape(-1, 2)
    passage = Passage.of(text, np.asarray(encoded["input_ids"], dtype=np.int32), offsets)
    for begin, behind in zip(passage.begin, passage.end, strict=True):
        assert text[begin:behind] == text[begin:behind].strip() != ""
    shares = [i for i, (b, e) in enumerate(zip(passage.begin, passage.end, strict=True)) if b < end and e > start]
    assert passage.span(start, end) == ((shares[0], shares[-1]) if shares else None)


@pytest.mark.parametrize("kind", KINDS)
def test_windows_show_the_question_and_together_the_whole_context(kind: str) -> None:
    question, context = "Who went?", " ".join(WORDS * 6)
    found, notes = features(row(context, "Zürich", question), kind=kind, length=40)
    asked = tokenizer(kind)(question, add_special_tokens=False)["input_ids"]
    assert len(found) > 3
    for window in range(len(found)):
        ids = found.columns["input_ids"][window].tolist()
        assert len(ids) <= 40
        assert ids[1 : 1 + len(asked)] == asked
    shown = {
        (int(begin), int(end))
        for begin, end in zip(found.columns["begin"].values, found.columns["end"].values, strict=True)
    }
    covered = {at for begin, end in shown for at in range(begin, end)}
    assert {at for at, letter in enumerate(context) if not letter.isspace()} <= covered
    _, long, windows = notes.drain()
    assert (long.kind, long.policy, long.count, long.values) == (kinds.LONG_ROW, None, 1, {"length": 40})
    assert (windows.kind, windows.count) == (kinds.WINDOWS, len(found))
    assert set(taught(found, context)) == {"Zürich", None}


def test_a_long_question_meets_each_piece_of_the_context() -> None:
    question, context = " ".join(["Ada", "went", "to"] * 10), " ".join(["Oslo"] * 29 + ["Ada"])
    found, _ = features({**row(context, "", question), "answers": ["Ada"]}, length=24)
    pairs = set()
    sep = tokenizer("wordpiece").sep_token_id
    for window in range(len(found)):
        ids = found.columns["input_ids"][window].tolist()
        asked = tuple(ids[1 : ids.index(sep)])
        pairs.add((len(asked), asked[0], int(found.columns["begin"][window][0])))
    assert {number for number, _, _ in pairs} == {10}, "half of what there is room for"
    assert len(pairs) == len({(a, b) for _, a, b in pairs})
    assert set(taught(found, context)) == {"Ada", None}
    assert len(found) > 6


def test_what_no_window_shows_whole_is_not_learned_and_counted() -> None:
    context = " ".join(["Oslo"] * 40)
    answers = [{"text": " ".join(["Oslo"] * 30), "start": 0}]
    found, notes = features({**row(context, ""), "answers": answers}, length=24)
    assert (found.columns["target"].values == -1).all()
    assert of_kind(notes.drain(), task_kinds.UNSHOWN_ANSWER).count == 1


def test_reports_about_rows_that_cannot_be_answered_well() -> None:
    long = " ".join(WORDS[:4] * 3)
    rows = (row(long, long), row("Ada", ""), row("\x01", "\x01"))
    found, notes = features(*rows, kind="wordpiece", length=60, no_answer=False, max_answer_tokens=4)
    assert found.columns["target"][1].tolist() == [0, 0]
    said = list(notes.drain())
    for kind in (
        task_kinds.LONG_ANSWER,
        task_kinds.UNANSWERED,
        task_kinds.VANISHED_CONTEXT,
        task_kinds.VANISHED_ANSWER,
    ):
        assert of_kind(said, kind).count == 1
    assert of_kind(said, task_kinds.LONG_ANSWER).values == {"most": 4}


def test_a_dropped_answer_teaches_nothing_and_not_that_there_is_none() -> None:
    dropped = {**row("Ada went", ""), "answers": [{"text": "Oslo", "start": 3}]}
    kept = {**row("Ada went", ""), "answers": [{"text": "Oslo", "start": 3}, {"text": "Ada", "start": 0}]}
    found, _ = features(dropped, kept, misplaced_answers="drop")
    assert found.columns["target"][0].tolist() == [-1, -1]
    assert taught(found, "Ada went")[1] == "Ada"


def forwarded(task: Any, batch: Any, seed: int) -> Any:
    """What a model would say: random logits, the same for a token whatever it is padded with."""
    import torch

    shape = batch.inputs["input_ids"].shape
    said = torch.randn(2, shape[0], 64, generator=torch.Generator().manual_seed(seed))[:, :, : shape[1]]
    model = lambda **_: SimpleNamespace(start_logits=said[0], end_logits=said[1])  # noqa: E731
    return said, task.forward(model, batch)


@pytest.mark.slow
def test_the_loss_is_that_of_the_positions_that_can_be() -> None:
    """Cross entropy over the context and the first position, written out; the question and padding play no part."""
    task = qa_task(no_answer=True)
    rows = (row("Ada went to Oslo", "Oslo"), row("Ada", ""), row("Ada went " * 20, "Ada"))
    found, _ = features(*rows, length=30)
    windows = list(range(len(found)))
    batch = task.collate(found, windows, None)
    said, outputs = forwarded(task, batch, 1)
    expected = 0.0
    for window in windows:
        positions = [0, *found.columns["place"][window].tolist()]
        for which in (0, 1):
            values = said[which, window, positions].double().numpy()
            target = positions.index(found.columns["target"][window][which])
            expected += (np.log(np.exp(values).sum()) - values[target]) / 2
    loss = task.loss(outputs, batch)
    assert loss.count == batch.count == len(windows) > 4
    assert loss.sum.item() == pytest.approx(expected, rel=1e-5)
    kept = task.to_numpy(outputs, found, batch)
    assert [scores.shape for scores in kept] == [(2, 1 + len(found.columns["place"][window])) for window in windows]
    assert np.exp(np.concatenate(kept, axis=1).astype(np.float64)).sum() == pytest.approx(2 * len(windows), rel=1e-5)


@pytest.mark.slow
def test_a_row_without_a_target_adds_nothing_to_the_loss() -> None:
    task = qa_task(misplaced_answers="drop")
    found, _ = features({**row("Ada went", ""), "answers": [{"text": "x", "start": 0}]}, misplaced_answers="drop")
    batch = task.collate(found, [0], None)
    _, outputs = forwarded(task, batch, 2)
    assert task.loss(outputs, batch).sum.item() == 0


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["bert", "roberta"])
def test_segments_are_those_of_the_tokenizer(architecture: str, tmp_path: Path) -> None:
    """Token types where the model has two of them, and the ids that transformers itself makes of a pair."""
    from transformers import AutoTokenizer

    folder = save_model_folder(tmp_path / architecture, architecture)
    own = AutoTokenizer.from_pretrained(folder)
    own.model_input_names = ["input_ids", "attention_mask"] + (["token_type_ids"] if architecture == "bert" else [])
    task = qa_task(no_answer=False)
    given = Row({"question": "Ada went?", "context": "Boris went to Oslo", "answers": "Oslo"}, "rows", 1)
    examples = task.read([given], Reading(data_config().columns, True, Notes()))
    found = task.features(examples, Encoding(own, task.labels(examples), WindowPlan.of(60, None), Notes()))
    batch = task.collate(found, [0], None)
    expected = own("Ada went?", "Boris went to Oslo")
    assert {name: tensor.tolist() for name, tensor in batch.inputs.items()} == {
        name: [values] for name, values in expected.items()
    }


def scored_windows(seed: int) -> tuple[list[Any], int]:
    """Random scores of windows that overlap on a context of words with one letter each."""
    random = np.random.default_rng(seed)
    total, length = int(random.integers(1, 14)), int(random.integers(1, 8))
    step = max(1, length // 2)
    windows = []
    for low in range(0, total, step):
        high = min(total, low + length)
        scores = random.normal(size=(2, 1 + high - low)).round(2).astype(np.float32)
        windows.append((scores, 2 * np.arange(low, high), 2 * np.arange(low, high) + 1))
    return windows, int(random.integers(1, 6))


def every_span(windows: Sequence[Any], longest: int) -> dict[tuple[int, int], float]:
    """The best score of each passage, all of them tried."""
    best: dict[tuple[int, int], float] = {}
    for scores, begin, end in windows:
        for first in range(len(begin)):
            for last in range(first, min(len(begin), first + longest)):
                at = (int(begin[first]), int(end[last]))
                value = float(scores[0, 1 + first]) + float(scores[1, 1 + last])
                best[at] = max(best.get(at, -1e9), value)
    return best


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("allow_no_answer", [True, False])
def test_decoding_finds_the_best_passages_of_all(seed: int, allow_no_answer: bool) -> None:
    windows, longest = scored_windows(seed)
    found = found_answers(windows, longest=longest, number=5, allow_no_answer=allow_no_answer)
    best = every_span(windows, longest)
    values = sorted(best.values(), reverse=True)[:5]
    nothing = min(float(scores[0, 0] + scores[1, 0]) for scores, _, _ in windows)
    total = sum(np.exp(values)) + (np.exp(nothing) if allow_no_answer else 0)
    assert [candidate.score for candidate in found.candidates] == pytest.approx(np.exp(values) / total, rel=1e-5)
    assert len({(one.start, one.end) for one in found.candidates}) == len(found.candidates)
    for candidate in found.candidates:
        own = np.exp(best[candidate.start, candidate.end]) / total
        assert candidate.score == pytest.approx(own, rel=1e-5)
    assert found.margin == pytest.approx(nothing - values[0], abs=1e-5)
    assert found.no_answer == (pytest.approx(np.exp(nothing) / total, rel=1e-5) if allow_no_answer else None)


def test_the_bytes_of_one_letter_are_one_place() -> None:
    """Three sub-words that share a letter begin and end no two candidates of the same characters."""
    begin, end = np.array([0, 2, 2, 2, 4]), np.array([1, 3, 3, 3, 5])
    scores = np.zeros((2, 6), dtype=np.float32)
    found = found_answers([(scores, begin, end)], longest=5, number=20, allow_no_answer=False)
    spans = [(candidate.start, candidate.end) for candidate in found.candidates]
    assert sorted(spans) == [(0, 1), (0, 3), (0, 5), (2, 3), (2, 5), (4, 5)]


def test_a_context_of_nothing_has_no_answer() -> None:
    nothing = (np.zeros((2, 1), dtype=np.float32), np.zeros(0, dtype=int), np.zeros(0, dtype=int))
    found = found_answers([nothing], longest=5, number=5, allow_no_answer=False)
    assert (found.candidates, found.chosen(None), found.chosen(1e9)) == ((), None, None)


@pytest.mark.parametrize(("threshold", "given"), [(0.5, True), (0.25, True), (0.0, False)])
def test_the_threshold_decides(threshold: float, given: bool) -> None:
    scores = np.array([[0.25, 0.0], [0.0, 0.0]], dtype=np.float32)
    found = found_answers([(scores, np.array([0]), np.array([3]))], longest=5, number=5, allow_no_answer=True)
    assert found.margin == 0.25
    assert (found.chosen(threshold) is not None) == given


NAMES = ("Ada", "Boris", "Chen", "Dora", "Emil", "Fatou", "Goran", "Hana")
PLACES = ("Oslo", "Lima", "Accra", "Kyoto", "Turin", "Quito", "Minsk", "Dakar")


def travels(number: int, *, lacking: bool = True) -> list[dict[str, Any]]:
    """Questions on who went where; every third one has no answer."""
    rows = []
    for i in range(number):
        name, place = NAMES[i % 8], PLACES[(i * 3 + i // 8) % 8]
        context = f"{name} went to {place} by slow train{' again and again' * (i % 4)}."
        if lacking and i % 3 == 2:
            question, answers = "How much did it cost?", []
        else:
            question, answers = "Where to?", [{"text": place, "start": context.index(place)}]
        rows.append({"id": i, "question": question, "context": context, "answers": answers})
    return rows


@pytest.fixture
def files() -> tuple[str, ...]:
    rows = travels(80)
    parts = {"train": rows[:48], "validation": rows[48:64], "test": rows[64:]}
    return tuple(f"data.{split}={write_jsonl(f'{split}.jsonl', part)}" for split, part in parts.items())


def saved_fields(folder: str = "run/best") -> dict[str, Any]:
    return json.loads(Path(folder, "ftk.json").read_text())["task"]["fields"]


@pytest.mark.slow
def test_it_learns_answers_and_that_there_is_none(ftk: Callable[..., Result], files: tuple[str, ...]) -> None:
    result = ftk("finetune", "task=question-answering", *FAST, *files)
    assert result.code == 0, result.err
    metrics = json.loads(Path("run/metrics.json").read_text())["test"]
    assert set(metrics) == {"loss", "exact", "f1", "exact_answerable", "f1_answerable", "no_answer_accuracy"}
    assert metrics["f1"] > 0.6
    fields = saved_fields()
    assert fields["no_answer"] is True
    assert isinstance(fields["null_threshold"], float)

    assert ftk("evaluate", "checkpoint=run/best", files[2], "run.dir=again").code == 0
    assert json.loads(Path("again/metrics.json").read_text())["test"] == pytest.approx(metrics, abs=1e-4)
    assert ftk("evaluate", "checkpoint=run/best", "task=question-answering", files[2], "run.dir=third").code == 0
    assert json.loads(Path("third/metrics.json").read_text())["test"] == pytest.approx(metrics, abs=1e-4)
    argv = ("task=question-answering", "task.threshold=-1e6", files[2], "run.dir=never")
    assert ftk("evaluate", "checkpoint=run/best", *argv).code == 0
    assert json.loads(Path("never/metrics.json").read_text())["test"]["no_answer_accuracy"] == 1

    assert ftk("predict", "checkpoint=run/best", "input=test.jsonl", "output=out.jsonl").code == 0
    rows = read_jsonl("test.jsonl")
    right = 0
    for asked, record in zip(rows, read_jsonl("out.jsonl"), strict=True):
        assert [record[name] for name in ("id", "question", "context")] == [
            asked[name] for name in ("id", "question", "context")
        ]
        assert record["gold_answers"] == asked["answers"]
        assert "answers" not in record
        scores = [candidate["score"] for candidate in record["candidates"]]
        assert len(scores) == 5
        assert scores == sorted(scores, reverse=True)
        assert sum(scores) + record["no_answer_score"] == pytest.approx(1, abs=1e-5)
        for candidate in record["candidates"]:
            assert candidate["text"] == asked["context"][candidate["start"] : candidate["end"]] != ""
        assert record["answer"] in (None, record["candidates"][0])
        text = None if record["answer"] is None else record["answer"]["text"]
        right += text == (asked["answers"][0]["text"] if asked["answers"] else None)
    assert right / len(rows) == pytest.approx(metrics["exact"])


@pytest.mark.slow
def test_without_unanswerable_rows_an_answer_is_always_given(ftk: Callable[..., Result]) -> None:
    write_jsonl("train.jsonl", travels(24, lacking=False))
    argv = ("data.train=train.jsonl", "data.test=mixed.jsonl", "train.epochs=1", "task.n_best=2")
    write_jsonl("mixed.jsonl", travels(12))
    result = ftk("finetune", "--json", "task=question-answering", *FAST, *argv)
    assert result.code == 0, result.err
    assert result.found(task_kinds.UNANSWERED, "test").count == 4
    assert (saved_fields()["no_answer"], saved_fields()["null_threshold"]) == (False, None)
    records = read_jsonl("run/predictions/test.jsonl")
    assert all(record["answer"] is not None and len(record["candidates"]) == 2 for record in records)
    assert all("no_answer_score" not in record for record in records)
    assert json.loads(Path("run/metrics.json").read_text())["test"]["no_answer_accuracy"] == 0


def test_the_head_of_another_task_is_not_taken(ftk: Callable[..., Result], files: tuple[str, ...]) -> None:
    """A model with nine labels: its encoder is used, and two outputs are initialised."""
    names = {number: f"tag{number}" for number in range(9)}
    labels = {"id2label": names, "label2id": {name: number for number, name in names.items()}}
    folder = save_model_folder(Path("tagger").absolute(), "roberta", "AutoModelForTokenClassification", **labels)
    argv = ("model=auto", f"model.name={folder}", "hardware=cpu", "hardware.threads=1", "train.max_steps=1")
    result = ftk("finetune", "task=question-answering", *argv, *files, "run.dir=run", "data.max_length=32")
    assert result.code == 0, result.err
    assert json.loads(Path("run/best/config.json").read_text())["id2label"] == {"0": "start", "1": "end"}


def test_a_csv_file_and_a_squad_file_teach_the_same(ftk: Callable[..., Result]) -> None:
    import csv

    rows = travels(16)
    with open("rows.csv", "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "question", "context", "answers"])
        writer.writerows(
            [row["id"], row["question"], row["context"], row["answers"][0]["text"] if row["answers"] else ""]
            for row in rows
        )
    asked = [
        {
            "context": row["context"],
            "qas": [
                {
                    "id": row["id"],
                    "question": row["question"],
                    "is_impossible": not row["answers"],
                    "answers": [{"text": item["text"], "answer_start": item["start"]} for item in row["answers"]],
                }
            ],
        }
        for row in rows
    ]
    Path("rows.json").write_text(json.dumps({"data": [{"title": "t", "paragraphs": asked}]}, indent=1))
    scores = []
    for name in ("csv", "json"):
        argv = (f"data.train=rows.{name}", f"data.test=rows.{name}", f"run.dir={name}", "train.epochs=1")
        result = ftk("finetune", "task=question-answering", *FAST, *argv)
        assert result.code == 0, result.err
        scores.append(json.loads(Path(name, "metrics.json").read_text())["test"])
    assert scores[0] == scores[1]
    assert [record["title"] for record in read_jsonl("json/predictions/test.jsonl")] == ["t"] * 16


GOOD = {"question": "Where to?", "context": "Ada went to Oslo", "answers": "Oslo"}


@pytest.mark.parametrize(
    ("rows", "argv", "reason", "parts"),
    [
        (
            [{**GOOD, "answers": [{"text": "Oslo", "start": 3}]}],
            (),
            kinds.MISPLACED_ANSWER,
            ["'Oslo' at 3", "train.jsonl:1", "misplaced_answers"],
        ),
        ([{**GOOD, "answers": "Bergen"}], (), kinds.ABSENT_TEXT_ANSWER, ["train.jsonl:1: 'Bergen'"]),
        (
            [{"question": "Where to?", "answers": "Oslo"}],
            (),
            (kinds.MISSING_QA_TEXT, {"role": "context"}),
            ["data.columns.context"],
        ),
        (
            [{"context": "Ada went", "answers": "Ada"}],
            (),
            (kinds.MISSING_QA_TEXT, {"role": "question"}),
            ["data.columns.question"],
        ),
        ([{"question": "Where to?", "context": "Ada"}], (), kinds.MISSING_ANSWERS, ["data.columns.answers"]),
        ([{**GOOD, "context": "  "}], (), (kinds.EMPTY_PART, {"role": "context"}), ["train.jsonl:1"]),
        ([{**GOOD, "question": ["Where", "to"]}], (), (kinds.NOT_A_STRING, {"role": "question"}), ["train.jsonl:1"]),
        ([{**GOOD, "answers": {"text": ["Oslo"], "answer_start": []}}], (), kinds.UNREADABLE_ANSWERS, ["{"]),
        ([GOOD], (), "one training row is too few", ["data.validation"]),
        ([GOOD, {**GOOD, "question": "Who?"}], (), "all ask of one context", ["data.validation_share=0"]),
        (
            [GOOD],
            ("data.columns.answers=gold",),
            (kinds.MISSING_COLUMN, {"column": "gold"}),
            ["data.columns.answers"],
        ),
        ([GOOD], ("data=squad",), "has no list 'data'", ["train.jsonl"]),
        ([GOOD], ("task.no_answer=maybe",), "task.no_answer=maybe", ["auto, true or false"]),
        ([GOOD], ("task.n_best=0",), "task.n_best=0", ["at least 1"]),
        ([GOOD], ("task.threshold=high",), "task.threshold=high", ["tuned, or a number"]),
        ([GOOD], ("task.language=fr",), "task.language=fr", []),
        ([GOOD], ("data.columns.label=answers",), "data.columns.label=answers", ["question, context, answers"]),
    ],
)
def test_what_cannot_work_is_reported_in_one_message(
    ftk: Callable[..., Result], rows: list[dict[str, Any]], argv: tuple[str, ...], reason: Reason, parts: list[str]
) -> None:
    write_jsonl("train.jsonl", rows)
    argv = ("task=question-answering", *TINY, "data.train=train.jsonl", *argv, "run.dir=run")
    result = ftk("finetune", "--json", *argv)
    assert_refused(result, reason)
    for part in parts:
        assert part in result.texts


def test_room_for_question_and_context_is_asked_for(ftk: Callable[..., Result], files: tuple[str, ...]) -> None:
    write_jsonl("train.jsonl", travels(8))
    argv = ("task.max_answer_tokens=1", "data.max_length=8", "train.epochs=1")
    result = ftk("finetune", "--json", "task=question-answering", *FAST, *files, *argv)
    assert result.code == 0, result.err
    assert result.found(kinds.LONG_ROW, "train", length=8).count == 8
