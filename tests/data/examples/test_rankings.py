"""Rows of queries and candidates: the forms that are read, and what is refused, with its place."""

import json
from pathlib import Path

import pytest

from data_helpers import counted, data_config, of_kind, refused
from ftk.config.data_choices import Format
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.examples.rankings import Form, RankingReader
from ftk.data.readers.one_file import read_file
from ftk.errors import DataError
from ftk.tasks.ranking.sampling import NegativeSampling
from ftk.tasks.ranking.training_rows import comparable, grouped


def read(*rows, labelled=True, elsewhere=False, notes=None, **columns):
    notes = notes or Notes()
    numbered = [Row(row, "rows.jsonl", number) for number, row in enumerate(rows, start=1)]
    found = RankingReader(columns=columns, labelled=labelled, elsewhere=elsewhere, notes=notes).read(numbered)
    notes.raise_errors()
    return found


PAIR = {"query": "q", "positive": "a"}
LABELLED = {"query": "q", "candidate": "a", "label": 1}
LIST = {"query": "q", "candidates": ["a", "b"], "labels": [1, 0]}


def test_one_right_candidate_with_and_without_wrong_ones():
    plain, hard, none = read(
        {"question": "q", "answer": "a", "id": 7},
        {"question": "r", "answer": "b", "negatives": ["c", {"text": "d", "source": 3}]},
        {"question": "s", "answer": "c", "negatives": None},
    )
    assert (plain.query, plain.candidates, plain.grades, plain.form) == ("q", ("a",), (1,), Form.right)
    assert plain.columns == {"id": 7}
    assert hard.candidates == ("b", "c", "d")
    assert hard.grades == (1, 0, 0)
    assert hard.others[2] == {"source": 3}
    assert none.candidates == ("c",)


def test_labelled_pairs_and_lists():
    notes = Notes()
    [one, graded] = read(LABELLED, {"query": "q", "candidate": "b", "label": "2.5"}, notes=notes)
    assert one.grades == (1,)
    assert graded.grades == (2.5,)
    assert graded.gold == "2.5"
    assert one.form is Form.pair
    columns = {"query": "query", "candidate": "candidate", "label": "label"}
    assert of_kind(notes, kinds.COLUMNS_FOUND).values == {"columns": columns}
    [whole] = read({**LIST, "labels": [True, False]})
    assert (whole.candidates, whole.grades, whole.form) == (("a", "b"), (1, 0), Form.group)


def test_a_column_called_positive_is_right_whatever_else_is_called_a_label():
    [example] = read({**PAIR, "label": "sport"})
    assert example.form is Form.right
    assert example.columns == {"label": "sport"}
    [named] = read({**PAIR, "label": "0"}, label="label")
    assert named.grades == (0,)


def test_columns_of_other_names_and_lists_in_cells():
    Path("rows.csv").write_text('q;right;wrong\n"[""hello"", ""who is it?""]";me;"[""you"", ""they""]"\nx;[sic];\n')
    columns = {"query": "q", "candidate": "right", "negatives": "wrong"}
    notes = Notes()
    rows = list(read_file("rows.csv", Format.auto, data_config(), notes, labelled=True))
    first, second = RankingReader(columns=columns, labelled=True, notes=notes).read(rows)
    notes.raise_errors()
    assert first.query == "hello\nwho is it?"  # a history, one part per line
    assert first.candidates == ("me", "you", "they")
    assert second.candidates == ("[sic]",)


@pytest.mark.parametrize("text", ["[]", '["who", "where"]', f"[{'1' * 5000}]", "[" * 100_000])
def test_a_text_that_looks_like_a_list_is_a_text_where_the_format_has_lists(text):
    [asked] = read({"text": text}, labelled=False, elsewhere=True)
    assert asked.query == text
    [ranked] = read({"query": text, "positive": text, "negatives": ["no"]})
    assert (ranked.query, ranked.candidates) == (text, (text, "no"))
    [one] = read({"query": "q", "positive": "yes", "negatives": text})
    assert one.candidates == ("yes", text)


