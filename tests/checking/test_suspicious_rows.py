"""What is said about rows that reading lets pass: each kind where it is meant, and not beside it."""

from collections.abc import Sequence
from typing import Any

import pytest

from ftk.checking.rows import check_examples
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.findings import Finding, FindingKind
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.examples.questions import Answer, QuestionExample
from ftk.data.examples.rankings import Form, RankingExample
from ftk.data.examples.sentences import Sentence
from ftk.data.examples.sequences import SequenceExample
from ftk.data.examples.texts import TextExample

PLAIN = [
    f"A good plain text about the {what} of many things" for what in ("look", "size", "use", "age", "price", "end")
]


def row(at: int, columns: dict[str, Any] | None = None) -> Row:
    return Row(columns or {}, "a.csv", at + 2)


def texts(
    rows: Sequence[str | tuple[str, str]], labels: Sequence[Any] = ("x", "y"), **columns: Sequence[Any]
) -> list[TextExample]:
    """Rows of texts or pairs, with labels and other columns that repeat."""
    made = []
    for at, text in enumerate(rows):
        one, other = text if isinstance(text, tuple) else (text, None)
        own = {name: values[at % len(values)] for name, values in columns.items()}
        target = labels[at % len(labels)]
        made.append(TextExample(one, other, target, target, 1.0, row(at), own))
    return made


def sentence(marked: str, at: int = 0) -> Sentence:
    """A sentence of words, of which each word like ``Ada/PER`` or ``Lovelace/+PER`` is in a span."""
    words = [word.partition("/") for word in marked.split()]
    tokens = [word for word, _, _ in words]
    tags = [f"I-{tag[1:]}" if tag[:1] == "+" else f"B-{tag}" if tag else "O" for _, _, tag in words]
    starts = [sum(len(token) + 1 for token in tokens[:at]) for at in range(len(tokens))]
    ends = [start + len(token) for start, token in zip(starts, tokens, strict=True)]
    return Sentence(" ".join(tokens), starts, ends, tokens, tags, tags, row(at), {})


def found(kind: FindingKind, train: Sequence[Any], test: Sequence[Any] = (), **options: Any) -> list[Finding]:
    """The findings of one kind."""
    notes = Notes()
    check_examples({"train": train, **({"test": test} if test else {})}, notes, **options)
    return [finding for finding in notes if finding.kind is kind]


@pytest.mark.parametrize(
    ("kind", "odd", "good"),
    [
        (kinds.CONTROL_CHARACTER, ["a bell\x07 rings", "don\x92t"], ["two\nlines\tand a tab", "Windows\r\n"]),
        (
            kinds.INVISIBLE_CHARACTER,
            ["free\u200bmoney", "soft\u00adly", "\ufeffbegins with a mark", "vi\u200dagra"],
            ["می\u200cخواهم", "👩\u200d👧", "ភាសា\u200bខ្មែរ", "क्\u200dष"],
        ),
        (kinds.LOST_CHARACTER, ["caf\ufffd"], ["café"]),
        (
            kinds.MOJIBAKE,
            ["cafÃ© au lait", "itâ€™s", "ÐŸÑ€Ð¸Ð²ÐµÑ‚", "ðŸ˜€ fun", "Â£5", "ï»¿begins", "GÃ¼nther"],
            ["CAFÉ»", "NÃO", "Ångström", "das „Ä“", "São João", "château", "MANHÃ”", "£5"],
        ),
        (
            kinds.DIRECTION_MARK,
            ["user\u202egnp.exe", "\u200ehello", "שלום \u202babc"],
            ["שלום \u200f!", "\u202bשלום\u202c"],
        ),
        (kinds.PRIVATE_CHARACTER, ["a sign \ue001", "half \ud83d"], ["a whole 😀"]),
        (kinds.MIXED_SCRIPTS, ["pаypal asks", "Mосква", "ВТC now"], ["TNFα and ΔF508", "VIPов", "Москва Paris"]),
        (kinds.APART_ACCENTS, ["cafe\u0301"], ["café", "x\u0301"]),
        (
            kinds.MARKUP_LEFT,
            ["<p>Hello", "a<br />b", "Tom &amp; Ann", "it&#39;s", '<a href="x">y</a>'],
            ["1 < 2 & 3 > 2", "<e1>Ada</e1>", "AT&T; Co", "<3"],
        ),
        (
            kinds.ESCAPES_LEFT,
            [r"caf\u00e9", r"one\ntwo.\nThree", r"\x62eef", "caf%C3%A9 noir"],
            [r"C:\new\table", "5% of 20% off", "ends.\\", "https://a.org/caf%C3%A9"],
        ),
        (
            kinds.NO_WORDS,
            ["https://t.co/abc", "12,5 %", "...", "a@b.org"],
            [":-)", "see https://t.co/a", "route 66", "😀"],
        ),
        (
            kinds.PLACEHOLDER,
            ["[deleted]", "TODO", "Lorem ipsum dolor sit amet", "test"],
            ["test the brakes first", "deleted by me"],
        ),
    ],
)
def test_texts_are_looked_at(kind: FindingKind, odd: list[str], good: list[str]) -> None:
    assert sum(finding.count for finding in found(kind, texts([*PLAIN, *odd]))) == len(odd)
    for text in odd:
        assert found(kind, texts([*PLAIN, text])), text
    for text in good:
        assert not found(kind, texts([*PLAIN, text])), text


