"""How much of what brute force finds the search for near-duplicates finds, on real corpora and on edited texts.

python -m benchmarks.check.near_duplicates [--data FOLDER] [--rows 1000000]

Brute force compares each pair of rows by the Jaccard similarity of their shingles. Prints rows of a table, and the time
and memory of the search among many rows.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from benchmarks.check.corpora import CORPORA, rows_of
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from ftk.checking.looking.row_texts import compared_texts
from ftk.checking.near.duplicates import THRESHOLD, NearDuplicateSearch, near_duplicates
from ftk.checking.near.shingles import PARTED, form_of, shingles, width_of

ROOT = Path(__file__).resolve().parents[2]
MOST = 4_000
"""Rows of a split that are compared with each other."""
_AT_ONCE = 500
"""Rows that brute force compares with all others at once."""

Texts = Sequence[tuple[str, ...]]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    print("| rows | | compared | near-duplicates | recall | precision |\n| --- | --- | --- | --- | --- | --- |")
    for corpus in CORPORA:
        if options.only in corpus.name:
            splits = {
                split: list(islice(map(compared_texts, rows), MOST))
                for split, rows in rows_of(corpus, options.data).items()
            }
            if all(rows[0] for rows in splits.values()):
                report(corpus.name, splits)
                report(
                    f"{corpus.name}, each tenth row edited", {"train": splits["train"], "test": edited(splits["train"])}
                )
    if options.rows:
        speed(options.rows)


def report(name: str, splits: dict[str, Texts]) -> None:
    """Print how much of what brute force finds is found."""
    found = near_duplicates(splits)
    for split, rows in splits.items():
        line(name, f"within {split}", len(rows), within(rows), found.within[split].rows)
        if split in found.of_training:
            line(name, f"{split} in training", len(rows), across(rows, splits["train"]), found.of_training[split].rows)


def line(name: str, where: str, rows: int, wanted: NDArray[np.int64], found: NDArray[np.int64]) -> None:
    """Print one row of the table."""
    right = len(np.intersect1d(wanted, found))
    recall, precision = (f"{right / len(of):.4f}" if len(of) else "" for of in (wanted, found))
    print(f"| {name} | {where} | {rows:,} | {len(wanted):,} | {recall} | {precision} |", flush=True)


def within(rows: Texts) -> NDArray[np.int64]:
    """The rows that nearly equal an earlier one, and do not equal one to the letter, by comparing all with all."""
    seen: dict[tuple[str, ...], int] = {}
    fresh = [seen.setdefault(texts, at) == at for at, texts in enumerate(rows)]
    found = [at for at, others in enumerate(alike(rows, rows)) if fresh[at] and others[:at][fresh[:at]].any()]
    return np.array(found, dtype=np.int64)


def across(rows: Texts, training: Texts) -> NDArray[np.int64]:
    """The rows that nearly equal one of training, but for those that equal one except for case and blanks."""
    known = {form_of(texts) for texts in training}
    found = [
        at
        for at, (texts, others) in enumerate(zip(rows, alike(rows, training), strict=True))
        if others.any() and form_of(texts) not in known
    ]
    return np.array(found, dtype=np.int64)


def alike(rows: Texts, others: Texts, threshold: float = THRESHOLD) -> Iterator[NDArray[np.bool_]]:
    """For each row [others] whether it nearly equals each of some others."""
    tables = [_table(rows, others, part) for part in range(len(rows[0]))]
    for begin in range(0, len(rows), _AT_ONCE):
        some = slice(begin, begin + _AT_ONCE)
        same = np.ones((len(rows[some]), len(others)), dtype=np.bool_)
        for one, other in tables:
            common = (one[some] @ other.T).toarray()
            total = one[some].sum(axis=1) + other.sum(axis=1).T - common
            same &= np.asarray(common >= threshold * total - 1e-9)
        yield from same


def _table(rows: Texts, others: Texts, part: int) -> tuple[csr_matrix, csr_matrix]:
    """[rows, shingles] for both, which shingles each of their texts has."""
    numbers: dict[tuple[int, str], int] = {}
    tables = []
    for some in (rows, others):
        columns: list[int] = []
        ends = [0]
        for texts in some:
            form = form_of(texts)
            width = width_of(form)
            own = form.split(PARTED)[part]
            columns += [numbers.setdefault((width, one), len(numbers)) for one in sorted(shingles(own, width))]
            ends.append(len(columns))
        tables.append((columns, ends))
    return tuple(  # type: ignore[return-value]
        csr_matrix((np.ones(len(columns), dtype=np.float32), columns, ends), shape=(len(ends) - 1, len(numbers)))
        for columns, ends in tables
    )


def edited(rows: Texts, seed: int = 0) -> Texts:
    """Rows of which each tenth has one to four edits in its first text: a character left out, put in or replaced, or
    two words in the other order. The others are random words, so that they equal nothing."""
    draw = random.Random(seed)
    letters = "abcdefghijklmnopqrstuvwxyz"
    made = []
    for at, (text, *rest) in enumerate(rows):
        if at % 10:
            made.append((" ".join("".join(draw.choices(letters, k=7)) for _ in range(12)), *rest))
            continue
        for _ in range(draw.randint(1, 4)):
            place = draw.randrange(len(text) + 1)
            match draw.randrange(4):
                case 0:
                    text = text[:place] + text[place + 1 :]
                case 1:
                    text = text[:place] + draw.choice(letters) + text[place:]
                case 2:
                    text = text[:place] + draw.choice(letters) + text[place + 1 :]
                case _:
                    words = text.split(" ")
                    first = draw.randrange(len(words))
                    words[first : first + 2] = reversed(words[first : first + 2])
                    text = " ".join(words)
        made.append((text, *rest))
    return made


def speed(rows: int, characters: int = 100) -> None:
    """Print the time and the memory of the search among rows of random words, of which each twentieth is edited."""
    draw = random.Random(0)
    words = ["".join(draw.choices("etaoinshrdlucmfwyp", k=draw.randint(2, 9))) for _ in range(20_000)]

    def texts() -> Iterator[tuple[str, ...]]:
        last = ""
        for at in range(rows):
            if at % 20 == 0 and last:
                some = last.split(" ")
                some[draw.randrange(len(some))] = draw.choice(words)
                last = " ".join(some)
            else:
                last = " ".join(draw.choices(words, k=17))[:characters]
            yield (last,)

    began = time.process_time()
    for _ in texts():
        pass
    making = time.process_time() - began
    began = time.process_time()
    search = NearDuplicateSearch({"train": rows})
    search.add(texts())
    found = search.find()
    seconds = time.process_time() - began - making
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        json.dumps(
            {
                "rows": rows,
                "found": len(found.within["train"].rows),
                "cpu_seconds": round(seconds, 1),
                "GiB": round(memory, 2),
            }
        )
    )


if __name__ == "__main__":
    main()