@pytest.mark.parametrize(("name", "format"), [("rows.tsv", Format.auto), ("rows.dump", Format.csv)])
def test_cells_of_tables_spell_lists_and_what_spells_none_is_a_text(name, format):
    number = f"[{'1' * 5000}]"
    Path(name).write_text(f'query\tcandidates\tlabels\n{number}\t["a", {{"text": "b"}}]\t[1, 0.5]\n')
    notes = Notes()
    rows = list(read_file(name, format, data_config(), notes, labelled=True))
    [example] = RankingReader(columns={}, labelled=True, notes=notes).read(rows)
    assert (example.query, example.candidates, example.grades) == (number, ("a", "b"), (1, 0.5))


def test_all_missing_columns_are_reported_at_once_and_once_per_file():
    rows = [Row({"q": "a", "a": "b"}, file, line) for file in ("one.jsonl", "two.jsonl") for line in range(1, 9)]
    for columns, expected in (
        ({}, [(kinds.MISSING, "query"), (kinds.MISSING, "candidate")]),
        (
            {"query": "ask", "candidate": "reply"},
            [(kinds.MISSING_COLUMN, "query"), (kinds.MISSING_COLUMN, "candidate")],
        ),
    ):
        notes = Notes()
        RankingReader(columns=columns, labelled=True, notes=notes).read(rows)
        found = refused(notes)
        assert [(finding.kind, finding.values["role"]) for finding in found] == expected
        places = ["one.jsonl:1 has q, a", "two.jsonl:1 has q, a"]
        assert [(finding.count, finding.places) for finding in found] == [(16, places)] * 2
        assert all(str(finding).endswith("… and 14 more") for finding in found)


def test_what_a_prediction_writes_over_in_a_candidate_is_counted():
    notes = Notes()
    found = [{"text": "a", "score": 0.5, "row": 3}, {"text": "b", "index": 1}]
    read({"query": "q", "candidates": found}, {"query": "q", "candidates": ["a"]}, labelled=False, notes=notes)
    found = [(finding.kind, finding.values, finding.count) for finding in notes]
    assert found == [(kinds.OWN_COLUMN, {"column": name}, 1) for name in ("score", "index")]


def test_without_labels_rows_of_all_forms_are_read_and_keep_what_they_have():
    rows = [PAIR, {**LABELLED, "label": "?"}, {"query": "q", "candidates": ["a"], "positive": "b"}, LIST]
    right, pair, found, whole = read(*rows, labelled=False)
    assert all(example.grades is None for example in (right, pair, found, whole))
    assert pair.gold == "?"
    assert found.candidates == ("a",)
    assert found.columns == {"positive": "b"}
    assert whole.gold == [1, 0]


def test_without_labels_what_is_empty_is_counted():
    notes = Notes()
    read({"query": " "}, {"query": "q"}, labelled=False, elsewhere=True, notes=notes)
    assert counted(notes) == [(kinds.EMPTY_PART, "candidates_ranked", 1, ["rows.jsonl:1"])]
    assert of_kind(notes, kinds.EMPTY_PART).values == {"role": "query"}


def test_with_candidates_elsewhere_only_lists_are_a_row_s_own():
    bare, pair, whole = read({"query": "q"}, {**LABELLED, "negatives": ["c"]}, LIST, labelled=False, elsewhere=True)
    assert [example.form for example in (bare, pair, whole)] == [Form.query, Form.query, Form.group]
    assert pair.columns == {"candidate": "a", "label": 1, "negatives": ["c"]}


@pytest.mark.parametrize(("label", "grade"), [(True, 1), (False, 0), ("True", 1), ("FALSE", 0), ("1.0", 1), (2, 2)])
def test_a_label_is_a_number_or_a_truth_value(label, grade):
    (example,) = read({**LABELLED, "label": label})
    assert example.grades == (grade,)


def test_texts_that_often_stand_for_a_missing_one_are_reported():
    notes = Notes()
    read({**PAIR, "positive": "nan"}, notes=notes)
    assert [found.places for found in notes if found.kind is kinds.ODD_TEXT] == [["rows.jsonl:1"]]


