"""Every architecture of transformers in every task: it works as in plain transformers, or is refused by name."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.torch

SAMPLE = [
    ("bert", "token-classification"),
    ("bart", "text-classification"),
    ("convbert", "token-classification"),
    ("deberta", "question-answering"),
    ("fnet", "mlm"),
    ("gpt2", "text-classification"),
    ("layoutlmv2", "text-classification"),
    ("llama", "question-answering"),
    ("longformer", "mlm"),
    ("modernbert", "mlm"),
    ("qwen3", "text-classification"),
    ("xlnet", "text-classification"),
]


def check(model_type: str, task: str, folder: Path, *precisions: str) -> None:
    from benchmarks.architectures.cells import run_cell

    outcome, why = run_cell(model_type, task, folder / "cell", precisions)
    assert outcome in ("works", "refused", "no model"), why


@pytest.mark.parametrize(("model_type", "task"), SAMPLE)
def test_a_sample_of_architectures(model_type: str, task: str, tmp_path: Path) -> None:
    check(model_type, task, tmp_path, "auto")


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_all_architectures(part: int, tmp_path: Path) -> None:
    from benchmarks.architectures.cells import run_cell
    from benchmarks.architectures.types import cells

    faults = {}
    for model_type, task in [*cells()][part::8]:
        outcome, why = run_cell(model_type, task, tmp_path / "cell", ("auto",))
        if outcome == "fault":
            faults[model_type, task] = why
    assert not faults