def test_a_place_shows_the_line_and_what_is_there() -> None:
    (finding,) = found(kinds.LOST_CHARACTER, texts([*PLAIN, "a caf\ufffd in Oslo"]))
    assert finding.places == [f"a.csv:{len(PLAIN) + 2}: 'a caf\ufffd in Oslo'"]
    assert finding.split == "train"


def test_lengths_that_are_far_from_others_and_lengths_at_which_texts_end() -> None:
    many = [f"{text} {'and more ' * (at % 9)}" for at, text in enumerate(PLAIN * 20)]
    (finding,) = found(kinds.FAR_LONGER, texts([*many, "word " * 2000]))
    assert (finding.count, finding.places) == (1, ["a.csv:122: 10,000 characters"])
    assert not found(kinds.FAR_LONGER, texts(many))
    assert found(
        kinds.CUT_TEXTS, texts([(text * 9)[:80] if at % 5 == 0 else text[:60] for at, text in enumerate(many)])
    )
    assert not found(kinds.CUT_TEXTS, texts(many))


def test_labels_that_texts_say() -> None:
    odd = texts([*PLAIN, "label: spam I won", "__label__spam win", "I won (Category = Spam)", "spam"], ["spam"])
    assert [finding.count for finding in found(kinds.LABEL_IN_TEXT, odd)] == [4]
    good = texts([*PLAIN, "label: ham I won", "label: spammer", "spam is what this is", "target:"], ["spam"])
    assert not found(kinds.LABEL_IN_TEXT, good)
    assert found(kinds.LABEL_IN_TEXT, texts(["tag: red and so on"], [("blue", "red")]))
    (bracketed,) = found(kinds.LABEL_IN_TEXT, texts([*PLAIN, "where is it [Spam]", "(spam) I won"], ["spam"]))
    assert bracketed.count == 2
    assert not found(kinds.LABEL_IN_TEXT, texts(["a note [1]", "[spammer] is here", "[spam"], ["1", "spam", "spam"]))


@pytest.mark.parametrize("form", ["{text}. {label}", "{text} {label}", "{label}: {text}", "{text} #{label}"])
def test_labels_that_nearly_all_texts_begin_or_end_with(form: str) -> None:
    labels = ["card payment", "0"]
    rows = [form.format(text=text, label=labels[at % 2]) for at, text in enumerate(PLAIN * 10)]
    (finding,) = found(kinds.LABEL_IN_TEXT, texts([*rows, "another"], labels))
    assert finding.count == len(rows)
    half = [text if at % 4 < 2 else PLAIN[0] for at, text in enumerate(rows)]
    assert not found(kinds.LABEL_IN_TEXT, texts(half, labels))