BROKEN = {
    "no query": ({"text": "q", "positive": "a"}, kinds.MISSING, "has text, positive"),
    "no candidate": ({"query": "q"}, kinds.MISSING, "has query"),
    "query is a number": ({"query": 3, "positive": "a"}, kinds.NOT_A_STRING, "query=3"),
    "candidate is null": ({"query": "q", "positive": None}, kinds.NOT_A_STRING, "positive=None"),
    "candidate is empty": ({"query": "q", "positive": " "}, kinds.EMPTY_PART, ""),
    "negatives are numbers": ({**PAIR, "negatives": [1]}, kinds.NOT_A_CANDIDATE, "1"),
    "list without labels": ({"query": "q", "candidates": ["a", "b"]}, kinds.MISSING_CANDIDATE_LABELS, ""),
    "too few labels": ({**LIST, "labels": [1]}, kinds.UNEQUAL_LABELS, "2 candidates, 1 labels"),
    "label is a word": ({**LABELLED, "label": "good"}, kinds.NOT_A_GRADE, "label='good'"),
    "label is negative": ({**LIST, "labels": [1, -1]}, kinds.NOT_A_GRADE, "labels=[1, -1]"),
    "label has an underscore": ({**LABELLED, "label": "1_0"}, kinds.NOT_A_GRADE, "label='1_0'"),
    "label is of other digits": ({**LIST, "labels": [1, "\uff11"]}, kinds.NOT_A_GRADE, "labels="),
    "label is not a number": ({**LABELLED, "label": float("nan")}, kinds.NOT_A_GRADE, "label=nan"),
    "label is missing": ({**LABELLED, "label": None}, kinds.NOT_A_GRADE, "label=None"),
    "empty list": ({**LIST, "candidates": [], "labels": []}, kinds.NO_CANDIDATES, ""),
    "right and wrong": ({**PAIR, "negatives": ["b", "a"]}, kinds.CONTRADICTING_CANDIDATE, "'a'"),
    "list and negatives": ({**LIST, "negatives": ["c"]}, kinds.TWO_FORMS, ""),
    "label and negatives": ({**LABELLED, "negatives": ["c"]}, kinds.TWO_FORMS, ""),
    "history of numbers": ({"query": [["a"]], "positive": "a"}, kinds.NOT_A_QUERY, ""),
}


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_broken_rows_are_reported_with_their_place(name):
    row, kind, where = BROKEN[name]
    like = {"candidate": LABELLED, "candidates": LIST}.get(
        next((key for key in row if key in ("candidate", "candidates")), ""), PAIR
    )
    with pytest.raises(DataError) as caught:
        read(like, row)
    [found] = caught.value.findings
    assert (found.kind, found.count) == (kind, 1)
    [place] = found.places
    assert place.startswith("rows.jsonl:2")
    assert where in place


def test_rows_of_a_split_are_of_one_form():
    with pytest.raises(DataError) as caught:
        read(PAIR, {"query": "q", "candidate": "b", "label": 0})
    [found] = caught.value.findings
    assert (found.kind, found.places) == (kinds.MIXED_FORMS, ["rows.jsonl:2"])
    assert (found.values["form"], found.values["first_form"]) == (Form.pair.value, Form.right.value)


def test_a_column_that_is_named_has_to_be_there():
    with pytest.raises(DataError) as caught:
        read(PAIR, negatives="hard")
    [found] = caught.value.findings
    assert (found.kind, found.values["column"]) == (kinds.MISSING_COLUMN, "hard")


def test_a_candidate_twice_is_counted_and_kept():
    notes = Notes()
    [example] = read({"query": "q", "candidates": ["a", "a", "b"], "labels": [1, 1, 0]}, notes=notes)
    assert len(example.candidates) == 3
    assert of_kind(notes, kinds.REPEATED_CANDIDATE).places == ["rows.jsonl:1"]


