"""Rows held out of training: what belongs together stays together, and every label is learned."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import write_jsonl
from data_helpers import MANY, data_config, of_kind, shipped_task
from ftk.config.data_choices import Unseen
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.example import Example, Tie
from ftk.contracts.findings import Finding
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.row_corpus import RowCorpus, read_training_corpus
from ftk.data.splitting.cutting import HoldOut
from ftk.errors import DataError

Rows = list[dict[str, Any]]


def cut(rows: Rows | str, task: str = "text-classification", **data: Any) -> tuple[RowCorpus, list[Finding]]:
    """The corpus of rows, or of a file, in which nothing but training is named."""
    notes = Notes()
    path = rows if isinstance(rows, str) else write_jsonl("rows.jsonl", rows)
    found = read_training_corpus(data_config(train=path, **data), shipped_task(task), notes)
    return found, list(notes)


def values(found: RowCorpus, split: str, name: str) -> list[Any]:
    return [example.row.values.get(name) for example in found.examples[split]]


def labels(found: RowCorpus, split: str) -> Counter[Any]:
    return Counter(label for example in found.examples[split] for label in example.strata)


# --- What belongs together


def of_parts(make: Callable[[int, int], dict[str, Any]], parts: int = 30, rows: int = 3) -> Rows:
    """Rows of some parts, spread over the file."""
    return [make(part, row) for row in range(rows) for part in range(parts)]


def marked(part: int, row: int) -> dict[str, Any]:
    words = ["Ada", "met", "Bo", "in", f"town{part}"]
    other = (2, 4)[row % 2]
    text = " ".join(
        f"<e1>{word}</e1>" if at == 0 else f"<e2>{word}</e2>" if at == other else word for at, word in enumerate(words)
    )
    return {"part": part, "text": text, "label": "knows" if other == 2 else "lives"}


def spans(part: int, row: int) -> dict[str, Any]:
    first, second = [(0, 1), (2, 3), (4, 5)][row], [(2, 3), (4, 5), (0, 1)][row]
    tokens = ["Ada", "met", "Bo", "in", f"town{part}"]
    return {"part": part, "tokens": tokens, "head": list(first), "tail": list(second), "label": "ab"[row % 2]}


def question(part: int, row: int) -> dict[str, Any]:
    context = f"Town {part} has many mills and 7 towers."
    answers = [{"text": "7", "start": context.index("7 ")}] if row else []
    return {"part": part, "question": f"How many {row}?", "context": context, "answers": answers}


def sentence(name: str) -> Callable[[int, int], dict[str, Any]]:
    def make(part: int, row: int) -> dict[str, Any]:
        return {name: f"d{part}", "part": part, "tokens": [f"w{part}", f"v{row}"], "tags": ["B-PER", "O"]}

    return make


def text(**more: Callable[[int, int], Any]) -> Callable[[int, int], dict[str, Any]]:
    def make(part: int, row: int) -> dict[str, Any]:
        own = {name: value(part, row) for name, value in more.items()}
        return {"part": part, "text": f"text {part} {row}", "label": "ab"[row % 2], **own}

    return make


TOGETHER: dict[str, tuple[str, Callable[[int, int], dict[str, Any]], dict[str, Any]]] = {
    "a sentence with other marks": ("relation", marked, {}),
    "a sentence with other spans": ("relation", spans, {}),
    "a context": ("question-answering", question, {}),
    "a query with its positives": (
        "ranking",
        lambda part, row: {"part": part, "query": f"q{part}", "positive": f"p{part} {row}"},
        {},
    ),
    "a query with labelled candidates": (
        "ranking",
        lambda part, row: {"part": part, "query": f"q{part}", "candidate": f"p{part} {row}", "label": int(row == 1)},
        {},
    ),
    "a document by doc_id": ("ner", sentence("doc_id"), {}),
    "a document by document": ("ner", sentence("document"), {}),
    "a document of relations": ("relation", lambda part, row: {**marked(part * 9 + row, row), "doc_key": part}, {}),
    "a first text": ("text-classification", text(text=lambda part, _: f"t{part}", pair=lambda *at: f"p{at}"), {}),
    "a second text": ("text-classification", text(pair=lambda part, _: f"p{part}"), {}),
    "a text that is first or second": (
        "regression",
        lambda part, row: {
            "part": part,
            "text_a": f"t{part}" if row else f"a{part}",
            "text_b": f"b{part} {row}" if row else f"t{part}",
            "score": part + row / 10,
        },
        {},
    ),
    "the same text": ("text-classification", text(text=lambda part, _: f"t{part}"), {}),
    "the same source": (
        "translation",
        lambda part, row: {"part": part, "source": f"s{part}", "target": f"t{part} {row}"},
        {},
    ),
    "a column of numbers": ("text-classification", text(user=lambda part, _: part), {"group": "user"}),
    "a column of names": ("multi-label", text(user=lambda part, _: f"u{part}"), {"group": "user"}),
    "a column beside a document": (
        "ner",
        lambda part, row: {**sentence("doc_id")(part * 9 + row, row), "page": part},
        {"group": "page"},
    ),
    "a column of relations": ("relation", lambda part, row: {**marked(part * 9 + row, row), "b": part}, {"group": "b"}),
}


@pytest.mark.parametrize("case", TOGETHER)
@pytest.mark.parametrize("shares", [{}, {"test_share": 0.2}, {"validation_share": 0.0, "test_share": 0.3}])
def test_rows_that_belong_together_stay_on_one_side(case: str, shares: dict[str, float]) -> None:
    task, make, data = TOGETHER[case]
    rows = of_parts(make)
    for row in rows:
        row.pop("part", None)
    found, findings = cut(rows, task, **shares, **data)
    sides = {split: {(example.row.line - 1) % 30 for example in examples} for split, examples in found.examples.items()}
    held = [split for split in ("validation", "test") if shares.get(f"{split}_share", split == "validation")]
    assert list(sides) == ["train", *held]
    for split, part in sides.items():
        assert part, split
        assert not any(part & other for name, other in sides.items() if name != split)
    assert not any(finding.kind in (kinds.TIE_CUT, kinds.SHARE_MISSED) for finding in findings)


CONLL = {
    "conll": ("-DOCSTART- O\n\n", "d.conll"),
    "conllu": ("# newdoc id = x\n", "d.conll"),
    "text": ("-DOCSTART-\tO\n\n", "d.txt"),
}


@pytest.mark.parametrize("form", CONLL)
def test_marks_of_documents_in_conll_files(form: str) -> None:
    mark, name = CONLL[form]
    between = "\t" if "\t" in mark else " "
    with open(name, "w", encoding="utf-8") as stream:
        for document in range(20):
            stream.write(mark)
            for number in range(3):
                stream.write(f"w{document}{between}B-PER\nv{number}{between}O\n\n")
    found, _ = cut(name, "ner", test_share=0.1)
    sides = [{example.row.document for example in rows} for rows in found.examples.values()]
    assert [len(side) for side in sides] == [16, 2, 2]
    assert len(set().union(*sides)) == 20


def test_documents_too_large_to_be_held_out_are_cut_and_that_is_said() -> None:
    rows = [{"doc_id": number % 2, "tokens": [f"w{number}"], "tags": ["B-PER"]} for number in range(40)]
    found, findings = cut(rows, "ner")
    assert len(found.examples["validation"]) == 4
    said = of_kind(findings, kinds.TIE_CUT)
    assert (said.count, said.values["what"]) == (4, "document")


@pytest.mark.parametrize("mark", ["-DOCSTART- -X- O", "# newdoc id = all", ""])
def test_one_document_for_all_rows_is_no_document(mark: str) -> None:
    sentences = [f"w{number} O\nv{number} B-PER\n" for number in range(40)]
    Path("all.conll").write_text("\n".join([f"{mark}\n", *sentences]), encoding="utf-8")
    found, findings = cut("all.conll", "ner")
    assert found.examples["validation"]
    assert kinds.TIE_CUT not in [one.kind for one in findings]


def test_a_second_text_that_most_rows_share_ties_none_together() -> None:
    """As the aspect of a review."""
    rows = [{"text": f"room {n // 2}", "pair": "ab"[n % 2], "label": "xy"[n % 2]} for n in range(60)]
    found, findings = cut(rows)
    held = values(found, "validation", "text")
    assert len(held) == 6
    assert not set(held) & set(values(found, "train", "text")), "the first text still does"
    assert of_kind(findings, kinds.TIE_CUT).count == 6


def test_groups_of_a_column_are_never_cut() -> None:
    rows = [{"text": f"t{n}", "label": "xy"[n // 2 % 2], "user": n % 3} for n in range(60)]
    found, findings = cut(rows, group="user")
    assert Counter(values(found, "validation", "user")).most_common() == [
        (Counter(values(found, "validation", "user")).most_common()[0][0], 20)
    ]
    assert of_kind(findings, kinds.SHARE_MISSED).count == 20


def test_a_group_outweighs_equal_texts() -> None:
    rows = [{"text": "ok" if n % 4 == 0 else f"t{n}", "label": "xy"[n % 2], "user": n // 4} for n in range(120)]
    found, findings = cut(rows, group="user")
    sides = [set(values(found, split, "user")) for split in ("train", "validation")]
    assert not sides[0] & sides[1]
    assert of_kind(findings, kinds.TIE_CUT).values["what"] == "text"


VARIANTS = ["Rita of Oslo {}", "rita of oslo {}", "RITA  of Oslo {} "]


@pytest.mark.parametrize(
    ("task", "more"),
    [
        ("text-classification", {}),
        ("text-classification", {"pair": "asked of all"}),
        ("regression", {"label": 1.0}),
        ("multi-label", {"labels": ["a"]}),
        ("ner", {"spans": [[0, 4, "PER"]]}),
        ("relation", {"head": [0, 4], "tail": [8, 10]}),
    ],
)
def test_texts_that_differ_by_case_or_blanks_stay_on_one_side(task: str, more: dict[str, Any]) -> None:
    rows = [{"text": VARIANTS[n % 3].format(n // 3), "label": "ab"[n % 2], **more} for n in range(120)]
    if task == "regression":
        rows = [{**row, "label": float(n)} for n, row in enumerate(rows)]
    elif task == "multi-label":
        rows = [{"text": row["text"], "labels": ["a", "b"][: 1 + n % 2]} for n, row in enumerate(rows)]
    found, findings = cut(rows, task, test_share=0.1)
    seen = {split: {n.casefold().split()[-1] for n in values(found, split, "text")} for split in found.examples}
    assert not seen["train"] & (seen["validation"] | seen["test"])
    assert not seen["validation"] & seen["test"]
    assert len(found.examples["validation"]) == len(found.examples["test"]) == 12
    assert not any(finding.kind == kinds.VARIANT_OF_TRAINING for finding in findings)


def test_values_of_groups_that_are_written_in_two_ways() -> None:
    written = [1, 1.0, "1 ", "2", 2.0, " 2"]
    rows = [{"text": f"t{n}", "label": "ab"[n % 2], "user": written[n % 6]} for n in range(60)]
    rows += [{"text": f"u{n}", "label": "ab"[n % 2], "user": f"user {n}"} for n in range(400)]
    found, _ = cut(rows, group="user")
    sides = {
        split: {str(one).strip()[:1] for one in values(found, split, "user")} & {"1", "2"} for split in found.examples
    }
    assert not sides["train"] & sides["validation"]


@pytest.mark.parametrize(
    ("group", "nest"),
    [
        ("meta.hotel.id", lambda part: {"meta": {"hotel": {"id": part}}}),
        ("meta.hotel", lambda part: {"meta.hotel": part}),
        ("ids.0", lambda part: {"ids": [part, 1]}),
        ("a.b.c", lambda part: {"a.b": {"c": str(part)}}),
    ],
)
def test_the_path_of_a_key_is_a_group(group: str, nest: Callable[[int], dict[str, Any]]) -> None:
    def row(part: int, number: int) -> dict[str, Any]:
        return {"text": f"text {part} {number}", "label": "ab"[number % 2], "part": part, **nest(part)}

    found, findings = cut(of_parts(row, parts=10, rows=6), group=group)
    sides = [set(values(found, split, "part")) for split in found.examples]
    assert not set.intersection(*sides)
    assert not [one for one in findings if one.severity == "error" or one.kind == kinds.WITHOUT_GROUP]


def test_columns_of_groups_that_are_missing_or_empty() -> None:
    rows: Rows = [{"text": f"t{n}", "label": "xy"[n % 2], "user": None if n < 5 else n % 6} for n in range(30)]
    with pytest.raises(DataError) as error:
        cut(rows, group="users")
    assert [finding.kind for finding in error.value.findings] == [kinds.MISSING_GROUP]
    assert "user" in str(error.value)
    assert of_kind(cut(rows, group="user")[1], kinds.WITHOUT_GROUP).count == 5
    with pytest.raises(DataError, match=r"too few values of 'one' \(data\.group\)"):
        cut([{**row, "one": 1} for row in rows], group="one")


# --- Labels


def classes(**counts: int) -> Rows:
    """Rows sorted by their class, as many files are."""
    names = [name for name, count in counts.items() for _ in range(count)]
    return [{"text": f"text {number}", "label": name} for number, name in enumerate(names)]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("counts", "held"),
    [
        ({"a": 90, "b": 10}, {"a": 9, "b": 1}),
        ({"a": 97, "b": 3}, {"a": 9, "b": 1}),
        ({"a": 98, "b": 2}, {"a": 9, "b": 1}),
        ({"a": 99, "b": 1}, {"a": 10}),
        ({"a": 500, "b": 300, "c": 200}, {"a": 50, "b": 30, "c": 20}),
        ({"a": 2, "b": 1}, {"a": 1}),
        ({"a": 5, "b": 1, "c": 1, "d": 1}, {"a": 1}),
        ({"a": 40, "b": 40, "c": 1, "d": 2, "e": 2}, {"a": 3, "b": 3, "d": 1, "e": 1}),
    ],
)
def test_labels_are_in_proportion(counts: dict[str, int], held: dict[str, int], seed: int) -> None:
    found, _ = cut(classes(**counts), split_seed=seed)
    size = sum(held.values())
    assert len(found.examples["validation"]) == size
    here = labels(found, "validation")
    assert all(abs(here[name] - number) <= (len(counts) > 4) for name, number in held.items())
    assert set(labels(found, "train")) == set(counts)


def test_many_rare_labels_are_shared_out_by_the_seed_and_the_size_stays() -> None:
    rows = classes(**{f"l{number}": 5 for number in range(40)})
    for seed in range(3):
        found, _ = cut(rows, split_seed=seed)
        assert len(found.examples["validation"]) == 20
        assert set(labels(found, "validation").values()) == {1}
        assert len(labels(found, "train")) == 40


@pytest.mark.parametrize(
    ("task", "make"),
    [
        ("multi-label", lambda n: {"text": f"t{n}", "labels": ["all", *(["rare"] if n == 7 else []), f"m{n % 5}"]}),
        ("ner", lambda n: {"tokens": [f"a{n}", "b"], "tags": ["B-RARE" if n == 7 else f"B-T{n % 5}", "O"]}),
        ("token-classification", lambda n: {"tokens": [f"a{n}"], "tags": ["RARE" if n == 7 else f"T{n % 5}"]}),
        ("relation", lambda n: {"text": f"<e1>a{n}</e1> <e2>b</e2>", "label": "rare" if n == 7 else f"r{n % 5}"}),
        (
            "question-answering",
            lambda n: {
                "question": "q",
                "context": f"c {n}",
                "answers": [] if n == 7 else [{"text": "c", "start": 0}],
            },
        ),
    ],
)
def test_the_only_row_with_a_label_is_learned_from(task: str, make: Callable[[int], dict[str, Any]]) -> None:
    rows = [make(number) for number in range(50)]
    for seed in range(4):
        found, _ = cut(rows, task, split_seed=seed, test_share=0.2)
        assert {split: len(part) for split, part in found.examples.items()} == {
            "train": 35,
            "validation": 5,
            "test": 10,
        }
        assert set(labels(found, "train")) >= set(labels(found, "validation")) | set(labels(found, "test"))
        assert 8 in [example.row.line for example in found.examples["train"]]
        if task != "question-answering":
            assert len(labels(found, "test")) >= 5


def test_numbers_are_shared_out_by_tenths() -> None:
    rows = [{"text": f"t{number}", "score": number**2} for number in range(100)]
    found, _ = cut(rows, "regression")
    tenths = [int(value**0.5) // 10 for value in values(found, "validation", "score")]
    assert sorted(tenths) == list(range(10))


def test_nothing_can_be_held_out_where_each_row_has_a_label_of_its_own() -> None:
    rows = classes(**{f"l{number}": 1 for number in range(8)})
    with pytest.raises(DataError, match=r"data\.validation_share=0.*data\.unseen_labels=count"):
        cut(rows)
    assert len(cut(rows, validation_share=0.0)[0].examples["train"]) == 8
    found, findings = cut(rows, unseen_labels="count")
    assert {split: len(part) for split, part in found.examples.items()} == {"train": 7, "validation": 1}
    assert of_kind(findings, kinds.UNLEARNED_LABEL).count == 1


# --- The test split


def test_the_test_split_does_not_depend_on_that_of_validation() -> None:
    rows = classes(a=100, b=50)
    with_validation, findings = cut(rows, test_share=0.2)
    alone, others = cut(rows, test_share=0.2, validation_share=0.0)
    assert values(with_validation, "test", "text") == values(alone, "test", "text")
    assert labels(alone, "test") == Counter(a=20, b=10)
    assert of_kind(findings, kinds.TEST_CUT).values["held"] == 30
    assert [finding.kind for finding in others if finding.kind is kinds.NO_VALIDATION]
    named, _ = cut(rows, test_share=0.2, validation=write_jsonl("v.jsonl", classes(a=1, b=1)))
    assert values(named, "test", "text") == values(alone, "test", "text")
    assert list(with_validation.examples) == ["train", "validation", "test"]


def test_statistics_are_not_those_of_the_test_split() -> None:
    rows = [{"text": f"t{number}", "score": number} for number in range(100)]
    whole = cut(rows, "regression", validation_share=0.0)[0].task
    assert cut(rows, "regression")[0].task.mean == whole.mean
    found = cut(rows, "regression", test_share=0.3)[0]
    kept = [*values(found, "train", "score"), *values(found, "validation", "score")]
    assert found.task.mean == pytest.approx([sum(kept) / len(kept)])


# --- Properties


@dataclass
class Item(Example):
    """A row with groups and labels of its own."""

    key: str
    own: tuple[Tie, ...]
    names: tuple[str, ...]
    row: Row

    @property
    def ties(self) -> tuple[Tie, ...]:
        return self.own

    @property
    def strata(self) -> tuple[str, ...]:
        return self.names


ITEMS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 40), st.lists(st.sampled_from("abcdef"), max_size=3)),
    min_size=2,
    max_size=60,
)


def items(drawn: Sequence[tuple[int, int, list[str]]]) -> list[Item]:
    return [
        Item(
            f"{number} {group}",
            (Tie("group", str(group)), Tie("text", str(second))),
            tuple(dict.fromkeys(names)),
            Row({}, "f", number),
        )
        for number, (group, second, names) in enumerate(drawn)
    ]


@MANY
@given(ITEMS, st.sampled_from([0.02, 0.1, 0.3, 0.6, 0.95]), st.sampled_from([0.0, 0.1, 0.4]), st.integers(0, 5))
def test_properties_of_every_cut(
    drawn: list[tuple[int, int, list[str]]], validation: float, test: float, seed: int
) -> None:
    rows = items(drawn)
    shares = {"test": test, "validation": validation if test == 0 else validation / 2}
    described = HoldOut(shares={split: share for split, share in shares.items() if share}, seed=seed)
    try:
        held = described.hold_out(rows)
    except DataError:
        return
    out = [row for part in held.rows.values() for row in part]
    assert len(out) == len(set(out)) < len(rows), "each row is in one split"
    side = dict.fromkeys(range(len(rows)), "train") | {row: split for split, part in held.rows.items() for row in part}
    groups: dict[str, set[str]] = {}
    for number, row in enumerate(rows):
        groups.setdefault(row.own[0].value, set()).add(side[number])
    assert all(len(sides) == 1 for sides in groups.values()), "no group on two sides"
    learned = {name for number, row in enumerate(rows) if side[number] == "train" for name in row.names}
    assert learned == {name for row in rows for name in row.names}, "every label is in training"
    largest = max(Counter(row.own[0].value for row in rows).values())
    for split, part in held.rows.items():
        assert part
        target = max(1, round(described.shares[split] * len(rows)))
        assert len(part) <= max(2 * target - 1, largest), "the share is respected"
    assert described.hold_out(rows).rows == held.rows, "the same again"
    order = list(range(len(rows)))
    random.Random(1).shuffle(order)
    other = described.hold_out([rows[number] for number in order])
    for split, part in held.rows.items():
        assert {order[row] for row in other.rows[split]} == set(part), "the order of the rows decides nothing"


@MANY
@given(st.lists(st.sampled_from("aaaabbc"), min_size=30, max_size=80), st.integers(0, 5))
def test_every_label_is_as_frequent_in_all_splits(names: list[str], seed: int) -> None:
    rows = items([(number, number, [name]) for number, name in enumerate(names)])
    rows = [Item(row.key, (Tie("text", str(number)),), row.names, row.row) for number, row in enumerate(rows)]
    held = HoldOut(shares={"validation": 0.2}, seed=seed, unseen=Unseen.count).hold_out(rows).rows["validation"]
    assert len(held) == round(0.2 * len(rows))
    here, everywhere = Counter(names[row] for row in held), Counter(names)
    for name, count in everywhere.items():
        assert abs(here[name] - 0.2 * count) <= 1 or (here[name] == 1 and 0.2 * count < 1)


def test_a_small_split_has_each_label_though_equal_texts_are_more_than_its_share() -> None:
    rows = [{"text": f"t{number % 12}", "label": "ab"[number % 2]} for number in range(40)]
    for seed in range(4):
        found, findings = cut(rows, split_seed=seed)
        assert set(labels(found, "validation")) == {"a", "b"}
        assert len(found.examples["validation"]) <= 7
        assert not any(finding.kind in (kinds.ONE_LABEL, kinds.SHARE_MISSED) for finding in findings)
