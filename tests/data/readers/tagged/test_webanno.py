"""WebAnno TSV: text, tokens, and spans in characters of the text, whatever is annotated beside."""

import pytest

from data_helpers import of_kind, read
from ftk.contracts import finding_kinds as kinds
from ftk.errors import DataError

ENTITIES = "#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value\n"
POS = "#T_SP=de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS|PosValue\n"
OTHER = "#T_SP=webanno.custom.Event|kind\n"
RELATION = "#T_RL=webanno.custom.Works|role|BT_de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity\n"
CHAIN = "#T_CH=de.tudarmstadt.ukp.dkpro.core.api.coref.type.CoreferenceLink|referenceType|referenceRelation\n"


def document(layers: str, *sentences: str, version: str = "3.3") -> str:
    """A file with these layers and sentences."""
    return f"#FORMAT=WebAnno TSV {version}\n{layers}\n\n" + "\n".join(sentences)


def spans(content: str, name: str = "a.tsv", **data: object) -> list[list[tuple[str, str]]]:
    """The text and the label of each span of each sentence."""
    rows = read(content, name, **data).values  # type: ignore[arg-type]
    key = next(key for key in rows[0] if key not in ("document", "text", "tokens"))
    return [[(row["text"][one["start"] : one["end"]], one["label"]) for one in row[key]] for row in rows]


def rows(*lines: str, text: str = "#Text=Rita Kos sleeps.\n") -> str:
    """A sentence whose lines have tabs for spaces, and one at their end."""
    return text + "".join(line.replace(" ", "\t") + "\t\n" for line in lines)


PARTS = rows("1-1 0-4 Rita _ _", "1-1.1 0-2 Ri * PER", "1-2 5-8 Kos _ _")
ASTRAL = rows("1-1 0-2 💩 _ _", "1-2 3-7 Rita * PER", "1-3 8-14 sleeps _ _", text="#Text=💩 Rita sleeps\n")
ESCAPED = rows(r"1-1 0-1 a * X\_Y", r"1-2 2-3 \\ * A\|B", r"1-3 4-5 b * C\[1\]", text="#Text=a \\\\ b\n")
LINES = rows("1-1 0-4 Rita *[1] PER[1]", "1-2 5-8 Kos *[1] PER[1]", text="#Text=Rita\n#Text=Kos\n")


@pytest.mark.parametrize(
    ("layers", "sentence", "expected"),
    [
        ("", rows("1-1 0-4 Rita PER", "1-2 5-8 Kos _"), [("Rita", "PER")]),
        (ENTITIES, rows("1-1 0-4 Rita *[1] PER[1]", "1-2 5-8 Kos *[1] PER[1]"), [("Rita Kos", "PER")]),
        (
            ENTITIES,
            rows("1-1 0-4 Rita *|*[2] PER|ORG[2]", "1-2 5-8 Kos *[2] ORG[2]"),
            [("Rita", "PER"), ("Rita Kos", "ORG")],
        ),
        (ENTITIES, PARTS, [("Ri", "PER")]),
        (ENTITIES, ASTRAL, [("Rita", "PER")]),
        (ENTITIES, ESCAPED, [("a", "X_Y"), ("\\", "A|B"), ("b", "C[1]")]),
        (POS + ENTITIES, rows("1-1 0-4 Rita NE * PER", "1-2 5-8 Kos NE _ _"), [("Rita", "PER")]),
        (ENTITIES + RELATION, rows("1-1 0-4 Rita * PER x 1-2", "1-2 5-8 Kos _ _ _ _"), [("Rita", "PER")]),
        (CHAIN + ENTITIES, rows("1-1 0-4 Rita *->1-1 n * PER", "1-2 5-8 Kos _ _ _ _"), [("Rita", "PER")]),
        ("#T_SP=webanno.custom.Event\n", rows("1-1 0-4 Rita *", "1-2 5-8 Kos _"), [("Rita", "Event")]),
        (ENTITIES, "#Sentence.id=7\n" + rows("1-1 0-4 Rita * PER"), [("Rita", "PER")]),
        (ENTITIES, rows("1-1 0-4 Rita * PER", "1-2 5-8 Kos _ _", text=""), [("Rita", "PER")]),
        (ENTITIES, LINES, [("Rita\nKos", "PER")]),
    ],
)
def test_spans_of_a_sentence(layers: str, sentence: str, expected: list[tuple[str, str]]) -> None:
    for name in ("a.tsv", "a.txt", "a.conll", "a"):
        assert spans(document(layers, sentence), name) == [expected]


def test_several_sentences_and_layers() -> None:
    first = rows("1-1 0-4 Rita E * PER", "1-2 5-8 Kos _ _ _")
    content = document(OTHER + ENTITIES, first, rows("2-1 17-21 Oslo _ * LOC", text="#Text=Oslo\n"))
    assert spans(content) == [[("Rita", "PER")], [("Oslo", "LOC")]]
    found = of_kind(read(content, "a.tsv").findings, kinds.WEBANNO_LAYERS).values
    assert (found["layer"], found["others"]) == ("NamedEntity.value", ["Event.kind"])
    for wanted in ("Event.kind", "kind", 3):
        assert spans(content, columns={"spans": wanted}) == [[("Rita", "E")], []]
    with pytest.raises(DataError, match=r"data\.columns\.spans=x, but the layers are Event\.kind, NamedEntity\.ident"):
        read(content, "a.tsv", columns={"spans": "x"})


def test_layers_without_a_reason_are_refused() -> None:
    content = document(OTHER + OTHER.replace("Event", "State"), rows("1-1 0-4 Rita E S", "1-2 5-8 Kos _ _"))
    with pytest.raises(DataError, match=r"data\.columns\.spans=Event\.kind or data\.columns\.spans=State\.kind"):
        read(content, "a.tsv")


def test_tags_of_tokens() -> None:
    content = document(POS, rows("1-1 0-4 Rita NE", "1-2 5-8 Kos _"))
    [row] = read(content, "a.tsv", columns={"tags": "PosValue"}).values
    assert (row["tokens"], row["PosValue"]) == (["Rita", "Kos"], ["NE", "_"])


def test_annotations_without_a_value_are_counted() -> None:
    found = read(document(ENTITIES, rows("1-1 0-4 Rita * *", "1-2 5-8 Kos * PER")), "a.tsv")
    assert of_kind(found.findings, kinds.WEBANNO_VALUELESS).count == 1
    assert [one["label"] for one in found.values[0]["spans"]] == ["PER"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Rita PER", r"a\.tsv:6: this is no line of WebAnno TSV: 'Rita\\tPER"),
        ("1-1 0-4 Kos _ PER", r"the token 1-1 'Kos' is not where it should be"),
    ],
)
def test_damaged_files_are_refused(line: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(document(ENTITIES, rows(line)), "a.tsv")
