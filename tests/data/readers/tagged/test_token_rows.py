"""Tables with a row per token: their sentences become rows, or the table is refused."""

import json
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from data_helpers import data_config, ner_task, of_kind, read, refused
from ftk.config.data_choices import Format
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Reading
from ftk.contracts.notes import Notes
from ftk.data.readers.one_file import read_file
from ftk.errors import DataError

TOKENS = [["Rita", "Kos", "sleeps"], ["Oslo", "waits"]]
TAGS = [["B-PER", "I-PER", "O"], ["B-LOC", "O"]]
ROWS = [(0, "Rita", "B-PER"), (0, "Kos", "I-PER"), (0, "sleeps", "O"), (1, "Oslo", "B-LOC"), (1, "waits", "O")]


def table(header: str, layout: str, *, sparse: bool = False) -> str:
    """The rows above; ``sparse`` names a sentence in its first row alone."""
    written, before = [header], None
    for sentence, token, tag in ROWS:
        number = "" if sparse and sentence == before else f"s{sentence}"
        written.append(layout.format(s=number, t=token, g=tag))
        before = sentence
    return "\n".join(written) + "\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", table("sentence_id,words,labels", "{s},{t},{g}")),
        ("a.csv", table("Sentence #,Word,POS,Tag", "{s},{t},NN,{g}", sparse=True)),
        ("a.csv", table("sentence_idx,word,tag", "{s},{t},{g}")),
        ("a.tsv", table("sent_id\ttoken\tner_tag", "{s}\t{t}\t{g}")),
        ("a.tsv", table("doc_id\tsent\tform\tupos\tner", "d\t{s}\t{t}\tNN\t{g}")),
        ("a.csv", table("word,tag,sentence", "{t},{g},{s}")),
        ("a.csv", table("id,Sentence,Token,NER Tag", "7,{s},{t},{g}")),
        ("a.csv", table("sid;token;iob", "{s};{t};{g}")),
        ("a.jsonl", "".join(json.dumps({"sentence_id": s, "word": t, "tag": g}) + "\n" for s, t, g in ROWS)),
        ("a.json", json.dumps([{"sent": s, "text": t, "label": g} for s, t, g in ROWS])),
    ],
)
def test_rows_of_tokens_become_sentences(name: str, content: str) -> None:
    found = read(content, name)
    assert [row["tokens"] for row in found.values] == TOKENS
    assert [row["tags"] for row in found.values] == TAGS
    assert of_kind(found.findings, kinds.TOKEN_ROWS).values["sentence_by"] == "found by name"
    assert len(found.rows[0].lines) == 3


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", table("tweet_id,token,label", "{s},{t},{g}")),
        ("a.csv", table("Satz;Wort;Tag", "{s};{t};{g}")),
        ("a.csv", table("phrase,mot,étiquette", "une {s},{t},{g}")),
        ("a.tsv", table("id\tword\tpos\tner", "{s}\t{t}\tNN\t{g}")),
        ("a.csv", table("doc_id,line,token,iob", "d1,{s},{t},{g}")),
        ("a.jsonl", "".join(json.dumps({"line": s, "word": t, "kind": g}) + "\n" for s, t, g in ROWS)),
    ],
)
def test_the_column_of_sentences_is_found_by_content(name: str, content: str) -> None:
    found = read(content, name)
    assert [row["tokens"] for row in found.values] == TOKENS
    assert [row["tags"] for row in found.values] == TAGS
    assert of_kind(found.findings, kinds.TOKEN_ROWS).values["sentence_by"] == "found by content"


@pytest.mark.parametrize("nothing", ["", "nan", "None"])
def test_rows_without_a_token_are_between_sentences(nothing: str) -> None:
    content = table("token,label,page", "{t},{g},7").replace("sleeps,O,7", f"sleeps,O,7\n{nothing},{nothing},7")
    found = read(content, "a.csv")
    assert [row["tokens"] for row in found.values] == TOKENS
    assert [row["tags"] for row in found.values] == TAGS
    of_kind(found.findings, kinds.PARTED_TOKEN_ROWS)


def test_parquet() -> None:
    columns: dict[str, list[Any]] = {
        "sentence_id": [s for s, _, _ in ROWS],
        "tokens": [t for _, t, _ in ROWS],
        "ner_tags": [g for _, _, g in ROWS],
    }
    pyarrow.parquet.write_table(pyarrow.table(columns), "a.parquet")
    rows = list(read_file("a.parquet", Format.auto, data_config(), Notes(), labelled=True, tagged=True))
    assert [row.values["tokens"] for row in rows] == TOKENS
    assert [row.values["tags"] for row in rows] == TAGS


def test_the_column_of_sentences_is_named() -> None:
    content = table("block,piece,kind", "{s},{t},{g}")
    found = read(content, "a.csv", columns={"sentence": "block", "tokens": "piece", "tags": "kind"})
    assert [row["tokens"] for row in found.values] == TOKENS
    with pytest.raises(DataError, match=r"data\.columns\.sentence=blok, but the columns are block, piece, kind"):
        read(content, "a.csv", columns={"sentence": "blok"})
    with pytest.raises(DataError, match=r"name it: data\.columns\.tokens"):
        read(content, "a.csv", columns={"sentence": "block"})


