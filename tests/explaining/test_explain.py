"""``ftk explain``: which words are shown, where, and with which scores."""

import json
from pathlib import Path

import pytest

from conftest import TINY, assert_refused, read_jsonl, write_jsonl
from ftk.commands.checks.values import check_values
from ftk.config.choices import Method
from ftk.config.compose import compose
from ftk.contracts import finding_kinds as kinds

pytestmark = pytest.mark.torch

FAST = (*TINY, "train.epochs=8", "train.batch_size=8", "model.dropout=0", "data.max_length=32", "run.dir=run")
CUES = {"fruit": ("apple", "pear", "plum", "cherry", "quince", "medlar"), "metal": ("iron", "copper", "zinc", "tin")}
METHODS = ("relevance", "gradients", "erasure")


def rows(number: int) -> list[dict]:
    """Texts of which one word alone says the label."""
    made = []
    for i in range(number):
        label = ("fruit", "metal")[i % 2]
        word = CUES[label][i // 2 % len(CUES[label])]
        text = f"two crates of {word} came by the morning boat"
        made.append({"id": i, "text": text, "label": label, "labels": [label], "score": 9.5 if i % 2 else 2.0})
    return made


def explanations(*given, **options) -> list[list[dict]]:
    """What the report page calls, imported where torch may be."""
    from ftk.explaining.explained import explanations

    return explanations(*given, **options)


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, ...]:
    made = rows(60)
    parts = {"train": made[:36], "validation": made[36:48], "test": made[48:]}
    return tuple(f"data.{split}={write_jsonl(tmp_path / f'{split}.jsonl', part)}" for split, part in parts.items())


def explained(ftk, *words: str) -> list[dict]:
    result = ftk("explain", "checkpoint=run/best", "output=out.jsonl", "run.overwrite=true", "hardware=cpu", *words)
    assert result.code == 0, result.err
    return read_jsonl("out.jsonl")


def highest(explanation: dict) -> str:
    return max(explanation["relevance"], key=lambda word: word["score"])["text"]


def check_record(record: dict, plain: dict) -> dict:
    """Assert that a record is that of a prediction, with one explanation of all of its words, which is returned."""
    [explanation] = record["explanations"]
    assert {**plain, "explanations": [explanation]} == record
    assert explanation["label"] == record["label"]
    assert [word["text"] for word in explanation["relevance"]] == record["text"].split()
    for word in explanation["relevance"]:
        assert record["text"][word["start"] : word["end"]] == word["text"]
    return explanation


def test_the_word_that_says_the_label_has_the_highest_score(ftk, files):
    assert ftk("finetune", "task=text-classification", *FAST, *files).code == 0
    plain = read_jsonl("run/predictions/test.jsonl")
    for record, before in zip(explained(ftk, "input=test.jsonl", "hardware.precision=fp32"), plain, strict=True):
        assert record["label"] == before["label"]
        assert highest(check_record(record, record)) in CUES[record["label"]]
    assert_refused(ftk("explain", "--json", "checkpoint=run/best", "input=test.jsonl", "label=wood"), "label=wood")


@pytest.mark.slow
def test_each_method_adds_to_the_records_of_predictions(ftk, files):
    assert ftk("finetune", "task=text-classification", *FAST, *files).code == 0
    assert ftk("predict", "checkpoint=run/best", "input=test.jsonl", "output=plain.jsonl", "hardware=cpu").code == 0
    config = compose("explain", ["checkpoint=run/best", "input=test.jsonl"], check=check_values).config
    for method in METHODS:
        found = explained(ftk, "input=test.jsonl", f"method={method}")
        for record, plain in zip(found, read_jsonl("plain.jsonl"), strict=True):
            explanation = check_record(record, plain)
            # Plain gradients vanish in a norm where one word decides alone.
            assert method == "gradients" or highest(explanation) in CUES[record["label"]]
        records = read_jsonl("run/predictions/test.jsonl")
        again = explanations(Path("run/best"), records, config.data, config.hardware, method=Method(method))
        assert again == [record["explanations"] for record in found]
    other = explained(ftk, "input=test.jsonl", "label=metal")
    assert {record["explanations"][0]["label"] for record in other} == {"metal"}


