"""data.limit: a seeded sample of each split with labels in proportion, drawn in one pass."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import write_jsonl
from data_helpers import MANY, data_config, of_kind, shipped_task
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.example import Number
from ftk.contracts.findings import Finding
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.contracts.values import Labels
from ftk.data.row_corpus import RowCorpus, read_test_corpus, read_training_corpus
from ftk.data.splitting.sampling import sample

Rows = list[dict[str, Any]]


def numbered(rows: Rows) -> list[Row]:
    return [Row(values, "rows", number) for number, values in enumerate(rows)]


def labels(row: Row) -> tuple[Any, ...]:
    return tuple(row.values["labels"])


def corpus(task: str = "text-classification", **data: Any) -> tuple[RowCorpus, list[Finding]]:
    files = {
        split: value if isinstance(value, str) else write_jsonl(f"{split}.jsonl", value)
        for split in ("train", "validation", "test")
        if (value := data.pop(split, None)) is not None
    }
    notes = Notes()
    found = read_training_corpus(data_config(**files, **{"validation_share": 0.0, **data}), shipped_task(task), notes)
    return found, list(notes)


SORTED: Rows = [{"text": f"t{n}", "label": "a" if n < 70 else "b" if n < 95 else "c"} for n in range(100)]
"""As many files are: sorted by class."""


@pytest.mark.parametrize(
    ("limit", "sizes"),
    [
        (20, [20, 20]),
        (3, [3, 3]),
        (99, [99, 99]),
        (100, [100, 100]),
        (1000, [100, 100]),
        (0.2, [20, 20]),
        (0.03, [3, 3]),
        ({"train": 20}, [20, 100]),
        ({"test": 0.5}, [100, 50]),
        ({"train": 10, "test": None}, [10, 100]),
        ({"train": 0.3, "test": 40}, [30, 40]),
        ({}, [100, 100]),
    ],
)
def test_the_forms_of_a_limit(limit: Any, sizes: list[int]) -> None:
    found, findings = corpus(train=SORTED, test=SORTED, limit=limit, unseen_labels="count")
    assert [len(found.examples[split]) for split in ("train", "test")] == sizes
    said = {finding.values["part"]: finding.values for finding in findings if finding.kind == kinds.LIMITED}
    assert {split: (values["taken"], values["total"]) for split, values in said.items()} == {
        split: (size, 100) for split, size in zip(("train", "test"), sizes, strict=True) if size < 100
    }


LABELLED: dict[str, tuple[str, Rows]] = {
    "classes": ("text-classification", SORTED),
    "numbers as classes": ("text-classification", [{**row, "label": "abc".index(row["label"])} for row in SORTED]),
    "truth values": ("text-classification", [{**row, "label": row["label"] == "a"} for row in SORTED]),
    "intents": ("text-classification", [{"text": row["text"], "intent": row["label"]} for row in SORTED]),
    "several labels": ("multi-label", [{"text": row["text"], "labels": [row["label"], "z"]} for row in SORTED]),
    "tags": ("ner", [{"tokens": [row["text"]], "tags": [f"B-{row['label']}"]} for row in SORTED]),
    "tags as a text": ("ner", [{"tokens": row["text"] + " here", "tags": f"B-{row['label']} O"} for row in SORTED]),
    "spans": ("ner", [{"text": row["text"], "spans": [[0, len(row["text"]), row["label"]]]} for row in SORTED]),
    "spans as objects": (
        "ner",
        [
            {"text": row["text"], "entities": [{"start": 0, "end": len(row["text"]), "label": row["label"]}]}
            for row in SORTED
        ],
    ),
    "parts of speech": (
        "token-classification",
        [{"tokens": ["x", row["text"]], "tags": ["D", row["label"]]} for row in SORTED],
    ),
    "relations": (
        "relation",
        [{"text": f"<e1>{row['text']}</e1> <e2>b</e2>", "relation": row["label"]} for row in SORTED],
    ),
}


@pytest.mark.parametrize("form", LABELLED)
@pytest.mark.parametrize("seed", [0, 1])
def test_labels_are_in_proportion_in_every_form(form: str, seed: int) -> None:
    task, rows = LABELLED[form]
    found, findings = corpus(task, train=rows, limit=20, split_seed=seed)
    lines = [example.row.line for example in found.examples["train"]]
    assert lines == sorted(lines), "the order of the file stays"
    share = Counter(SORTED[line - 1]["label"] for line in lines)
    if form == "truth values":
        assert share["a"] == 14
    else:
        assert share == Counter(a=14, b=5, c=1)
    assert "proportion" in of_kind(findings, kinds.LIMITED).values["how"]


@pytest.mark.parametrize("lines", ["label,text\n", "text,label\n"])
def test_cells_of_csv_files(lines: str) -> None:
    order = lines.strip().split(",")
    body = "".join(",".join(row[name] for name in order) + "\n" for row in SORTED)
    Path("sorted.csv").write_text(lines + body, encoding="utf-8")
    found, _ = corpus(train="sorted.csv", limit=20)
    assert Counter(example.target for example in found.examples["train"]) == Counter(a=14, b=5, c=1)


def test_the_rows_of_a_column_that_the_config_names() -> None:
    rows = [{"text": row["text"], "label": "same", "gold": row["label"]} for row in SORTED]
    found, _ = corpus(train=rows, limit=20, columns={"label": "gold"})
    assert Counter(example.target for example in found.examples["train"]) == Counter(a=14, b=5, c=1)
    rows = [{"text": row["text"], "a": int(row["label"] == "a"), "b": int(row["label"] != "a")} for row in SORTED]
    found, _ = corpus("multi-label", train=rows, limit=20, columns={"label": ["a", "b"]})
    assert Counter(example.target for example in found.examples["train"]) == {("a",): 14, ("b",): 6}


def test_numbers_are_drawn_from_all_tenths() -> None:
    found, _ = corpus("regression", train=[{"text": f"t{n}", "score": n} for n in range(400)], limit=20)
    tenths = Counter(int(example.target["score"]) // 40 for example in found.examples["train"])
    assert all(1 <= tenths[tenth] <= 4 for tenth in range(10))


@pytest.mark.parametrize("limit", [40, 0.1])
def test_queries_are_drawn_whole(limit: Any) -> None:
    rows = [
        {"query": f"q{n % 50}", "candidate": f"c{n % 50} {n // 50}", "label": int(n // 50 == 0)} for n in range(400)
    ]
    found, _ = corpus("ranking", test=rows, train=rows, limit={"test": limit})
    queries = Counter(example.query for example in found.examples["test"])
    assert set(queries.values()) == {8}
    assert len(queries) == 5


def test_a_query_with_more_rows_than_may_be_drawn() -> None:
    rows = [{"query": f"q{n // 100}", "candidate": f"c{n}", "label": int(n % 100 == 99)} for n in range(200)]
    found, _ = corpus("ranking", test=rows, train=rows, limit={"test": 8})
    drawn = found.examples["test"]
    assert len(drawn) == 8
    assert len({example.query for example in drawn}) == 1
    assert sum(example.grades == (1.0,) for example in drawn) == 1


def test_the_first_rows_with_the_simple_cut() -> None:
    found, findings = corpus(train=SORTED, test=SORTED, limit=75, cut="simple")
    assert [example.row.line for example in found.examples["test"]] == list(range(1, 76))
    assert {finding.values["part"] for finding in findings if finding.kind == kinds.FIRST_ROWS} == {"train", "test"}


def test_a_sorted_file_is_not_scored_on_its_first_class() -> None:
    path, notes = write_jsonl("test.jsonl", SORTED), Notes()
    data = data_config(test=path, limit=20)
    found = read_test_corpus(data, shipped_task("text-classification"), Labels(("a", "b", "c")), notes)
    assert Counter(example.target for example in found.examples["test"]) == Counter(a=14, b=5, c=1)
    assert of_kind(notes, kinds.LIMITED).values["part"] == "test"


def test_rows_that_all_have_one_label_of_several_are_reported() -> None:
    path, notes = write_jsonl("test.jsonl", SORTED[:30]), Notes()
    read_test_corpus(data_config(test=path), shipped_task("text-classification"), Labels(("a", "b", "c")), notes)
    said = of_kind(notes, kinds.ONE_LABEL)
    assert (said.count, said.values["label"]) == (30, "a")


class Counted(Row):
    """A row that knows how many of its kind are in memory."""

    there = most = 0

    def __init__(self, *values: Any) -> None:
        super().__init__(*values)
        Counted.there += 1
        Counted.most = max(Counted.most, Counted.there)

    def __del__(self) -> None:
        Counted.there -= 1


@pytest.mark.parametrize("together", [False, True])
def test_rows_that_are_dropped_are_not_held(together: bool) -> None:
    Counted.there = Counted.most = 0
    rows = (Counted({"labels": ["a" if number < 19000 else "b"]}, "f", number) for number in range(20000))
    by = (lambda row: str(row.line // 4)) if together else None
    drawn = sample(rows, 200, 0, labels_of=labels, together=by)
    assert len(drawn.rows) == 200
    assert drawn.total == 20000
    assert Counted.most < 12 * 200


def test_a_column_with_as_many_values_as_rows_holds_no_labels() -> None:
    rows = (Row({"labels": [str(number)]}, "f", number) for number in range(10000))
    drawn = sample(rows, 100, 0, labels_of=labels)
    assert (len(drawn.rows), drawn.labelled) == (100, False)


@MANY
@given(
    st.lists(st.lists(st.sampled_from("aaab"), max_size=2), min_size=1, max_size=300),
    st.one_of(st.integers(1, 320), st.floats(0.001, 0.999)),
    st.integers(0, 3),
)
def test_properties_of_every_sample(rows: list[list[str]], limit: float, seed: int) -> None:
    made = numbered([{"labels": list(dict.fromkeys(names))} for names in rows])
    wanted = min(len(rows), int(limit) if limit >= 1 else max(1, round(limit * len(rows))))
    drawn = sample(iter(made), limit, seed, labels_of=labels)
    assert len(drawn.rows) == wanted
    assert [row.line for row in drawn.rows] == sorted({row.line for row in drawn.rows})
    assert drawn.rows == sample(iter(made), limit, seed, labels_of=labels).rows
    here = Counter(name for row in drawn.rows for name in row.values["labels"])
    everywhere = Counter(name for row in made for name in row.values["labels"])
    if all(len(row.values["labels"]) == 1 for row in made):
        for name, count in everywhere.items():
            assert abs(here[name] - wanted * count / len(rows)) <= 1


@MANY
@given(st.lists(st.integers(0, 20), min_size=1, max_size=200), st.integers(1, 60), st.integers(0, 3))
def test_groups_are_drawn_whole_or_not_at_all(groups: list[int], limit: int, seed: int) -> None:
    made = numbered([{"labels": ["x"], "group": str(group)} for group in groups])
    drawn = sample(iter(made), limit, seed, labels_of=labels, together=lambda row: row.values["group"])
    sizes = Counter(row.values["group"] for row in made)
    here = Counter(row.values["group"] for row in drawn.rows)
    assert drawn.rows
    whole = all(sizes[group] == count for group, count in here.items())
    assert whole or (len(here) == 1 and len(drawn.rows) <= limit)


def test_rows_without_labels_are_drawn_all_the_same() -> None:
    made = numbered([{"labels": []} for _ in range(50)])
    assert len(sample(made, 5, 0, labels_of=labels).rows) == 5
    assert len(sample(made, 5, 0, labels_of=lambda row: (Number("x", float(row.line)),)).rows) == 5