def test_labelled_pairs_of_a_query_are_put_together_for_training():
    notes = Notes()
    pairs = [("q", "a", 0), ("r", "a", 1), ("q", "b", 2), ("q", "a", 1), ("q", "b", 0), ("q", "a", 1), ("r", "a", 1)]
    rows = [{"query": query, "candidate": text, "label": label} for query, text, label in pairs]
    first, second = grouped(read(*rows, notes=notes), notes)
    assert (first.query, first.candidates, first.grades) == ("q", ("a", "b"), (1, 2))
    assert first.form is Form.group
    assert (second.query, second.candidates) == ("r", ("a",))
    other, again = [note for note in map(str, notes.drain()) if "earlier" in note or "another" in note]
    assert other.startswith("2 rows with the query and the candidate of another row")
    assert "rows.jsonl:4, :5" in other
    assert again.startswith("2 rows with the query, the candidate and the label of an earlier row: the pair is learned")
    assert "rows.jsonl:6, :7" in again


def learned(*rows, hard=7, sampled=7, each=False):
    """The queries that a cross-encoder learns from, and the reports about the others."""
    notes = Notes()
    kept = comparable(read(*rows), NegativeSampling(hard, sampled, 100), notes, each=each)
    return "".join(example.query for example in kept), list(map(str, notes.drain()))


def test_queries_without_anything_wrong_are_left_out_or_learned_alone_and_counted():
    rows = [{"query": "a", "positive": "x", "negatives": ["no"]}, {"query": "b", "positive": "y"}]
    assert learned(*rows) == ("ab", [])
    what = "1 query without a negative that a step would use"
    assert learned(*rows, sampled=0) == ("a", [f"{what}: left out of training (rows.jsonl:2)"])
    assert learned(*rows, sampled=0, each=True) == (
        "ab",
        [f"{what}: only their positives are learned (rows.jsonl:2)"],
    )
    # What is right for the query in another row is no wrong one; nor is what is right nowhere drawn from other rows.
    same = [{"query": "a", "positive": "x", "negatives": ["y"]}, {"query": "a", "positive": "y"}]
    assert learned(*same, {"query": "b", "positive": "x", "negatives": ["z"]}, sampled=0)[0] == "b"
    lists = [
        {"query": "a", "candidates": ["x", "w"], "labels": [1, 0]},
        {"query": "b", "candidates": ["x", "v"], "labels": [0, 0]},  # the one right text is its own
        {"query": "c", "candidates": ["v"], "labels": [0]},
    ]
    kept, told = learned(*lists, hard=0, each=True)
    assert kept == "ac"
    assert told[-1] == f"{what}: left out of training (rows.jsonl:2)"


@pytest.mark.parametrize(("grade", "what"), [(0, "no row has a positive"), (1, "no row has a negative")])
@pytest.mark.parametrize("each", [False, True])
def test_nothing_right_or_nothing_wrong_to_learn_is_refused(grade, what, each):
    rows = [{"query": query, "candidates": ["x", "w"], "labels": [grade, grade]} for query in "ab"]
    with pytest.raises(DataError, match=what):
        learned(*rows, each=each)