@pytest.mark.slow
def test_windows_of_a_long_text_are_merged(ftk, files):
    assert ftk("finetune", "task=text-classification", *FAST, *files).code == 0
    text = f"{'two crates came by the morning boat ' * 20}with zinc {'by the morning boat ' * 20}".strip()
    write_jsonl(Path("long.jsonl"), [{"text": text}, {"text": ""}])
    for method in METHODS:
        [long, empty] = explained(ftk, "input=long.jsonl", f"method={method}", "label=metal")
        words = long["explanations"][0]["relevance"]
        assert [word["text"] for word in words] == text.split()
        assert empty["explanations"][0]["relevance"] == []
        assert method != "relevance" or highest(long["explanations"][0]) == "zinc"


@pytest.mark.slow
def test_labels_and_numbers_are_explained_one_by_one(ftk, files):
    assert ftk("finetune", "task=multi-label", *FAST, *files).code == 0
    for record in explained(ftk, "input=test.jsonl"):
        assert [one["label"] for one in record["explanations"]] == record["labels"]
        assert all(highest(one) in CUES[one["label"]] for one in record["explanations"])
    words = ("data.columns.label=score", "run.overwrite=true")
    assert ftk("finetune", "task=regression", *FAST, *files, *words).code == 0
    found = explained(ftk, "input=test.jsonl", "method=erasure")
    assert all(len(record["explanations"]) == 1 for record in found)
    metal = [record for record in found if record["id"] % 2]
    assert all(highest(record["explanations"][0]) in CUES["metal"] for record in metal)


@pytest.mark.slow
def test_pairs_name_the_field_of_each_word(ftk, tmp_path):
    made = [{**row, "pair": row["text"], "text": "what is it"} for row in rows(60)]
    parts = {"train": made[:48], "validation": made[48:]}
    words = [f"data.{split}={write_jsonl(tmp_path / f'{split}.jsonl', part)}" for split, part in parts.items()]
    assert ftk("finetune", "task=text-classification", *FAST, *words).code == 0
    for record in explained(ftk, "input=validation.jsonl"):
        found = record["explanations"][0]["relevance"]
        assert {word["field"] for word in found} == {"text", "pair"}
        assert all(record[word["field"]][word["start"] : word["end"]] == word["text"] for word in found)
        assert highest(record["explanations"][0]) in CUES[record["label"]]


@pytest.mark.slow
@pytest.mark.parametrize("task", ["ner", "relation", "question-answering", "token-classification"])
def test_demo_corpora_of_other_tasks(ftk, task):
    words = (*TINY, "train.max_steps=30", "run.dir=run")
    assert ftk("finetune", f"task={task}", "data=demo", *words).code == 0
    records = read_jsonl("run/predictions/test.jsonl")
    write_jsonl(Path("in.jsonl"), [{k: v for k, v in one.items() if not k.startswith("gold")} for one in records[:20]])
    asked = []
    if task == "token-classification":
        result = ftk("explain", "--json", "checkpoint=run/best", "input=in.jsonl")
        assert_refused(result, "label=")
        labels = json.loads(Path("run/best/config.json").read_text())["label2id"]
        asked = [f"label={next(iter(labels))}"]
    for method in METHODS:
        found = explained(ftk, "input=in.jsonl", f"method={method}", *asked)
        if not asked:
            words = ["checkpoint=run/best", "input=in.jsonl", "hardware=cpu"]
            config = compose("explain", words, check=check_values).config
            again = explanations(Path("run/best"), found, config.data, config.hardware, method=Method(method))
            assert again == [record["explanations"] for record in found]
        for record in found:
            if task == "ner":
                places = [(one["start"], one["end"]) for one in record["explanations"]]
                assert places == [(one["start"], one["end"]) for one in record["entities"]]
            for one in record["explanations"]:
                for word in one["relevance"]:
                    text = record[word.get("field", "text")] if "text" in record or "field" in word else None
                    assert text is None or text[word["start"] : word["end"]] == word["text"]
                assert all(abs(word["score"]) < float("inf") for word in one["relevance"])


