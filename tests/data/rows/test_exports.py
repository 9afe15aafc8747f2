"""Exports of annotation tools, written from one corpus: the same texts, labels and offsets out of every one."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from data_helpers import data_config, ner_task, of_kind, read
from ftk.config.data_choices import Format
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Reading
from ftk.contracts.notes import Notes
from ftk.data.readers.one_file import read_file
from ftk.errors import DataError

_PEOPLE = ("Rita Kos", "小明", "Σοφία", "O'Neil", "José Ñandú", "Анна", "Kim", "N'Golo")
_PLACES = ("Oslo", "北京", "Αθήνα", "St. John's", "São Paulo")
_FORMS = (
    "{person} sleeps in {place}.",
    "😀 {person}, {place}!",
    "First line.\r\n{person} met\r\n{person} in {place}",
    "{place} 👍🏽 — {person} 💩 {place}",
    "\t{person}:  {place}  ",
    "Nobody, nowhere.",
    "“{person}” (e{place})",
    "{person}\n\n{place}",
)


def corpus() -> list[tuple[str, list[tuple[int, int, str]]]]:
    """40 sentences: a text, and its spans in characters."""
    sentences = []
    for number in range(40):
        form = _FORMS[number % len(_FORMS)]
        text, spans = "", []
        for part in form.replace("{", "\0{").replace("}", "}\0").split("\0"):
            begin = len(text)
            if part == "{person}":
                text += _PEOPLE[number % len(_PEOPLE)] if number % 3 else _PEOPLE[(number // 3) % len(_PEOPLE)]
                spans.append((begin, len(text), "PER"))
            elif part == "{place}":
                text += _PLACES[number % len(_PLACES)]
                spans.append((begin, len(text), "LOC"))
            else:
                text += part
        sentences.append((text, spans))
    return sentences


CORPUS = corpus()
Sentence = tuple[str, list[tuple[int, int, str]]]


def units(text: str, offset: int) -> int:
    """An offset as JavaScript counts it."""
    return len(text[:offset].encode("utf-16-le")) // 2


def lists(spans: list[tuple[int, int, str]]) -> list[list[Any]]:
    return [list(span) for span in spans]


def lines(make: Callable[[int, str, list[tuple[int, int, str]]], Any]) -> str:
    return "".join(
        json.dumps(make(i, text, spans), ensure_ascii=False) + "\n" for i, (text, spans) in enumerate(CORPUS)
    )


def array(make: Callable[[int, str, list[tuple[int, int, str]]], Any], indent: int | None = None) -> str:
    made = [make(i, text, spans) for i, (text, spans) in enumerate(CORPUS)]
    return json.dumps(made, ensure_ascii=False, indent=indent)


def label_studio(i: int, text: str, spans: list[tuple[int, int, str]]) -> Any:
    results = [
        {
            "id": f"r{n}",
            "from_name": "label",
            "to_name": "text",
            "type": "labels",
            "value": {"start": units(text, a), "end": units(text, b), "text": text[a:b], "labels": [name]},
        }
        for n, (a, b, name) in enumerate(spans)
    ]
    wrong = {"result": [], "was_cancelled": True}
    return {"id": i, "data": {"text": text}, "annotations": [wrong, {"result": results}], "predictions": []}


def label_studio_old(i: int, text: str, spans: list[tuple[int, int, str]]) -> Any:
    task = label_studio(i, text, spans)
    task["completions"] = task.pop("annotations")
    return task


def label_studio_minimal(i: int, text: str, spans: list[tuple[int, int, str]]) -> Any:
    found = [{"start": a, "end": b, "text": text[a:b], "labels": [name]} for a, b, name in spans]
    row = {"text": text, "id": i, "annotator": 1, "annotation_id": i, "lead_time": 3.5}
    return row | ({"ner": found} if found else {})


def prodigy(i: int, text: str, spans: list[tuple[int, int, str]]) -> Any:
    tokens = [{"text": word, "start": 0, "end": 0, "id": n} for n, word in enumerate(text.split())]
    found = [{"start": a, "end": b, "label": name, "token_start": 0, "token_end": 0} for a, b, name in spans]
    return {"text": text, "_task_hash": i, "tokens": tokens, "spans": found, "answer": "accept", "id": i}


EXPORTS: dict[str, tuple[str, str]] = {
    "label studio": ("a.json", array(label_studio)),
    "label studio, indented": ("a.json", array(label_studio, indent=2)),
    "label studio, old": ("a.json", array(label_studio_old)),
    "label studio, minimal": ("a.json", array(label_studio_minimal)),
    "doccano": ("a.jsonl", lines(lambda i, text, spans: {"id": i, "text": text, "label": lists(spans)})),
    "doccano, data": ("a.jsonl", lines(lambda i, text, spans: {"id": i, "data": text, "label": lists(spans)})),
    "doccano, labels": ("a.jsonl", lines(lambda i, text, spans: {"id": i, "text": text, "labels": lists(spans)})),
    "doccano, relations": (
        "a.jsonl",
        lines(
            lambda i, text, spans: {
                "id": i,
                "text": text,
                "entities": [{"id": 1, "label": name, "start_offset": a, "end_offset": b} for a, b, name in spans],
                "relations": [],
                "Comments": [],
            }
        ),
    ),
    "doccano, first": (
        "a.json",
        lines(
            lambda i, text, spans: {
                "id": i,
                "text": text,
                "annotations": [{"label": name, "start_offset": a, "end_offset": b, "user": 1} for a, b, name in spans],
                "meta": {},
                "annotation_approver": "admin",
            }
        ),
    ),
    "prodigy": ("a.jsonl", lines(prodigy)),
    "spacy pairs": ("a.json", array(lambda i, text, spans: [text, {"entities": lists(spans)}])),
    "spacy pairs in lines": ("a.jsonl", lines(lambda i, text, spans: [text, {"entities": lists(spans)}])),
    "spacy annotator": (
        "a.json",
        json.dumps(
            {
                "classes": ["PER", "LOC"],
                "annotations": [[text, {"entities": lists(spans)}] for text, spans in CORPUS] + [None],
            }
        ),
    ),
    "spacy documents": (
        "a.jsonl",
        lines(
            lambda i, text, spans: {
                "text": text,
                "ents": [{"start": a, "end": b, "label": name} for a, b, name in spans],
                "tokens": [{"id": 0, "start": 0, "end": 3}],
            }
        ),
    ),
    "predictions of ftk": (
        "a.jsonl",
        lines(
            lambda i, text, spans: {
                "text": text,
                "entities": [{"label": "PER", "start": 0, "end": 1, "text": text[:1], "score": 0.5}],
                "gold_entities": [{"label": name, "start": a, "end": b, "text": text[a:b]} for a, b, name in spans],
            }
        ),
    ),
    "azure": (
        "a.jsonl",
        lines(
            lambda i, text, spans: {
                "text": text,
                "entities": [
                    {"category": name, "offset": a, "length": b - a, "text": text[a:b]} for a, b, name in spans
                ],
            }
        ),
    ),
    "amazon": (
        "a.jsonl",
        lines(
            lambda i, text, spans: {
                "text": text,
                "entities": [
                    {"BeginOffset": a, "EndOffset": b, "Type": name, "Text": text[a:b]} for a, b, name in spans
                ],
            }
        ),
    ),
    "by label": (
        "a.jsonl",
        lines(
            lambda i, text, spans: {
                "text": text,
                "label": {
                    name: {text[a:b]: [[c, d - 1] for c, d, n in spans if (text[c:d], n) == (text[a:b], name)]}
                    for a, b, name in spans
                },
            }
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("tool", EXPORTS)
def test_every_export_has_the_same_spans(tool: str) -> None:
    name, content = EXPORTS[tool]
    with open(name, "w", encoding="utf-8", newline="") as stream:
        stream.write(content)
    config, notes = data_config(), Notes()
    rows = list(read_file(name, Format.auto, config, notes, labelled=True))
    found = ner_task(misaligned_spans="expand").read(rows, Reading(config.columns, True, notes))
    notes.raise_errors()
    assert [sentence.text for sentence in found] == [text for text, _ in CORPUS]
    assert [sorted((s["start"], s["end"], s["label"]) for s in sentence.gold) for sentence in found] == [
        spans for _, spans in CORPUS
    ]


SENTENCES = [["Rita", "Kos", "sleeps"], ["Oslo"], ["no", "one"]]
SPANS = [[(0, 1, "PER")], [(0, 0, "LOC")], []]
TAGS = [["B-PER", "I-PER", "O"], ["B-LOC"], ["O", "O"]]
OF_TOKENS: dict[str, Any] = {
    "spert": [
        {
            "tokens": tokens,
            "entities": [{"type": name, "start": a, "end": b + 1} for a, b, name in spans],
            "relations": [],
        }
        for tokens, spans in zip(SENTENCES, SPANS, strict=True)
    ],
    "gliner": [
        {"tokenized_text": tokens, "ner": [list(span) for span in spans]}
        for tokens, spans in zip(SENTENCES, SPANS, strict=True)
    ],
    "dygie": [
        {
            "doc_key": "d",
            "sentences": SENTENCES,
            "ner": [[[0, 1, "PER"]], [[3, 3, "LOC"]], []],
            "relations": [[], [], []],
        }
    ],
    "w2ner": [
        {"sentence": tokens, "ner": [{"index": list(range(a, b + 1)), "type": name} for a, b, name in spans]}
        for tokens, spans in zip(SENTENCES, SPANS, strict=True)
    ],
    "spacy 2": [
        {
            "id": 0,
            "paragraphs": [
                {
                    "raw": "Rita Kos sleeps Oslo no one",
                    "sentences": [
                        {
                            "tokens": [
                                {"id": 0, "orth": word, "ner": tag} for word, tag in zip(tokens, tags, strict=True)
                            ]
                        }
                        for tokens, tags in zip(
                            SENTENCES, [["B-PER", "L-PER", "O"], ["U-LOC"], ["O", "O"]], strict=True
                        )
                    ],
                }
            ],
        }
    ],
}


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("tool", OF_TOKENS)
def test_spans_of_tokens_of_every_format(tool: str, indent: int | None) -> None:
    with open("a.json", "w", encoding="utf-8") as stream:
        json.dump(OF_TOKENS[tool], stream, indent=indent)
    config, notes = data_config(), Notes()
    rows = list(read_file("a.json", Format.auto, config, notes, labelled=True))
    found = ner_task().read(rows, Reading(config.columns, True, notes))
    notes.raise_errors()
    assert [sentence.tokens for sentence in found] == SENTENCES
    assert [sentence.tags for sentence in found] == TAGS


def of_rows(*rows: dict[str, Any], labelled: bool = True, **data: Any) -> Any:
    return read("".join(json.dumps(row) + "\n" for row in rows), "r.jsonl", labelled=labelled, **data)


def test_rows_that_the_annotator_rejected_are_left_out_and_counted() -> None:
    rows = [{"text": "a", "spans": [], "answer": answer} for answer in ("accept", "reject", "ignore", "reject")]
    found = of_rows(*rows, {"text": "b", "answer": "reject"})
    assert [row.line for row in found.rows] == [1]
    left_out = {one.values["answer"]: one.count for one in found.findings if one.kind == kinds.NOT_ACCEPTED}
    assert left_out == {"reject": 3, "ignore": 1}
    assert len(of_rows(*rows, labelled=False).rows) == 4


@pytest.mark.parametrize(
    ("row", "label"),
    [
        ({"text": "a", "options": [{"id": "x"}, {"id": "y"}], "accept": ["y"], "answer": "accept"}, "y"),
        (
            {"text": "a", "options": [{"id": "x"}], "accept": ["x"], "answer": "accept",
             "config": {"choice_style": "multiple"}},
            ["x"],
        ),
        ({"text": "a", "label": "x", "answer": "accept"}, "x"),
        ({"id": 1, "data": {"text": "a"}, "annotations": [
            {"result": [{"type": "choices", "value": {"choices": ["x"]}}]}]}, "x"),
        ({"id": 1, "data": {"text": "a"}, "annotations": [
            {"result": [{"type": "choices", "value": {"choices": ["x", "y"]}}]}]}, ["x", "y"]),
        ({"text": "a", "id": 1, "sentiment": {"choices": ["x"]}, "annotator": 1, "annotation_id": 4}, "x"),
        ({"text": "a", "id": 1, "sentiment": {"choices": ["x", "y"]}, "annotator": 1, "annotation_id": 4}, ["x", "y"]),
        ({"id": 1, "data": "a", "label": ["x"]}, ["x"]),
        ({"text": "a", "annotations": [{"label": "x", "user": 1}], "annotation_approver": None}, "x"),
        ({"text": "a", "cats": {"x": 1.0, "y": 0.0}}, "x"),
        ({"text": "a", "label": "y", "score": 0.9, "scores": {"y": 0.9}, "gold_label": "x"}, "x"),
    ],
)  # fmt: skip
def test_labels_of_whole_texts(row: dict[str, Any], label: Any) -> None:
    [values] = of_rows(row).values
    assert values["text"] == "a"
    assert values["label"] == label
    assert not {"gold_label", "scores", "options", "annotations"} & set(values)


@pytest.mark.parametrize(
    ("row", "plain"),
    [
        ({"text": "a", "labels": ["y"], "scores": {}, "gold_labels": ["x"]}, {"text": "a", "labels": ["x"]}),
        ({"text": "a", "value": 1.0, "gold_value": 2}, {"text": "a", "value": 2}),
        ({"source": "a", "target": "y", "unfinished": True, "gold_target": "x"}, {"source": "a", "target": "x"}),
        (
            {"tokens": ["a"], "tags": ["O"], "entities": [], "gold_tags": ["B-X"]},
            {"tokens": ["a"], "tags": ["B-X"]},
        ),
        (
            {"question": "q", "context": "c", "answer": None, "candidates": [], "gold_answers": ["x"]},
            {"question": "q", "context": "c", "answers": ["x"]},
        ),
        (
            {"query": "q", "gold_labels": [1, 0],
             "candidates": [{"text": "b", "score": 2.0, "index": 1}, {"text": "a", "score": 1.0, "index": 0}]},
            {"query": "q", "candidates": [{"text": "a"}, {"text": "b"}], "labels": [1, 0]},
        ),
        ({"query": "q", "candidate": "c", "score": 0.1, "gold_label": 1}, {"query": "q", "candidate": "c", "label": 1}),
        ({"text": "a", "gold_label": "x"}, {"text": "a", "gold_label": "x"}),
        ({"text": "a", "label": "x"}, {"text": "a", "label": "x"}),
        ({"text": "a", "id": 7, "label": "y", "gold_label": "x"}, {"text": "a", "id": 7, "label": "x"}),
    ],
)  # fmt: skip
def test_predictions_of_ftk_are_read_with_their_own_labels(row: dict[str, Any], plain: dict[str, Any]) -> None:
    for labelled in (True, False):
        assert of_rows(row, labelled=labelled).values == [plain]


def test_predictions_without_labels_are_no_labels() -> None:
    """Otherwise a model would be scored on what it predicted itself."""
    predicted = {"text": "a", "label": "x", "score": 0.9, "scores": {"x": 0.9, "y": 0.1}}
    labelled = {**predicted, "gold_label": "y"}
    found = of_rows(labelled, predicted, {"text": "b", "error": "rows.jsonl:3: no text"})
    assert [row["label"] for row in found.values] == ["y"]
    assert of_kind(found.findings, kinds.NOT_ANNOTATED).count == 2
    assert len(of_rows(labelled, predicted, labelled=False).values) == 2
    alone = of_rows(predicted, predicted)
    assert alone.values == [predicted, predicted], "they may be learned from"
    assert of_kind(alone.findings, kinds.PREDICTED_LABELS)
    assert not of_rows({"text": "a", "label": "x", "scores": {"a": 1}}).findings


def test_a_gold_column_that_the_config_names_is_read_as_it_is() -> None:
    row = {"text": "a", "label": "y", "gold_label": "x"}
    assert of_rows(row, columns={"label": "gold_label"}).values == [row]


def test_choices_about_a_region_are_no_label_of_the_text() -> None:
    region = {"id": "r1", "type": "labels", "value": {"start": 0, "end": 1, "text": "a", "labels": ["X"]}}
    of_region = {"id": "r1", "type": "choices", "value": {"choices": ["doubtful"]}}
    found = of_rows({"id": 1, "data": {"text": "a"}, "annotations": [{"result": [region, of_region]}]})
    assert "label" not in found.values[0]
    assert of_kind(found.findings, kinds.RESULT_NOT_READ).count == 1


PREDICTED = {"text": "Ada", "entities": [{"label": "X", "start": 0, "end": 3, "text": "Ada", "score": 0.5}]}
GOLD = {**PREDICTED, "gold_entities": [{"label": "PER", "start": 0, "end": 3, "text": "Ada"}]}


@pytest.mark.parametrize(
    ("row", "answer"),
    [
        ({**GOLD, "answer": "accept"}, None),
        ({**GOLD, "answer": "reject"}, "reject"),
        ({**GOLD, "answer": "ignore", "_input_hash": 3}, "ignore"),
        ({"text": "a", "label": "y", "score": 0.5, "gold_label": "x", "answer": "accept"}, None),
        ({"text": "a", "label": "y", "score": 0.5, "gold_label": "x", "answer": "reject"}, "reject"),
        ({"text": "a", "labels": [], "scores": {}, "gold_labels": ["x"], "answer": "ignore"}, "ignore"),
    ],
)
def test_predictions_for_an_export_keep_its_answers(row: dict[str, Any], answer: str | None) -> None:
    assert len(of_rows(row, labelled=False).rows) == 1
    found = of_rows(row)
    assert len(found.rows) == (answer is None)
    if answer is not None:
        assert of_kind(found.findings, kinds.NOT_ACCEPTED).values["answer"] == answer


def test_an_accepted_row_without_an_option_has_no_label() -> None:
    options = [{"id": "a", "text": "A"}, {"id": "b", "text": "B"}]
    rows = [{"text": "x", "options": options, "accept": accept, "answer": "accept"} for accept in (["a"], [])]
    assert ["label" in row.values for row in of_rows(*rows, labelled=False).rows] == [True, False]
    assert of_kind(of_rows(*rows).findings, kinds.NOT_ANNOTATED).count == 1


def test_an_annotated_row_without_spans_has_none_beside_its_prediction() -> None:
    marked = {"text": "Ada", "spans": [{"start": 0, "end": 3, "label": "PER"}], "answer": "accept"}
    others = [{"text": "Bo", "answer": answer} for answer in ("accept", "reject", "ignore")]
    found = of_rows(marked, *others, labelled=False)
    assert [row.values.get("spans") for row in found.rows[1:]] == [[], None, None]
    assert ["spans" in row.values for row in of_rows(*others, labelled=False).rows] == [False] * 3
    empty = {"id": 2, "data": {"text": "x"}, "annotations": []}
    chosen = {"annotations": [{"result": [{"type": "choices", "value": {"choices": ["a"]}}]}]}
    found = of_rows(label_studio(1, "Ada", [(0, 3, "PER")]), empty, {**empty, **chosen}, labelled=False)
    assert [row.values.get("spans") for row in found.rows[1:]] == [None, []]


@pytest.mark.parametrize("first", [0, 1])
def test_a_prediction_without_a_gold_standard_is_no_label(first: int) -> None:
    rows = [GOLD, PREDICTED] if first == 0 else [PREDICTED, GOLD]
    found = of_rows(*rows)
    assert [row.values["entities"][0]["label"] for row in found.rows] == ["PER"]
    assert of_kind(found.findings, kinds.NOT_ANNOTATED).count == 1
    unlabelled = of_rows(*rows, labelled=False)
    assert ["entities" in row.values for row in unlabelled.rows] == ([True, False] if first == 0 else [False, True])


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        ({"text": "data.body"}, "body"),
        ({"text": "data.meta.body"}, "inner"),
        ({"text": "data.title"}, "title"),
        ({"text": "body"}, "body"),
        ({"text": "data.body", "label": "annotations.0.id"}, "body"),
    ],
)
def test_a_path_inside_an_export_leaves_it_recognised(columns: dict[str, str], text: str) -> None:
    task = label_studio(1, "body", [(0, 3, "PER")])
    task["data"] = {"body": "body", "title": "title", "meta": {"body": "inner"}}
    found = of_rows(task, columns=columns)
    assert of_kind(found.findings, kinds.RECOGNISED).count == 1
    [row] = found.rows
    assert row.values[columns["text"]] == text
    assert [span["label"] for span in row.values["spans"]] == [["PER"]]


def test_a_file_that_a_column_keeps_as_it_is_is_said() -> None:
    task = label_studio(1, "Ada", [(0, 3, "PER")])
    found = of_rows(task, columns={"spans": "annotations"})
    assert of_kind(found.findings, kinds.NOT_MADE_PLAIN).values["column"] == "annotations"
    assert found.values == [task]


def test_tasks_that_nobody_annotated_are_left_out_and_counted() -> None:
    done = label_studio(1, "Ada", [(0, 3, "PER")])
    found = of_rows(done, {"id": 2, "data": {"text": "x"}, "annotations": []})
    assert [row.line for row in found.rows] == [1]
    assert of_kind(found.findings, kinds.NOT_ANNOTATED).places == ["r.jsonl:2"]
    assert of_kind(found.findings, kinds.RECOGNISED).count == 1


def test_of_several_annotations_the_ground_truth_is_read() -> None:
    one, other = label_studio(1, "Ada", []), label_studio(1, "Ada", [(0, 3, "PER")])
    truth = {**other["annotations"][1], "ground_truth": True}
    [row] = of_rows({**one, "annotations": [*one["annotations"], truth]}).rows
    assert [span["label"] for span in row.values["spans"]] == [["PER"]]


def test_rows_of_no_tool_stay_as_they_are() -> None:
    rows = [{"text": "a", "answer": "yes"}, {"text": "b", "data": {"x": 1}}, {"id": 3, "annotations": "none"}]
    assert of_rows(*rows).values == rows


def test_files_of_spacy_are_read_by_spacy_or_named() -> None:
    try:
        import spacy
        from spacy.tokens import DocBin
    except ImportError:
        with pytest.raises(DataError, match=r"a\.spacy: these are documents of spaCy"):
            read(b"\0", "a.spacy")
        return
    nlp, docs = spacy.blank("xx"), DocBin()
    for text, spans in CORPUS:
        doc = nlp(text)
        doc.ents = [doc.char_span(a, b, label=name, alignment_mode="expand") for a, b, name in spans]
        docs.add(doc)
    docs.to_disk("a.spacy")
    found = read(Path("a.spacy").read_bytes(), "a.spacy")
    assert [values["text"] for values in found.values] == [text for text, _ in CORPUS]
    assert [len(values["spans"]) for values in found.values] == [len(spans) for _, spans in CORPUS]


_RIGHT, _WRONG = ["It is six.", "Six it is."], ["It is five.", "No idea."]


def _passages(texts: list[str]) -> list[dict[str, str]]:
    return [{"title": "", "text": text} for text in texts]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("flag.jsonl", json.dumps({"query": "How much?", "pos": _RIGHT, "neg": _WRONG, "prompt": "Find"})),
        ("plural.jsonl", json.dumps({"question": "How much?", "positives": _RIGHT, "hard_negatives": _WRONG})),
        ("lists.jsonl", json.dumps({"query": "How much?", "positive": _RIGHT, "negative": _WRONG})),
        (
            "tevatron.jsonl",
            json.dumps(
                {
                    "query_id": "1",
                    "query": "How much?",
                    "positive_passages": _passages(_RIGHT),
                    "negative_passages": _passages(_WRONG),
                }
            ),
        ),
        (
            "dpr.json",
            json.dumps(
                [
                    {
                        "question": "How much?",
                        "answers": ["six"],
                        "positive_ctxs": _passages(_RIGHT),
                        "hard_negative_ctxs": _passages(_WRONG[:1]),
                        "negative_ctxs": _passages(_WRONG[1:]),
                    }
                ],
                indent=1,
            ),
        ),
        ("pandas.tsv", f"query\tpos\tneg\nHow much?\t{_RIGHT!r}\t{_WRONG!r}\n"),
    ],
)
def test_queries_with_lists_of_positives(name: str, content: str) -> None:
    rows = read(content, name)
    assert of_kind(rows.findings, kinds.RECOGNISED)
    assert [row["positive"] for row in rows.values] == _RIGHT
    assert all(row["negatives"] == _WRONG for row in rows.values)
    together = read(content, name, labelled=False)
    assert [row["candidates"] for row in together.values] == [[*_RIGHT, *_WRONG]]
    assert [row["labels"] for row in together.values] == [[1, 1, 0, 0]]


def test_numbered_negatives_and_queries_without_a_positive() -> None:
    table = "anchor,positive,negative_1,negative_2\nHow much?,Six.,Five.,No idea.\nWhere?,There.,Here.,\n"
    assert [row["negatives"] for row in read(table, "rows.csv").values] == [["Five.", "No idea."], ["Here."]]
    rows = read(
        '{"query": "How?", "pos": [], "neg": ["a"]}\n{"query": "Why?", "pos": ["b"], "neg": []}\n', "rows.jsonl"
    )
    assert [row["positive"] for row in rows.values] == ["b"]
    assert of_kind(rows.findings, kinds.WITHOUT_POSITIVE).count == 1


@pytest.mark.parametrize(
    "values",
    [
        {"query": "How much?", "positive": "Six.", "negatives": ["Five."]},
        {"query": "How much?", "candidates": ["Six.", "Five."], "positive": ["Six."]},
        {"query": "How much?", "tokens": ["How", "much"], "pos": ["ADV", "ADJ"]},
        {"text": "How much?", "pos": ["ADV", "ADJ"], "neg": ["a"]},
        {"query": "How much?", "positive": "Six.", "negative": "Five."},
    ],
)
def test_rows_that_look_like_lists_of_positives(values: dict[str, Any]) -> None:
    assert read(json.dumps(values), "rows.jsonl").values == [values]