def test_the_demo_corpus_has_150_rows_that_are_all_different():
    from ftk.data.readers.splits import demo_files

    files = demo_files("ranking")
    rows = [json.loads(line) for path in files.values() for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 150
    assert len({row["query"] for row in rows}) == len({row["positive"] for row in rows}) == 150


@pytest.mark.parametrize(
    ("rows", "role", "choices"),
    [
        ([{**PAIR, "answer": "b"}], "candidate", "positive or data.columns.candidate=answer"),
        ([{"query": "q", "candidate": "a", "response": "b", "label": 1}], "candidate", "candidate or"),
        ([{**PAIR, "positive": ""}, {**PAIR, "positive": "", "passage": "b"}], "candidate", None),
        ([{**PAIR, "positive": "", "passage": "b"}, {**PAIR, "passage": "b"}], "candidate", "positive or"),
        ([PAIR, {"anchor": "q", "positive": "a"}], "query", "query or data.columns.query=anchor"),
        ([{**PAIR, "question": "r"}, {**PAIR, "query": "", "question": "r"}], "query", "query or"),
        ([{**PAIR, "negative": "n"}, {**PAIR, "hard_negatives": ["m"]}], "negatives", "negative or"),
        ([{**LABELLED, "relevance": 3}], "label", "label or data.columns.label=relevance"),
        ([LABELLED, {"query": "q", "candidate": "b", "grade": 0}], "label", "label or"),
    ],
)
def test_rows_that_leave_a_column_open_are_refused_and_the_key_named(rows, role, choices):
    if choices is None:
        with pytest.raises(DataError):
            read(*rows)
        return
    with pytest.raises(DataError) as error:
        read(*rows)
    [found] = error.value.findings
    assert (found.kind, found.values["role"]) == (kinds.COMPETING_COLUMNS, role)
    assert choices in found.values["choices"]


@pytest.mark.parametrize(
    ("row", "role", "column", "policy"),
    [
        ({**PAIR, "question": "r"}, "query", "query", "first"),
        ({**PAIR, "query": "", "question": "q"}, "query", "question", "filled"),
        ({**PAIR, "answer": "a"}, "candidate", "positive", "first"),
        ({**PAIR, "positive": None, "answer": "a"}, "candidate", "answer", "filled"),
        ({**PAIR, "negative": "n", "hard_negatives": ["m"]}, "negatives", "negative", "first"),
        ({**PAIR, "negatives": [], "hard_negatives": ["n"]}, "negatives", "hard_negatives", "filled"),
        ({**PAIR, "negatives": "[]", "negative": "n"}, "negatives", "negative", "filled"),
        ({**LABELLED, "grade": 1}, "label", "label", "first"),
        ({**LABELLED, "label": None, "relevance": 1}, "label", "relevance", "filled"),
    ],
)
def test_a_choice_of_columns_is_said_with_its_reason(row, role, column, policy):
    notes = Notes()
    found = read(row, row, notes=notes)
    said = of_kind(notes, kinds.COLUMN_CHOSEN)
    assert (said.values["role"], said.values["column"], said.policy) == (role, column, policy)
    assert (found[0].query, found[0].candidates[0]) == ("q", "a")
    assert found[0].candidates[1:] == (("n",) if role == "negatives" else ())


@pytest.mark.parametrize(
    ("columns", "negatives"),
    [
        ({"negative_1": "n", "negative_2": "m"}, ("n", "m")),
        ({"negative_2": "m", "negative_10": "o", "negative_1": "n"}, ("n", "m", "o")),
        ({"neg_0": "n", "neg_1": None}, ("n",)),
        ({"hard_negative1": "n"}, ("n",)),
        ({"negative_1": "", "negative_2": ""}, ()),
        ({"negative": "n", "negative_score_1": 3}, ("n",)),
    ],
)
def test_negatives_in_columns_with_numbers_are_learned(columns, negatives):
    notes = Notes()
    [found] = read({**PAIR, **columns}, notes=notes)
    assert found.candidates == ("a", *negatives)
    assert sum(finding.kind == kinds.NUMBERED_NEGATIVES for finding in notes) == ("negative" not in columns)


def test_a_label_beside_positives_is_said_not_to_be_read_or_refused():
    notes = Notes()
    read({**PAIR, "label": 3}, {**PAIR, "label": 0}, {**PAIR, "label": "news"}, notes=notes)
    assert of_kind(notes, kinds.LABEL_NOT_READ).values == {"column": "label", "example": "label"}
    rows = [{**PAIR, "label": 1}, {**PAIR, "label": "0"}, {**PAIR, "label": False}]
    with pytest.raises(DataError) as error:
        read(*rows)
    [found] = error.value.findings
    assert (found.kind, found.count, found.places) == (
        kinds.POSITIVE_WITHOUT_RELEVANCE, 2, ["rows.jsonl:2", "rows.jsonl:3"]
    )  # fmt: skip
    assert [one.grades for one in read(*rows, label="label")] == [(1,), (0,), (0,)]