@pytest.mark.slow
def test_the_best_candidate_of_a_cross_encoder_is_explained(ftk):
    words = (*TINY, "train.max_steps=20", "run.dir=run", "task.encoder=cross", "train.batch_size=8")
    assert ftk("finetune", "task=ranking", "data=demo", *words).code == 0
    rows = [{"query": "Is scanning free?", "candidates": ["Ten cents a page.", "Yes, as often as you like."]}]
    write_jsonl(Path("in.jsonl"), [*rows, {"query": "How much?", "candidate": "Ten cents a page."}])
    for method in METHODS:
        several, single = explained(ftk, "input=in.jsonl", f"method={method}")
        [best] = several["explanations"]
        assert best["text"] == several["candidates"][0]["text"]
        assert best["index"] == several["candidates"][0]["index"]
        texts = {"query": several["query"], "candidate": best["text"]}
        assert all(texts[word["field"]][word["start"] : word["end"]] == word["text"] for word in best["relevance"])
        [alone] = single["explanations"]
        assert alone["text"] == single["candidate"]
        assert {word["field"] for word in alone["relevance"]} == {"query", "candidate"}
    words = ("run.overwrite=true", "task.encoder=bi")
    assert ftk("finetune", "task=ranking", "data=demo", *TINY, "train.max_steps=1", "run.dir=run", *words).code == 0
    assert_refused(ftk("explain", "--json", "checkpoint=run/best", "input=in.jsonl"), "not explained")


@pytest.mark.slow
def test_a_model_without_rules_has_gradients_and_says_so(ftk, files):
    words = ["model=bilstm" if word == "model=tiny" else word for word in FAST]
    assert ftk("finetune", "task=text-classification", *words, *files).code == 0
    result = ftk("explain", "--json", "checkpoint=run/best", "input=test.jsonl", "output=out.jsonl")
    assert result.code == 0
    assert result.found(kinds.NO_RELEVANCE_RULES)
    plain = ftk("explain", "checkpoint=run/best", "input=test.jsonl", "output=same.jsonl", "method=gradients")
    assert plain.code == 0
    assert Path("out.jsonl").read_bytes() == Path("same.jsonl").read_bytes()


@pytest.mark.slow
def test_a_model_without_embeddings_is_explained_by_erasure_alone(ftk, files):
    assert ftk("finetune", "task=text-classification", "model=tfidf-linear", "run.dir=run", *files).code == 0
    assert_refused(ftk("explain", "--json", "checkpoint=run/best", "input=test.jsonl"), "method=erasure")
    for record in explained(ftk, "input=test.jsonl", "method=erasure"):
        assert highest(record["explanations"][0]) in CUES[record["label"]]


@pytest.mark.slow
def test_bad_rows_keep_their_errors(ftk, files):
    assert ftk("finetune", "task=text-classification", *FAST, *files).code == 0
    write_jsonl(Path("in.jsonl"), [{"text": "two crates of zinc"}, {"text": None}, {"text": "two crates of plum"}])
    found = explained(ftk, "input=in.jsonl", "data.bad_rows=keep")
    assert ["explanations" in record for record in found] == [True, False, True]
    assert "error" in found[1]


@pytest.mark.slow
def test_tasks_that_write_texts_are_not_explained(ftk):
    words = (*TINY[1:], "model=t5-tiny", "train.max_steps=2", "run.dir=run", "task.max_new_tokens=4")
    assert ftk("finetune", "task=summarization", "data=demo", *words).code == 0
    Path("in.txt").write_text("A text.\n")
    assert_refused(ftk("explain", "--json", "checkpoint=run/best", "input=in.txt"), "not explained")
