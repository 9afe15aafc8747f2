"""What stays of a model folder when its model is calibrated, and what a run says that cannot do all it is asked for."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import TINY, Result, read_jsonl, write_jsonl

pytestmark = pytest.mark.torch
Ftk = Callable[..., Result]
WORDS = ("finetune", "task=text-classification", *TINY, "train.max_steps=4", "run.dir=run")


@pytest.fixture
def files() -> tuple[str, ...]:
    """The words that name files of colours."""
    rows = [{"text": f"a {colour} thing", "label": colour} for colour in ("red", "green", "blue")]
    sizes = {"train": 8, "validation": 20, "test": 2}
    return tuple(f"data.{split}={write_jsonl(f'{split}.jsonl', number * rows)}" for split, number in sizes.items())


def test_a_model_without_a_layer_for_each_label_has_no_states() -> None:
    import torch

    from ftk.calibration.out_of_scope import has_states

    model = torch.nn.Sequential(torch.nn.Linear(4, 3))
    assert not has_states(model)
    model.config = type("Config", (), {"num_labels": 3})()  # type: ignore[assignment]
    assert has_states(model)


@pytest.mark.slow
def test_a_card_of_the_user_stays_when_the_model_is_calibrated(ftk: Ftk, files: tuple[str, ...]) -> None:
    assert ftk(*WORDS, *files, "train.eval_every=2", "run.stop_after=3").code == 0
    Path("run/best/README.md").write_text("# Mine\n", encoding="utf-8")
    assert ftk(*WORDS, *files, "train.eval_every=2", "run.resume=true", "run.card=true").code == 0
    assert "calibration" in json.loads(Path("run/best/ftk.json").read_text(encoding="utf-8"))
    assert Path("run/best/README.md").read_text(encoding="utf-8") == "# Mine\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "has"),
    [
        (("predict.out_of_scope=energy", "predict.coverage=0.9999"), {"out_of_scope"}),
        (("model=tfidf-linear", "predict.out_of_scope=mahalanobis", "predict.coverage=0.5"), {"label_set"}),
    ],
)
def test_what_a_run_cannot_say_is_left_out_alone_and_said_once(
    ftk: Ftk, files: tuple[str, ...], words: tuple[str, ...], has: set[str]
) -> None:
    given = [word for word in WORDS if not (word.startswith("model") and "model=tfidf-linear" in words)]
    result = ftk(*given, *files, *words)
    assert result.code == 0
    assert (result.out + result.err).count("left out") == 1
    assert {"out_of_scope", "label_set"} & read_jsonl("run/predictions/test.jsonl")[0].keys() == has
