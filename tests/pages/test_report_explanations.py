"""The words that wrong answers rest on, on the page of a run: what is marked, how, and what is said if nothing is."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conftest import TINY, assert_refused, read_jsonl, write_jsonl
from ftk.pages.marking import marked
from ftk.pages.page import Options
from ftk.pages.predictions import Form
from ftk.pages.relevance import STRENGTHS, Explanations, explained, legend, with_relevance
from ftk.pages.writing import write_report
from saved_runs import labelled, spans, write_run
from written_pages import Ftk, Page, page_of


def relevance(text: str, *scores: float, field: str | None = None) -> list[dict[str, Any]]:
    """The words of a text with their scores, as an explanation has them."""
    found, at = [], 0
    named = {} if field is None else {"field": field}
    for word, score in zip(text.split(), scores, strict=True):
        at = text.index(word, at)
        found.append({**named, "start": at, "end": at + len(word), "text": word, "score": score})
        at += len(word)
    return found


def marks(parts: list[Any]) -> list[list[str]]:
    return [part for part in parts if not isinstance(part, str)]


def test_sign_and_strength_of_a_word_are_its_class_and_its_number_is_its_title() -> None:
    record = {"text": "a bad b day", "label": "x", "gold_label": "y"}
    found = [{"label": "x", "relevance": relevance(record["text"], 0.01, 2.0, -1.0, 0.5)}]
    (one,) = explained(record, Form.label, found)
    ((name, parts), (_, (strongest,))) = with_relevance([("", [record["text"]])], [one])
    assert name == ""
    assert "".join(part if isinstance(part, str) else part[0] for part in parts) == record["text"]
    assert marks(parts) == [["bad", "for4", "+2"], ["b", "against2", "-1"], ["day", "for1", "+0.5"]]
    assert [strongest.index(word) for word in ("+2", "-1", "+0.5")] == sorted(
        map(strongest.index, ("+2", "-1", "+0.5"))
    )
    assert one.of == ""


@pytest.mark.parametrize("scores", [(0.0, 0.0), ()])
def test_words_without_a_score_are_not_marked(scores: tuple[float, ...]) -> None:
    record = {"text": " ".join("word" for _ in scores), "label": "x", "gold_label": "y"}
    found = explained(record, Form.label, [{"label": "x", "relevance": relevance(record["text"], *scores)}])
    shown = with_relevance([("", [record["text"]])], found)
    assert shown == [("", [record["text"]])]


def test_the_texts_of_a_pair_are_marked_each_with_its_words() -> None:
    record = {"text": "one two", "pair": "three four", "label": "x", "gold_label": "y"}
    words = relevance("one two", 1.0, 0.0, field="text") + relevance("three four", 0.0, -0.5, field="pair")
    found = explained(record, Form.label, [{"label": "x", "relevance": words}])
    texts = with_relevance([("", ["one two"]), ("pair", ["three four"])], found)
    assert [name for name, _ in texts] == ["", "pair", "strongest words"]
    assert [marks(parts) for _, parts in texts[:2]] == [[["one", "for4", "+1"]], [["four", "against2", "-0.5"]]]


def test_only_wrong_answers_are_shown() -> None:
    (record, *_) = spans()
    scores = [0.1] * len(record["text"].split())
    found = [
        {key: one[key] for key in ("label", "start", "end", "text")} | {"relevance": relevance(record["text"], *scores)}
        for one in record["entities"]
    ]
    assert [one.of for one in explained(record, Form.spans, found)] == ["PER “Ada”", "PER “Lima”", "ORG “Rail”"]
    several = {"text": "a", "labels": ["x", "y"], "gold_labels": ["y"]}
    found = [{"label": name, "relevance": relevance("a", 1.0)} for name in ("x", "y")]
    assert len(explained(several, Form.labels, found)) == 1
    # A text that has marks is repeated.
    shown = with_relevance(
        [("", marked(record["text"], [(0, 3, "spurious", "PER")]))], explained(several, Form.labels, found)
    )
    assert [name for name, _ in shown] == ["", "why", "strongest words"]


def test_an_answer_to_a_question_is_explained_at_both_ends_and_texts_without_marks_are_not_repeated() -> None:
    record = {"question": "who", "context": "Ada went"}
    words = relevance("who", 0.0, field="question") + relevance("Ada went", 1.0, 0.6, field="context")
    found = [{"of": name, "text": "Ada", "relevance": words} for name in ("start", "end")]
    shown = with_relevance([("question", ["who"]), ("context", ["Ada went"])], explained(record, Form.answers, found))
    repeated = [name for name, parts in shown if marks(parts)]
    assert repeated == ["why start “Ada”, context", "why end “Ada”, context"]


def test_the_candidate_is_that_of_the_explanation_and_of_many_answers_the_first_are_shown() -> None:
    words = relevance("who", 0.5, field="query") + relevance("Ada went", 1.0, 0.6, field="candidate")
    (query, candidate) = explained(
        {"query": "who"}, Form.ranking, [{"index": 3, "text": "Ada went", "relevance": words}]
    )
    assert (query.text, candidate.text) == ("who", "Ada went")
    several = {"text": "a", "labels": list("uvwxyz"), "gold_labels": ["z"]}
    found = explained(several, Form.labels, [{"label": name, "relevance": relevance("a", 1.0)} for name in "uvwxyz"])
    assert [one.of for one in found] == ["u", "v", "w", "x"]
    ((name, (text,)),) = with_relevance([], found)[-1:]
    assert (name, "1 more" in text) == ("not shown", True)


def test_of_a_long_text_the_part_around_the_strongest_word_is_kept() -> None:
    text = f"weak {'word ' * 2000}strong {'word ' * 2000}".strip()
    scores = [0.3, *[0.0] * 2000, 1.0, *[0.0] * 2000]
    found = explained({"text": text}, Form.label, [{"label": "x", "relevance": relevance(text, *scores)}])
    ((_, parts), _) = with_relevance([("", [text])], found)
    assert marks(parts) == [["strong", "for4", "+1"]]
    assert sum(len(part if isinstance(part, str) else part[0]) for part in parts) < 1000


def test_a_page_has_a_legend_and_says_how_many_are_explained(tmp_path: Path) -> None:
    records = labelled()
    run = write_run(tmp_path / "run", "text-classification", records, {"accuracy": 0.75})
    made = {
        row: explained(
            records[row], Form.label, [{"label": "x", "relevance": relevance(records[row]["text"], 1.0, -1.0)}]
        )
        for row in (39, 35)
    }
    output = tmp_path / "page.html"
    explanations = Explanations(made, 3, note="By gradients.")
    write_report([[run]], output, Options(explanations=explanations))
    page = Page(output)
    assert {("class", kind) for _, kind, _ in legend(Form.label)} <= set(page.attributes)
    assert any("the first 3 of 10" in text and "In 1 of them" in text and "gradients" in text for text in page.shown)
    (items,) = page.data
    assert [len(marks(parts)) for item in items for _, parts in item["t"][:1]] == [2, 2, *[0] * 8]
    assert all(f"mark.{sign}{step}" in page.text for sign in ("for", "against") for step in range(1, STRENGTHS + 1))
    write_report([[run]], output, Options())
    assert "strongest words" not in output.read_text(encoding="utf-8")
    assert not {("class", kind) for _, kind, _ in legend(Form.label)} & set(Page(output).attributes)


@pytest.mark.parametrize("task", ["text-classification", "mlm"])
def test_why_nothing_is_explained_is_said(task: str, ftk: Ftk, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", task, labelled(8) if task != "mlm" else [], {"accuracy": 0.75})
    page = page_of(ftk, run, "explain=true")
    assert any(text.startswith("Nothing is explained: ") for text in page.shown)
    assert "examples" in page.ids
    result = ftk("report", str(run), "explain=true", "--json")
    assert [one["severity"] for one in result.events if "nothing is explained" in one["text"]] == ["warning"]


def test_explanations_without_texts_or_of_several_runs_are_refused(ftk: Ftk, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_run(tmp_path / name, "text-classification", labelled(8), {"accuracy": 0.75})
    assert_refused(
        ftk("report", "one", "explain=true", "report.texts=false", "--json"), "explain=true report.texts=false"
    )
    assert_refused(ftk("report", "one", "two", "explain=true", "--json"), "explain=true")


def test_without_explanations_no_torch_is_imported(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", "text-classification", labelled(8), {"accuracy": 0.75})
    code = "import sys; from ftk import cli; sys.exit(cli.run(['report', sys.argv[1]]) or 'torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code, str(run)], check=True, capture_output=True)


def travellers(number: int, *, wrong: bool) -> list[dict[str, Any]]:
    """People in places; of every second row, if that is wanted, one has the wrong type in the gold spans."""
    made = []
    for at in range(number):
        name, place = ("Ada", "Boris", "Chen")[at % 3], ("Oslo", "Lima", "Turin")[at // 3 % 3]
        text = f"{name} went to {place} by slow train"
        start = text.index(place)
        entities = [{"start": 0, "end": len(name), "label": "PER"}]
        label = "PER" if wrong and at % 2 else "LOC"
        made.append(
            {"text": text, "entities": [*entities, {"start": start, "end": start + len(place), "label": label}]}
        )
    return made


def crates(number: int, *, wrong: bool) -> list[dict[str, Any]]:
    """Texts of which one word says the label; that of every fourth row, if that is wanted, is wrong."""
    made = []
    for at in range(number):
        word, label = (("zinc", "metal"), ("plum", "fruit"))[at % 2]
        if wrong and at % 4 == 3:
            label = "metal"
        made.append({"review": f"two crates of {word} came by the morning boat", "kind": label})
    return made


@pytest.mark.slow
@pytest.mark.torch
def test_the_page_of_a_real_run_shows_what_its_wrong_answers_rest_on(ftk: Ftk, tmp_path: Path) -> None:
    fast = (*TINY, "train.batch_size=8", "model.dropout=0", "run.curves=false")
    names = ("data.columns.text=review", "data.columns.label=kind")
    for task, rows, words in (
        ("text-classification", crates, (*names, "train.epochs=8")),
        ("ner", travellers, ("train.epochs=12",)),
    ):
        files = [
            f"data.{split}={write_jsonl(tmp_path / f'{task}-{split}.jsonl', rows(number, wrong=split == 'test'))}"
            for split, number in (("train", 48), ("validation", 16), ("test", 16))
        ]
        run = tmp_path / task
        assert ftk("finetune", f"task={task}", *fast, *files, *words, f"run.dir={run}").code == 0
        page = page_of(ftk, run, "explain=true")
        (items,) = page.data
        records = read_jsonl(run / "predictions" / "test.jsonl")
        assert items
        for item in items:
            strong = [part[0] for _, parts in item["t"] for part in marks(parts) if part[1] == f"for{STRENGTHS}"]
            record = records[item["n"] - 1]
            if task == "ner":
                assert any(word in strong for word in ("Oslo", "Lima", "Turin")), item
            else:
                assert "plum" in strong, (item, record)
    # What is not explained is said, and the page is written all the same.
    shutil.rmtree(run / "best")
    assert any("best" in text for text in page_of(ftk, run, "explain=true").shown)
    words = ("model=t5-tiny", *TINY[1:], "train.max_steps=2", "task.max_new_tokens=4", "run.dir=texts")
    assert ftk("finetune", "task=summarization", "data=demo", *words).code == 0
    assert any("not explained" in text for text in page_of(ftk, Path("texts"), "explain=true").shown)


def test_the_number_of_explained_examples_has_an_end(ftk: Ftk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = write_run(tmp_path / "run", "text-classification", labelled(1000), {"accuracy": 0.75})
    (run / "best").mkdir()
    asked: list[int] = []

    def found(best: Path, predictions: Any, rows: list[int], notes: Any) -> Explanations:
        asked.extend(rows)
        return Explanations({}, len(rows))

    monkeypatch.setattr("ftk.commands.report_explanations._found", found)
    page = page_of(ftk, run, "explain=true")
    (items,) = page.data
    assert [row + 1 for row in asked] == [item["n"] for item in items[:200]]
    assert any("the first 200 of 250" in text for text in page.shown)
