"""ROUGE, BLEU and chrF are the libraries' own numbers, over any number of references; scripts decide on words."""

import random
import re
from collections.abc import Sequence

import pytest

from ftk.contracts.row import Row
from ftk.data.examples.sequences import GeneratedText, SequenceExample
from ftk.errors import ConfigError
from ftk.tasks.generation.metrics import RougeMetric, TranslationMetric, bleu_words, require, rouge_words

WORDS = "The ferry , a cat's ships were running Runs run ran to 12.5 towns don't stop . Zürich naïve"


def row_of(references: Sequence[str]) -> SequenceExample:
    """A row with these references."""
    row = Row({}, "rows.jsonl", 1)
    return SequenceExample("a source", tuple(references), list(references), 1.0, row, {})


def random_rows(seed: int, most: int) -> list[tuple[list[str], str]]:
    """Rows of one to ``most`` references and a text that has some of their words."""
    generator = random.Random(seed)

    def text() -> str:
        return " ".join(generator.choices(WORDS.split(), k=generator.randint(1, 12)))

    rows = []
    for _ in range(25):
        references = [text() for _ in range(generator.randint(1, most))]
        kept = [word for word in generator.choice(references).split() if generator.random() < 0.7]
        rows.append((references, " ".join([*kept, *text().split()[:3]])))
    return [*rows, (["a cat"], ""), (["the the the"], "the the")]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("stemmer", [True, False])
@pytest.mark.parametrize("most", [1, 3])
def test_rouge_is_the_mean_of_the_librarys_best(seed: int, stemmer: bool, most: int) -> None:
    rows = random_rows(seed, most)
    metric = RougeMetric(words="latin", stemmer=stemmer)
    from rouge_score.rouge_scorer import RougeScorer

    names = ["rouge1", "rouge2", "rougeL", "rougeLsum"]
    scorer = RougeScorer(names, use_stemmer=stemmer)
    for references, text in rows:
        metric.update(row_of(references), GeneratedText(text))
    found = metric.compute()
    for name in names:
        best = [max(scorer.score(one, text)[name].fmeasure for one in references) for references, text in rows]
        assert found[name] == pytest.approx(sum(best) / len(best), abs=1e-12)
    assert found["scored"] == len(rows)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("words", ["13a", "char", "intl"])
@pytest.mark.parametrize("most", [1, 3])
def test_bleu_and_chrf_are_the_librarys_of_the_whole_corpus(seed: int, words: str, most: int) -> None:
    from sacrebleu.metrics import BLEU, CHRF

    rows = random_rows(seed, most)
    metric = TranslationMetric(words=words)
    for references, text in rows:
        metric.update(row_of(references), GeneratedText(text))
    texts = [text for _, text in rows]
    # To say a reference twice changes nothing, so that all rows have as many.
    streams = [[(references * most)[number] for references, _ in rows] for number in range(most)]
    found = metric.compute()
    assert found["bleu"] == pytest.approx(BLEU(tokenize=words).corpus_score(texts, streams).score, abs=1e-9)
    assert found["chrf"] == pytest.approx(CHRF().corpus_score(texts, streams).score, abs=1e-9)
    assert 0 < found["bleu"] < 100


def test_the_right_text_scores_all_there_is_and_no_row_gives_no_score() -> None:
    for metric, best in ((RougeMetric(words="latin", stemmer=True), 1.0), (TranslationMetric(words="13a"), 100.0)):
        assert metric.compute() == {}
        metric.update(row_of([" ", ""]), GeneratedText("no reference, no score", unfinished=True))
        assert metric.compute() == {}
        metric.update(row_of(["something else", "the old ferry runs again"]), GeneratedText("the old ferry runs again"))
        scores = metric.compute()
        assert scores.pop("scored") == 1
        assert scores.pop("unfinished") == 0
        assert {round(value, 9) for value in scores.values()} == {best}


def test_texts_that_are_as_long_as_they_may_be_are_counted() -> None:
    metric = TranslationMetric(words="13a")
    for number in range(4):
        metric.update(row_of(["one two three four"]), GeneratedText("one two three four", unfinished=number == 2))
    assert metric.compute() == {"bleu": pytest.approx(100), "chrf": pytest.approx(100), "unfinished": 0.25, "scored": 4}


def test_words_of_other_scripts_are_seen() -> None:
    def rouge1(words: str, reference: str, text: str) -> float:
        metric = RougeMetric(words=words, stemmer=True)
        metric.update(row_of([reference]), GeneratedText(text))
        return float(metric.compute()["rouge1"])

    assert rouge1("latin", "Паром снова ходит", "паром ходит") == 0.0  # the library's own words are a to z
    assert rouge1("unicode", "Паром снова ходит", "паром ходит") == pytest.approx(0.8)
    assert rouge1("unicode", "渡轮停运", "渡轮恢复") == 0.0
    assert rouge1("characters", "渡轮停运", "渡轮恢复") == pytest.approx(0.5)
    assert rouge1("characters", "ABC社が渡轮", "abc 社") == pytest.approx(2 * 1.0 * 0.4 / 1.4)


@pytest.mark.parametrize(
    ("texts", "rouge", "bleu"),
    [
        (["A plain sentence.", "Ein Satz für Züge."], "latin", "13a"),
        (["Паром снова ходит."], "unicode", "13a"),
        (["Ο χρόνος περνά", "και a bit"], "unicode", "13a"),
        (["渡轮停运了。", "A1"], "characters", "zh"),
        (["彼らはそこへ行ってきた。"], "characters", "char"),
        (["เรือข้ามฟาก"], "characters", "char"),
        (["", "12 34"], "latin", "13a"),
    ],
)
def test_the_script_of_the_targets_decides(texts: list[str], rouge: str, bleu: str) -> None:
    assert rouge_words(texts) == rouge
    assert bleu_words(texts) == bleu


def test_a_package_that_is_missing_is_reported_with_the_command_that_installs_it() -> None:
    require("json", for_what="BLEU", install="json")
    with pytest.raises(ConfigError, match=re.escape("BLEU needs no_such_module") + ".*pip install 'no-such'"):
        require("no_such_module", for_what="BLEU", install="no-such")
