"""What is said of unsure predictions: how many there are, and how many of the others are right."""

from typing import Any

import numpy as np
import pytest

from ftk.calibration.asked import Asked
from ftk.calibration.figures import Reliability
from ftk.config.schema import PredictionsConfig
from ftk.contracts.confidence import Shape
from ftk.errors import ConfigError
from ftk.report.unsure import unsure_facts, unsure_line

pytestmark = pytest.mark.torch


class _Classes:
    """Two labels; a prediction is its scores, an example the number of its label, or None for an unknown one."""

    shape = Shape.classes

    def names(self, prediction: Any) -> list[str]:
        return ["a", "b"]

    def scores(self, prediction: Any) -> Any:
        return np.array(prediction)

    def gold(self, example: Any, prediction: Any) -> Any:
        return np.array([example == 0, example == 1])

    def decision(self, prediction: Any) -> int:
        return int(np.argmax(prediction))


ROWS = [(0, (0.9, 0.1)), (1, (0.8, 0.2)), (1, (0.4, 0.6)), (None, (0.95, 0.05))]


@pytest.mark.parametrize("labelled", [True, False])
def test_what_was_asked_for_is_counted(labelled: bool) -> None:
    confidence: Any = _Classes()
    from ftk.calibration.assurance import Assurance  # torch

    found = Assurance(confidence, Asked(0.7, limit=0.5, coverage=0.9), None, labelled=labelled)
    for number, (example, prediction) in enumerate(ROWS):
        found.row(number, None, example, prediction)
    facts = dict(unsure_facts(found.figures()))
    assert facts["abstained (score below 0.7)"] == "1 of 4 answers"
    assert facts["labels in a set"] == "1.00 on average"
    assert facts.get("right among the others") == ("0.3333" if labelled else None)
    covered = facts.get("label sets with the right label (90 % asked for)")
    assert covered == ("50.0 % of 4 rows" if labelled else None)


def test_nothing_is_said_where_nothing_was_asked_for() -> None:
    assert unsure_line({"ece": 0.1, "answers": 3}) == ""
    assert unsure_line({"abstain": None, "coverage": [], "out_of_scope": {"score": "energy"}}) == ""


def test_a_label_that_the_model_does_not_know_is_wrong_and_has_no_loss() -> None:
    confidence: Any = _Classes()
    known, all_rows = Reliability(confidence), Reliability(confidence)
    for example, prediction in ROWS:
        all_rows.add(example, prediction)
        if example is not None:
            known.add(example, prediction)
    of_all, of_known = all_rows.compute(), known.compute()
    assert of_all["nll"] == of_known["nll"]
    assert (of_all["answers"], of_known["answers"]) == (4, 3)
    assert of_all["accuracy"] < of_known["accuracy"]


def test_too_few_validation_rows_are_the_reason() -> None:
    asked = PredictionsConfig(coverage=0.9)
    with pytest.raises(ConfigError, match=r"1 validation row is too few \(50"):
        Asked.of(asked, None, few=1)
    with pytest.raises(ConfigError, match="calibrate=temperature"):
        Asked.of(asked, None)
