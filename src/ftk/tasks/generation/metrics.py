"""Scores of generated texts: ROUGE by rouge-score, BLEU and chrF by sacrebleu, as these libraries compute them."""

from __future__ import annotations

import importlib.util
import re
import sys
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from ftk.data.rows.label_names import shortened
from ftk.data.text.scripts import is_unspaced, scripts
from ftk.errors import ConfigError
from ftk.tasks import finding_kinds as kinds

if TYPE_CHECKING:
    from ftk.contracts.notes import Notes
    from ftk.data.examples.sequences import GeneratedText, SequenceExample

ROUGE = ("rougeL", "rouge1", "rouge2", "rougeLsum")
"""The names of rouge-score; the first one chooses the best model."""
ROUGE_WORDS = ("latin", "unicode", "characters")
"""How ROUGE splits words: a to z and digits, letters of Unicode, or each character of scripts without spaces."""
BLEU_WORDS = ("13a", "intl", "zh", "ja-mecab", "ko-mecab", "char", "none")
"""The tokenizers of sacrebleu that fetch nothing."""
NEEDS_MORE = {"ja-mecab": ("MeCab", "sacrebleu[ja]"), "ko-mecab": ("mecab_ko", "sacrebleu[ko]")}
"""Modules that some of them also need, and what to install for each."""
_WORD = re.compile(r"\w+")
_LATIN_SHARE = 0.9


def require(module: str, *, for_what: str, install: str) -> None:
    """Check that a package is installed, before training something that only it can score.

    Raises:
        ConfigError: it is not. The message has the command that installs the package itself: the name of an extra would
            not say where ftk came from.
    """
    if importlib.util.find_spec(module) is None:
        raise ConfigError(f"task: {for_what} needs {module}, which is not installed: pip install '{install}'")


def rouge_words(texts: Iterable[str]) -> str:
    """How words are found in texts of this script: one of ``ROUGE_WORDS``."""
    found = scripts(texts)
    if found["unspaced"] > found["letters"] / 2:
        return "characters"
    return "latin" if found["latin"] >= _LATIN_SHARE * found["letters"] else "unicode"


def bleu_words(texts: Iterable[str]) -> str:
    """The tokenizer of sacrebleu for texts of this script: zh, char, or 13a, the usual one."""
    found = scripts(texts)
    if found["unspaced"] <= found["letters"] / 2:
        return "13a"
    return "zh" if found["cjk"] > 0.95 * found["unspaced"] else "char"


class GeneratedTextMetric(ABC):
    """Scores generated texts against their references; a row without a reference does not count."""

    def __init__(self) -> None:
        self._rows = 0
        self._unfinished = 0
        self._texts_seen: set[str] = set()
        """The first two different texts."""
        self._wanted_seen: set[str] = set()

    def update(self, example: SequenceExample, prediction: GeneratedText) -> None:
        """Count one row."""
        if not example.references:
            return
        self._rows += 1
        self._unfinished += prediction.unfinished
        if len(self._texts_seen) < 2:
            self._texts_seen.add(prediction.text)
        if len(self._wanted_seen) < 2:
            self._wanted_seen.add(example.references[0])
        self.add(example.references, prediction.text)

    def compute(self) -> dict[str, Any]:
        """The scores; ``unfinished``, the share of texts that are as long as they may be; and ``scored``, the rows.

        Empty if no row has a reference.
        """
        if not self._rows:
            return {}
        return {**self.scores(), "unfinished": self._unfinished / self._rows, "scored": self._rows}

    def judge(self, notes: Notes) -> None:
        """Report one text for all rows."""
        if len(self._texts_seen) == 1 and len(self._wanted_seen) > 1:
            (text,) = self._texts_seen
            notes.add(kinds.ONE_ANSWER, what="text", rows=self._rows, value=shortened(text) or "an empty one")

    @abstractmethod
    def add(self, references: Sequence[str], text: str) -> None:
        """Count the text that was generated for one row, with its references."""

    @abstractmethod
    def scores(self) -> dict[str, float]:
        """The scores over the rows so far, at least one."""


class RougeMetric(GeneratedTextMetric):
    """ROUGE-1, -2, -L and -Lsum (Lin 2004): the mean over rows of the F measure against the best reference.

    ROUGE-Lsum compares sentence by sentence, and takes each line for a sentence; of texts of one line it is ROUGE-L.

    Args:
        words: one of ``ROUGE_WORDS``.
        stemmer: whether English words are compared by their stems, with ``latin``.
    """

    def __init__(self, *, words: str, stemmer: bool) -> None:
        own = None if words == "latin" else _Words(characters=words == "characters")
        super().__init__()
        self._scorer = _rouge_scorer()(list(ROUGE), use_stemmer=stemmer, tokenizer=own)
        self._found: dict[str, list[float]] = {name: [] for name in ROUGE}

    def add(self, references: Sequence[str], text: str) -> None:
        """Add the scores of one row."""
        for name, score in self.each(references, text).items():
            self._found[name].append(score)

    def each(self, references: Sequence[str], text: str) -> dict[str, float]:
        """The scores of one row."""
        scores = self._scorer.score_multi(references, text)
        return {name: scores[name].fmeasure for name in ROUGE}

    def scores(self) -> dict[str, float]:
        """``rougeL``, ``rouge1``, ``rouge2``, ``rougeLsum`` from 0 to 1."""
        return {name: sum(found) / self._rows for name, found in self._found.items()}


class TranslationMetric(GeneratedTextMetric):
    """BLEU (Papineni et al. 2002) and chrF (Popović 2015) of a whole corpus, by sacrebleu (Post 2018).

    Args:
        words: the tokenizer of BLEU, one of ``BLEU_WORDS``.
    """

    def __init__(self, *, words: str) -> None:
        from sacrebleu.metrics import BLEU, CHRF

        super().__init__()
        self._scorers = {"bleu": BLEU(tokenize=words, force=True), "chrf": CHRF()}  # force: do not log advice
        self._texts: list[str] = []
        self._references: list[Sequence[str]] = []

    def add(self, references: Sequence[str], text: str) -> None:
        """Keep one row: both scores need the whole corpus."""
        self._texts.append(text)
        self._references.append(references)

    def scores(self) -> dict[str, float]:
        """``bleu`` and ``chrf`` from 0 to 100."""
        most = max(map(len, self._references))
        streams: list[Any] = [
            [references[number] if number < len(references) else None for references in self._references]
            for number in range(most)
        ]
        return {name: float(scorer.corpus_score(self._texts, streams).score) for name, scorer in self._scorers.items()}


def _rouge_scorer() -> Any:
    """The class of rouge-score."""
    from absl import logging  # it comes with rouge-score
    from rouge_score.rouge_scorer import RougeScorer

    # When logging is set up again, absl closes the stream that was stderr at its import, unless it is the real stderr.
    logging.get_absl_handler().python_handler.setStream(sys.__stderr__)
    return RougeScorer


class _Words:
    """Finds words in lower case, for texts in other scripts than that of English."""

    def __init__(self, *, characters: bool) -> None:
        self.characters = characters

    def tokenize(self, text: str) -> list[str]:
        """The words of a text: runs of letters and digits; in scripts without spaces each letter by itself."""
        words = _WORD.findall(unicodedata.normalize("NFC", text).lower())
        if not self.characters:
            return words
        found: list[str] = []
        for word in words:
            run = ""
            for character in word:
                if is_unspaced(character):
                    found += [run, character] if run else [character]
                    run = ""
                else:
                    run += character
            if run:
                found.append(run)
        return found
