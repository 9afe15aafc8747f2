"""Exact match and F1 of answers, against a counting written out here, and the threshold against trying all of them."""

import random
import re
import sys
import unicodedata
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_helpers import MANY
from ftk.contracts.row import Row
from ftk.data.examples.questions import Answer, QuestionExample
from ftk.data.text.scripts import is_unspaced
from ftk.tasks.question_answering.answer_spans import Candidate, FoundAnswers
from ftk.tasks.question_answering.metric import AnswerMetric, Language, best_threshold, language_of, match, tokens

ASCII_PUNCTUATION = {chr(code) for code in range(33, 127) if not chr(code).isalnum()}
ALL_PUNCTUATION = ASCII_PUNCTUATION | {
    chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code))[0] == "P"
}
ARTICLES = {
    "en": {"a", "an", "the"},
    "de": {"ein", "eine", "einen", "einem", "eines", "einer", "der", "die", "das", "den", "dem", "des"},
    "zh": set(),
    "characters": set(),
}
PIECES = ["a", "An", "THE", "theme", "cat", "Cats", "d", "der", "Eine", "einst", "denn", "3", "b_c", "x's", "l'a", "é"]
PIECES += ["“quoted”", "1,000.5", "-", "—", "…", "$", "€", "«", "。", "北京", "北", "京a", "大the学", "a\u0301", "\xa0"]


def words(text: str, language: str) -> list[str]:
    """The words that count, one character after the other."""
    dropped = ASCII_PUNCTUATION if language == "en" else ALL_PUNCTUATION
    kept = [letter for letter in text.lower() if letter not in dropped]
    # An article stands between what is no letter of a word; for a regular expression '_' is one, a mark is none.
    whole, word = [], ""
    for letter in [*kept, " "]:
        if letter.isalnum() or letter == "_":
            word += letter
            continue
        whole += [" " if word in ARTICLES[language] else word, letter]
        word = ""
    found: list[str] = []
    for part in "".join(whole).split():
        if language not in ("zh", "characters"):
            found.append(part)
            continue
        run = ""
        for letter in part:
            if 0x4E00 <= ord(letter) <= 0x9FA5 if language == "zh" else is_unspaced(letter):
                found += [run, letter] if run else [letter]
                run = ""
            else:
                run += letter
        found += [run] if run else []
    return found


def counted(gold: list[str], answer: str, language: str) -> tuple[float, float]:
    """Exact match and F1 of one answer, by counting words."""
    candidates = [item for item in gold if words(item, language)] or [""]
    given = Counter(words(answer, language))
    exact, best = 0.0, 0.0
    for item in candidates:
        right = Counter(words(item, language))
        exact = max(exact, float(words(item, language) == words(answer, language)))
        shared = sum(min(number, given[word]) for word, number in right.items())
        if not given or not right:
            best = max(best, float(given == right))
        elif shared:
            precision, recall = shared / given.total(), shared / right.total()
            best = max(best, 2 * precision * recall / (precision + recall))
    return exact, best


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("The Cat, sat.", "en", ["cat", "sat"]),
        ("Theme of the The", "en", ["theme", "of"]),
        ("a-n the", "en", []),
        ("an apple a day", "en", ["apple", "day"]),
        ("“The” end…", "en", ["“", "”", "end…"]),
        ("$1,000.50", "en", ["100050"]),
        ("the\u00a0cat", "en", ["cat"]),
        ("Die Bremer Stadtmusikanten", "de", ["bremer", "stadtmusikanten"]),
        ("„Der“ Herr – des einen Tages", "de", ["herr", "tages"]),
        ("einst denn dies", "de", ["einst", "denn", "dies"]),
        ("The END", "de", ["the", "end"]),
        ("北京,大学", "zh", ["北", "京", "大", "学"]),
        ("在2008年the。", "zh", ["在", "2008", "年", "the"]),
        ("", "en", []),
    ],
)
def test_words_that_count(text: str, language: str, expected: list[str]) -> None:
    assert tokens(text, Language(language)) == expected
    assert words(text, language) == expected


@pytest.mark.parametrize(
    ("gold", "answer", "exact", "f1"),
    [
        (["Denver Broncos"], "The Denver Broncos!", 1, 1),
        (["Denver Broncos"], "Broncos", 0, 2 / 3),
        (["Denver", "Denver Broncos"], "Denver Broncos of", 0, 0.8),
        (["Broncos of Denver"], "Denver of Broncos", 0, 1),
        (["to be or not to be"], "be to to", 0, 2 / 3),
        (["Oslo"], "", 0, 0),
        ([], "", 1, 1),
        ([], "Oslo", 0, 0),
        ([], "the", 1, 1),
        (["the"], "", 1, 1),
        (["the", "Oslo"], "", 0, 0),
    ],
)
def test_scores_of_one_answer(gold: list[str], answer: str, exact: float, f1: float) -> None:
    assert match(gold, answer, Language.en) == pytest.approx((exact, f1))


texts = st.lists(st.sampled_from(PIECES), max_size=6).map(" ".join) | st.text(max_size=12)


@MANY
@given(st.lists(texts, max_size=3), texts, st.sampled_from([*Language][1:]))
def test_scores_are_those_of_counting(gold: list[str], answer: str, language: Language) -> None:
    assert match(gold, answer, language) == pytest.approx(counted(gold, answer, language.value))