def test_labels_that_are_rare_uneven_sorted_or_not_tested() -> None:
    usual = texts([*PLAIN] * 30, ["a", "b"])
    (rare,) = found(kinds.RARE_LABEL, [*usual, *texts(PLAIN[:2], ["c"])], usual)
    assert rare.values["names"] == "c 2"
    (absent,) = found(kinds.LABEL_NOT_TESTED, [*usual, *texts(PLAIN[:2], ["c"])], usual)
    assert absent.count == 1
    assert not found(kinds.RARE_LABEL, usual)
    assert not found(kinds.LABEL_NOT_TESTED, usual, usual)
    assert not found(kinds.UNEVEN_LABELS, usual)
    assert not found(kinds.SORTED_ROWS, usual)
    assert found(kinds.UNEVEN_LABELS, texts(PLAIN * 30, ["a"] * 19 + ["b"]))
    assert found(kinds.SORTED_ROWS, sorted(usual, key=lambda example: str(example.target)))
    (moved,) = found(kinds.OTHER_SHARES, usual, texts(PLAIN * 30, ["a", "a", "a", "a", "b"]))
    assert moved.count == 2
    assert not found(kinds.OTHER_SHARES, usual, usual)


def test_columns_that_tell_the_label() -> None:
    told = texts(
        PLAIN * 10, ["a", "b"], id=["a_001", "b_002"], topic=[1, 2], length=[3, 4, 5], text=["one", "two", "three"]
    )
    (finding,) = found(kinds.COLUMN_TELLS, told)
    assert [place.partition(":")[0] for place in finding.places] == ["'id'", "'topic'"]
    for numbers in (["0", "1"], ["class_0", "class_1"], [0.0, 1.0]):
        assert found(kinds.COLUMN_TELLS, texts(PLAIN * 10, ["a", "b"], label_id=numbers)), numbers
    assert not found(kinds.COLUMN_TELLS, texts(PLAIN * 10, ["a", "b"], id=[str(number) for number in range(60)]))
    assert not found(kinds.COLUMN_TELLS, texts(PLAIN * 10, ["a", "b", "a"], id=["x1", "x2"]))
    assert not found(kinds.COLUMN_TELLS, texts(PLAIN, ["a", "b"], id=["x", "y"]))  # too few rows


def test_numbers_that_are_far_from_all_others() -> None:
    numbers = [{"score": float(at % 7)} for at in range(60)]
    assert not found(kinds.NUMBER_APART, texts(PLAIN * 10, numbers))
    (finding,) = found(kinds.NUMBER_APART, texts(PLAIN * 10, [*numbers[:-1], {"score": 450.0}]))
    assert (finding.count, finding.places) == (1, ["a.csv:61: 450"])


def test_rows_of_two_texts_that_are_equal() -> None:
    pairs = texts([("One text here", "Another text"), ("The same text", "The  same text "), ("", "")])
    (finding,) = found(kinds.EQUAL_TEXTS, pairs)
    assert (finding.count, finding.values["other"]) == (1, "second text")
    copied = [SequenceExample("The source", ("The source",), None, 1.0, row(0), {})]
    assert found(kinds.EQUAL_TEXTS, copied)
    ranked = [RankingExample("a query", ("a query", "b"), (1.0, 0.0), Form.group, None, ({}, {}), row(0), {})]
    assert found(kinds.EQUAL_TEXTS, ranked)
    ranked = [RankingExample("a query", ("c", "a query"), (1.0, 0.0), Form.group, None, ({}, {}), row(0), {})]
    assert not found(kinds.EQUAL_TEXTS, ranked)