def test_a_sentence_that_comes_again_is_another_one() -> None:
    content = "sentence_id,token,tag\n" + "".join(f"{s},{t},{g}\n" for s, t, g in [*ROWS, *ROWS[:3]])
    found = read(content, "a.csv")
    assert [row["tokens"] for row in found.values] == [*TOKENS, TOKENS[0]]
    assert of_kind(found.findings, kinds.SENTENCE_AGAIN).places == ["a.csv:7: '0'"]


@pytest.mark.parametrize(
    "content",
    [
        "sentence_id,text,label\n1,Rita sleeps,x\n2,Oslo waits,y\n",
        "sentence_id,text,label\n1,Rita,x\n2,Oslo,y\n3,Oslo,y\n",
        "sentence,label\nRita,x\nOslo,y\n",
        "sentence_id,tokens,tags\n1,Rita sleeps,B-PER O\n1,Oslo waits,B-LOC O\n",
        "user,text,label\nu1,good,x\nu1,bad,y\nu2,fine,x\nu2,poor,y\n",
        "page,word,tag\n1,Rita,B-PER\n1,Kos,I-PER\n1,sleeps,O\n1,Oslo,B-LOC\n",
        "pos,word,tag\nN1,Rita,B-PER\nN1,Kos,I-PER\nV2,sleeps,O\nN1,Oslo,B-LOC\n",
        "sentence_id,word,tag\n0,Rita,B-PER\n1,Oslo,B-LOC\n0,Kos,I-PER\n1,waits,O\n0,x,O\n1,y,O\n",
    ],
)
def test_rows_of_texts_stay_rows(content: str) -> None:
    assert len(read(content, "a.csv").rows) == content.count("\n") - 1


def test_tasks_without_tags_leave_rows_alone() -> None:
    assert len(read(table("sentence_id,text,label", "{s},{t},{g}"), "a.csv", tagged=False).rows) == 5


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "tokens,tags\nRita,B-PER\nKos,I-PER\nsleeps,O\n"),
        ("a.csv", "n,words,labels\n1,Rita,B-PER\n2,Kos,I-PER\n3,sleeps,O\n"),
        (
            "a.jsonl",
            '{"words": "Rita", "tags": "B-PER"}\n{"words": "Kos", "tags": "I-PER"}\n{"words": "x", "tags": "O"}\n',
        ),
        ("a.conll", "Rita\tB-PER\n\nKos\tI-PER\n\nsleeps\tO\n"),
    ],
)
def test_one_token_a_row_is_no_sentence(name: str, content: str) -> None:
    rows, notes = read(content, name).rows, Notes()
    ner_task().read(rows, Reading(data_config().columns, True, notes))
    assert kinds.ONE_TOKEN_ROWS in [finding.kind for finding in refused(notes)]


def test_one_token_a_row_is_reported_in_prediction() -> None:
    from data_helpers import sentences

    words = [{"tokens": "Rita", "tags": "B-PER"}, {"tokens": "Kos", "tags": "I-PER"}, {"tokens": "x", "tags": "O"}]
    found, notes = sentences(words, labelled=False)
    assert (len(found), of_kind(notes, kinds.ONE_TOKEN_ROWS).policy) == (3, "predicted")
    for innocent in ([{"text": "Rita"}] * 3, [{"tokens": ["Rita"]}] * 3, [{"tokens": "Rita Kos"}] * 3):
        assert kinds.ONE_TOKEN_ROWS not in [finding.kind for finding in sentences(innocent, labelled=False)[1]]


def test_lists_of_one_token_are_sentences() -> None:
    content = '{"tokens": ["Rita"], "tags": ["B-PER"]}\n' * 3 + '{"tokens": ["x"], "tags": ["O"]}\n'
    rows, notes = read(content, "a.jsonl").rows, Notes()
    found = ner_task().read(rows, Reading(data_config().columns, True, notes))
    notes.raise_errors()
    assert (len(found), of_kind(notes, kinds.ONE_TOKEN_ROWS).policy) == (4, "lists")


@pytest.mark.parametrize(
    "row",
    [
        {"text": "Rita Kos sleeps", "labels": "B-PER I-PER O"},
        {"sentence": "Rita Kos sleeps", "ner_tags": ["B-PER", "I-PER", "O"]},
        {"sentence": "Rita Kos sleeps", "word_labels": "B-PER,I-PER,O"},
        {"text": "Rita Kos sleeps", "tags": '["PER", "PER", "O"]'},
    ],
)
def test_a_text_with_a_tag_for_each_word_is_tokens(row: dict[str, Any]) -> None:
    from data_helpers import sentences

    (sentence,), notes = sentences([row])
    notes.raise_errors()
    assert (sentence.tokens, sentence.tags) == (TOKENS[0], TAGS[0])
    assert of_kind(notes, kinds.TEXT_AS_TOKENS).count == 1


@pytest.mark.parametrize(
    ("labels", "kind"), [("B-PER O", kinds.UNEQUAL_TAGS), ("very good", kinds.MISSING), ("positive", kinds.MISSING)]
)
def test_other_labels_are_no_tags(labels: str, kind: Any) -> None:
    from data_helpers import sentences

    _, notes = sentences([{"text": "Rita Kos sleeps", "labels": labels}])
    assert [finding.kind for finding in refused(notes)] == [kind]
