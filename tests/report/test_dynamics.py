"""The losses of training rows that a run leaves: written once, cut where a run resumes, and joined with rows again."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from conftest import TINY, Result, assert_refused, toy_corpus, write_jsonl
from ftk.contracts.row import Row
from ftk.data.examples.texts import TextExample
from ftk.errors import RunError
from ftk.report.dynamics import Dynamics, LossesFile, identities

Ftk = Callable[..., Result]


def examples(*texts: str) -> list[TextExample]:
    return [TextExample(text, None, "a", "a", 1.0, Row({}, "f", at), {}) for at, text in enumerate(texts)]


def test_dynamics_are_means_over_the_passes() -> None:
    rows = identities(examples("one", "two", "three", "one"))
    file = LossesFile(Path("dynamics"))
    file.begin(rows)
    file.add(1, np.array([0, 1]), np.array([1.5, np.nan], dtype=np.float32))
    file.add(2, np.array([0, 3]), np.array([0.5, 0.1], dtype=np.float32))
    file.flush()
    found = Dynamics.read(Path())
    first, second, other = np.exp(-np.array([1.5, 0.5, 0.1], dtype=np.float32)).astype(np.float64)
    weights = (first + other) / 2, second  # of the first pass, which two rows had, and of the second
    mean = (weights[0] * first + weights[1] * second) / sum(weights)
    assert found.confidence[0] == pytest.approx(mean)
    spread = (weights[0] * (first - mean) ** 2 + weights[1] * (second - mean) ** 2) / sum(weights)
    assert found.variability[0] == pytest.approx(spread**0.5)
    assert np.isnan(found.confidence[[1, 2]]).all()
    # Equal rows share what is known of them; a row that is not among them, and one without a loss, have nothing.
    confidence, _ = found.of(identities(examples("one", "four", "two")))
    assert confidence == pytest.approx([(mean + other) / 2, np.nan, np.nan], nan_ok=True)


def test_a_run_that_resumes_repeats_no_losses() -> None:
    rows = identities(examples("one", "two"))
    file = LossesFile(Path("dynamics"))
    file.begin(rows)
    for step in (1, 2, 3):
        file.add(step, np.array([0, 1]), np.full(2, step, dtype=np.float32))
    file.flush()
    whole = Path("dynamics/losses.dat").read_bytes()
    Path("dynamics/losses.dat").write_bytes(whole + whole[:5])  # a run that was killed while it wrote
    again = LossesFile(Path("dynamics"))
    assert again.go_on(rows, 2)
    again.add(3, np.array([0, 1]), np.full(2, 3, dtype=np.float32))
    again.flush()
    assert Path("dynamics/losses.dat").read_bytes() == whole
    assert not LossesFile(Path("dynamics")).go_on(rows[::-1], 2)


def test_what_is_no_run_with_losses_is_refused() -> None:
    with pytest.raises(RunError, match="left no losses"):
        Dynamics.read(Path())
    LossesFile(Path("dynamics")).begin(identities(examples("one")))
    Path("dynamics/losses.dat").write_bytes(np.array([1, 7, 0], dtype="<u4").tobytes())
    with pytest.raises(RunError, match="damaged"):
        Dynamics.read(Path())


@pytest.mark.torch
@pytest.mark.slow
@pytest.mark.parametrize("words", [(), ("hardware.micro_batch=3",)])
def test_losses_of_a_run_are_the_same_if_it_was_stopped(ftk: Ftk, words: tuple[str, ...]) -> None:
    argv = ("finetune", "task=ner", *TINY, *toy_corpus(Path()), "train.epochs=3", "train.batch_size=8", *words)
    assert ftk(*argv, "run.dir=whole").code == 0
    assert ftk(*argv, "run.dir=halves", "run.stop_after=7").code == 0
    assert ftk(*argv, "run.dir=halves", "run.resume=true").code == 0
    for name in ("rows.npy", "losses.dat"):
        assert Path("whole/dynamics", name).read_bytes() == Path("halves/dynamics", name).read_bytes()
    found = Dynamics.read(Path("whole"))
    assert found.passes.tolist() == [3] * 48
    assert found.confidence.min() > 0


@pytest.mark.torch
def test_rows_have_losses_only_where_they_have_labels(ftk: Ftk) -> None:
    rows = write_jsonl("r.jsonl", [{"text": f"text {number}", "label": number / 7} for number in range(9)])
    argv = ("finetune", "task=regression", *TINY, f"data.train={rows}", "--json")
    assert_refused(ftk(*argv, "train.dynamics=true"), "no losses of their own")
    assert_refused(ftk(*argv, "train.dynamics=often"), "auto, true or false")