def test_targets_that_are_far_longer_than_their_sources_let_expect() -> None:
    rows = [
        SequenceExample("word " * (5 + at % 40), ("wort " * (5 + at % 40 + at % 3),), None, 1.0, row(at), {})
        for at in range(80)
    ]
    assert not found(kinds.ODD_RATIO, rows)
    rows[7] = SequenceExample("word " * 12, ("wort " * 300,), None, 1.0, row(7), {})
    (finding,) = found(kinds.ODD_RATIO, rows)
    assert (finding.count, finding.places[0].partition(": ")[0]) == (1, "a.csv:9")


def test_spans_with_punctuation_at_their_edges() -> None:
    odd = ["in Oslo,/LOC today", "the (/ORG BBC/+ORG", '"/PER Ada/+PER said']
    good = [
        "at Yahoo!/ORG today",
        "in Georgia/LOC (USA)/+LOC",
        "“Faust”/WORK by Goethe/PER",
        "J./PER Smith/+PER",
        "Dr.No/PER",
    ]
    (finding,) = found(kinds.PUNCTUATED_SPAN, [sentence(text) for text in [*odd, *good]])
    assert finding.count == len(odd)


def test_texts_that_are_marked_elsewhere_or_otherwise() -> None:
    usual = [sentence(f"Ada/PER Lovelace/+PER met {word} in Oslo/LOC", at) for at, word in enumerate("abcdef")]
    slips = [sentence("then Ada Lovelace went to Oslo/ORG and Oslo/LOC", 6), sentence("Oslo is where Ada was", 7)]
    (unmarked,) = found(kinds.UNMARKED_MENTION, [*usual, *slips])
    assert (unmarked.count, unmarked.places) == (
        2,
        ["a.csv:9 (token 1): 'Oslo'", "a.csv:8 (token 2): 'Ada Lovelace'"],
    ) or (
        unmarked.count == 2 and {place.rpartition(": ")[2] for place in unmarked.places} == {"'Oslo'", "'Ada Lovelace'"}
    )
    (types,) = found(kinds.SEVERAL_TYPES, [*usual, *slips])
    assert types.count == 1
    assert not found(kinds.UNMARKED_MENTION, usual)
    assert not found(kinds.UNMARKED_MENTION, [*usual, *slips], thorough=False)
    assert not found(kinds.SEVERAL_TYPES, usual)


def test_answers_that_begin_or_end_inside_a_word() -> None:
    def question(text: str, context: str) -> QuestionExample:
        answers = (Answer(text, context.index(text)),)
        return QuestionExample("Who?", context, answers, None, row(0), {})

    for text in ("mundsen", "Amundse"):
        assert found(kinds.ANSWER_INSIDE_WORD, [question(text, "It was Amundsen.")])
    for text, context in (("Amundsen", "It was Amundsen."), ("北京", "他在北京大学读书"), ("12", "It was 12km.")):
        assert not found(kinds.ANSWER_INSIDE_WORD, [question(text, context)])


def test_near_duplicates_and_what_they_are_labelled() -> None:
    train = texts(["The card has not arrived after two weeks of waiting", *PLAIN[:1]], ["lost", "found"])
    test = texts(
        ["The card has not arrived after two weeks of waiting!", "Something else entirely is said here"], ["other"]
    )
    (near,) = found(kinds.NEAR_DUPLICATE_OF_TRAINING, train, test)
    assert (near.count, near.split, near.places) == (1, "test", ["a.csv:2 and :2"])
    (relabelled,) = found(kinds.RELABELLED_NEAR_DUPLICATE, train, test)
    assert relabelled.count == 1
    assert not found(kinds.NEAR_DUPLICATE_OF_TRAINING, train, test, near_duplicates=None)
    assert not found(kinds.NEAR_DUPLICATE_OF_TRAINING, train, test, near_duplicates=0.99)
    scores = [{"score": 0.5}]
    assert not found(
        kinds.RELABELLED_NEAR_DUPLICATE, texts([one.text for one in train], scores), texts([test[0].text], scores)
    )
