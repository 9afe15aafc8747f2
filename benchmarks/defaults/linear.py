"""Linear models of scikit-learn: on TF-IDF of words, or on vectors of a frozen encoder.

    python -m benchmarks.defaults.linear JOB.json

Logistic regression with ``C=10``, one for each label of a multi-label task; ridge regression for numbers, with the
strength that leaving out each row once finds best. TF-IDF is of words and pairs of words. Vectors of texts are means
of the last hidden states, standardised; a pair has both, their absolute difference and their product (Conneau et al.
2017), and with TF-IDF the last two; a relation has the vectors of the text and of its two entities, and with TF-IDF its
marks as words. Each word of a sentence has the state of its first sub-word.

Standardised vectors with this C were the best or equal of eight ways (standardised, as they are, of unit length; C from
0.01 to 100) on 100 rows of four corpora in three of them, by 250 test rows: that favours this contender, if anyone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.defaults.cells import CORPORA, Row, rows_of
from benchmarks.defaults.records import in_iob2, unmarked, write_predictions
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.preprocessing import MultiLabelBinarizer, StandardScaler

_WORDS = r"</?e[12]>|\b\w+\b"
_BATCH = 32
Matrix = Any


def main() -> None:
    """Fit, and write what is predicted for the test rows."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    [corpus] = [corpus for corpus in CORPORA if corpus.name == job["corpus"]]
    train, test = rows_of(Path(job["train"])), rows_of(Path(job["test"]))
    if corpus.task == "ner":
        found = _tagged(train, test, Encoder(job["model"]))
    else:
        inputs = _tfidf(train, test) if job["way"] == "tfidf" else _frozen(train, test, Encoder(job["model"]))
        found = _predicted(corpus.task, inputs, train)
    write_predictions(Path(job["predictions"]), corpus, test, found)
    print(json.dumps({}))


def _predicted(task: str, inputs: tuple[Matrix, Matrix], train: Sequence[Row]) -> list[Any]:
    fitted_on, asked = inputs
    if task == "regression":
        ridge = RidgeCV(np.logspace(-3, 4, 15)).fit(_dense(fitted_on), [row["label"] for row in train])
        return [float(value) for value in ridge.predict(_dense(asked))]
    if task == "multi-label":
        names = MultiLabelBinarizer()
        labels = names.fit_transform([row["labels"] for row in train])
        each = OneVsRestClassifier(_logistic()).fit(fitted_on, labels)
        return [list(labels) for labels in names.inverse_transform(each.predict(asked))]
    return list(_logistic().fit(fitted_on, [row["label"] for row in train]).predict(asked))


def _logistic() -> LogisticRegression:
    return LogisticRegression(C=10, max_iter=1000)


def _dense(values: Matrix) -> NDArray[Any]:
    return values.toarray() if sparse.issparse(values) else values


def _tfidf(train: Sequence[Row], test: Sequence[Row]) -> tuple[Matrix, Matrix]:
    vectors = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=_WORDS)
    if "text_a" not in train[0]:
        return vectors.fit_transform([row["text"] for row in train]), vectors.transform([row["text"] for row in test])
    vectors.fit([row[side] for row in train for side in ("text_a", "text_b")])
    both = []
    for rows in (train, test):
        one, other = (vectors.transform([row[side] for row in rows]) for side in ("text_a", "text_b"))
        both.append(sparse.hstack([abs(one - other), one.multiply(other)]).tocsr())
    return both[0], both[1]


def _frozen(train: Sequence[Row], test: Sequence[Row], encoder: Encoder) -> tuple[Matrix, Matrix]:
    scaled = StandardScaler()
    return scaled.fit_transform(_vectors(train, encoder)), scaled.transform(_vectors(test, encoder))


def _vectors(rows: Sequence[Row], encoder: Encoder) -> NDArray[Any]:
    """[rows, features]."""
    if "text_a" in rows[0]:
        one, other = (encoder.means([row[side] for row in rows]) for side in ("text_a", "text_b"))
        return np.hstack([one, other, abs(one - other), one * other])
    return encoder.means([row["text"] for row in rows])


def _tagged(train: Sequence[Row], test: Sequence[Row], encoder: Encoder) -> list[list[str]]:
    states = encoder.of_words([row["tokens"] for row in train])
    tags = [tag for row in train for tag in row["tags"]]
    scaled = StandardScaler()
    model = _logistic().fit(scaled.fit_transform(np.vstack(states)), tags)
    found = [model.predict(scaled.transform(one)) for one in encoder.of_words([row["tokens"] for row in test])]
    return [in_iob2([str(tag) for tag in one]) for one in found]


class Encoder:
    """A frozen encoder.

    Args:
        folder: of the model.
    """

    def __init__(self, folder: str) -> None:
        from transformers import AutoModel, AutoTokenizer

        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        self._model = AutoModel.from_pretrained(folder).eval()

    def means(self, texts: Sequence[str]) -> NDArray[Any]:
        """[texts, features] the means of the hidden states; of a text with marks also those of its two entities."""
        marked = [_parts(text) for text in texts]
        found: list[NDArray[Any]] = []
        encoded = self._tokenizer([text for text, _ in marked], truncation=True, return_offsets_mapping=True)
        states = self._states(encoded)
        for state, offsets, (_, spans) in zip(states, encoded["offset_mapping"], marked, strict=True):
            means = [state.mean(0)]
            for start, end in spans:
                inside = [at for at, (first, last) in enumerate(offsets) if first < end and last > start]
                means.append(state[inside].mean(0) if inside else state.mean(0))
            found.append(np.concatenate(means))
        return np.stack(found)

    def of_words(self, sentences: Sequence[Sequence[str]]) -> list[NDArray[Any]]:
        """[words, features] of each sentence the state of the first sub-word of each word; zeros for one without."""
        encoded = self._tokenizer(list(sentences), is_split_into_words=True, truncation=True)
        found = []
        for number, (words, state) in enumerate(zip(sentences, self._states(encoded), strict=True)):
            of = np.zeros((len(words), state.shape[1]), dtype=np.float32)
            for at, word in reversed(list(enumerate(encoded.word_ids(number)))):
                if word is not None:
                    of[word] = state[at]
            found.append(of)
        return found

    def _states(self, encoded: Any) -> list[NDArray[Any]]:
        """[tokens, features] the hidden states of each row."""
        import torch

        rows = encoded["input_ids"]
        order = sorted(range(len(rows)), key=lambda row: len(rows[row]))
        found: dict[int, NDArray[Any]] = {}
        for begin in range(0, len(order), _BATCH):
            some = order[begin : begin + _BATCH]
            batch = self._tokenizer.pad({"input_ids": [rows[row] for row in some]}, return_tensors="pt")
            with torch.inference_mode():
                states = self._model(**batch).last_hidden_state.numpy()
            found |= {row: states[at, : len(rows[row])] for at, row in enumerate(some)}
        return [found[row] for row in range(len(rows))]


def _parts(text: str) -> tuple[str, list[tuple[int, int]]]:
    """A text without marks, and the places of its first and second entity."""
    record = unmarked(text)
    spans = [(record[name]["start"], record[name]["end"]) for name in ("head", "tail") if name in record]
    return record["text"], spans


if __name__ == "__main__":
    main()