def example(context: str, *gold: str) -> QuestionExample:
    row = Row({}, "rows.jsonl", 1)
    return QuestionExample("?", context, tuple(Answer(text, None) for text in gold), None, row, {})


def found(start: int, end: int, margin: float) -> FoundAnswers:
    return FoundAnswers((Candidate(start, end, 0.5),), 0.5, margin)


def test_scores_are_means_over_rows_and_over_each_kind() -> None:
    metric = AnswerMetric(Language.en, 0.0)
    metric.update(example("Ada in Oslo", "Oslo"), found(7, 11, -1))
    metric.update(example("Ada in Oslo", "Oslo"), found(4, 11, -1))
    metric.update(example("Ada in Oslo", "Oslo"), found(7, 11, 1))
    metric.update(example("Ada in Oslo"), found(7, 11, 1))
    metric.update(example("Ada in Oslo"), found(7, 11, 0))
    assert metric.compute() == pytest.approx(
        {
            "exact": 2 / 5,
            "f1": (1 + 2 / 3 + 0 + 1 + 0) / 5,
            "exact_answerable": 1 / 3,
            "f1_answerable": (1 + 2 / 3) / 3,
            "no_answer_accuracy": 1 / 2,
        }
    )


def test_without_unanswerable_rows_there_are_two_scores() -> None:
    metric = AnswerMetric(Language.en, None)
    metric.update(example("Ada", "Ada"), found(0, 3, 99))
    assert metric.compute() == {"exact": 1.0, "f1": 1.0}


def test_over_unanswerable_rows_alone_nothing_is_reported_about_the_others() -> None:
    metric = AnswerMetric(Language.en, 0.0)
    metric.update(example("Ada"), FoundAnswers((), 1.0, np.inf))
    scores = metric.compute()
    assert (scores["no_answer_accuracy"], scores["f1_answerable"], scores["exact_answerable"]) == (1.0, None, None)


def score_at(threshold: float, margins: list[float], answered: list[float], empty: list[float]) -> float:
    return sum(
        no if margin > threshold else yes for margin, yes, no in zip(margins, answered, empty, strict=True)
    ) / len(margins)


@pytest.mark.parametrize("seed", range(40))
def test_the_threshold_is_the_best_there_is(seed: int) -> None:
    """No threshold does better: all that part rows are tried, whatever rows share a margin."""
    random_ = random.Random(seed)
    number = random_.randint(1, 30)
    margins = [random_.choice([random_.gauss(0, 3), round(random_.gauss(0, 2))]) for _ in range(number)]
    lacks = [random_.random() < 0.4 for _ in range(number)]
    answered = [0.0 if lack else random_.choice([0.0, 0.5, 1.0]) for lack in lacks]
    empty = [float(lack) for lack in lacks]
    chosen = best_threshold(margins, answered, empty)
    tried = [min(margins) - 1, max(margins) + 1, *margins]
    best = max(score_at(threshold, margins, answered, empty) for threshold in tried)
    assert score_at(chosen, margins, answered, empty) == pytest.approx(best)


@pytest.mark.parametrize(
    ("margins", "answered", "empty", "expected"),
    [
        ([-3.0, 1.0], [1.0, 0.0], [0.0, 1.0], -1.0),
        ([2.0, 5.0], [1.0, 1.0], [0.0, 0.0], 6.0),
        ([-5.0, -2.0], [1.0, 1.0], [0.0, 0.0], 0.0),
        ([2.0, 5.0], [0.0, 0.0], [1.0, 1.0], 0.0),
        ([-5.0, -2.0], [0.0, 0.0], [1.0, 1.0], -6.0),
        ([-1.0, 1.0, 9.0], [1.0, 0.0, 1.0], [1.0, 0.0, 1.0], 0.0),
    ],
)
def test_the_threshold_lies_between_rows(
    margins: list[float], answered: list[float], empty: list[float], expected: float
) -> None:
    assert best_threshold(margins, answered, empty) == expected


def test_neighbouring_numbers_are_parted() -> None:
    margins = [1.0, float(np.nextafter(1.0, 2.0))]
    assert score_at(best_threshold(margins, [1.0, 0.0], [0.0, 1.0]), margins, [1.0, 0.0], [0.0, 1.0]) == 1.0


def test_words_of_regular_expressions_are_those_of_the_counting() -> None:
    """What the counting above takes for a letter of a word is what ``\\b`` takes for one."""
    letters = "aZ9_é北a\u0301 -“\xa0²½"
    assert [bool(re.match(r"\w", letter)) for letter in letters] == [
        letter.isalnum() or letter == "_" for letter in letters
    ]


@pytest.mark.parametrize(
    ("answers", "language"),
    [
        (["Oslo", "in the north"], Language.en),
        (["北京", "北京大学"], Language.zh),
        (["とうきょう", "東京の北"], Language.characters),
        (["กรุงเทพ"], Language.characters),
        (["Осло", "на севере"], Language.en),
        ([], Language.en),
        (["1998", "…"], Language.en),
    ],
)
def test_the_rules_are_found_by_the_script_of_the_answers(answers: list[str], language: Language) -> None:
    assert language_of(answers) is language
