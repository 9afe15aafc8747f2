"""``ftk explain``: predictions, and the words that each of them rests on."""

from typing import Any

from ftk.commands.checks.values import check_values
from ftk.commands.predict import Records, predict
from ftk.config.compose import run_jobs
from ftk.config.invocation import Invocation
from ftk.config.schema import ExplainConfig
from ftk.data.readers.decoding.once import inputs
from ftk.explaining.asked import Asked
from ftk.inference.pipeline import Predictions
from ftk.inference.saved_model import SavedModel
from ftk.report.console import Console
from ftk.report.sweeps.running import exit_code, run_sweep


@inputs()
def run(command: str, argv: list[str]) -> int:
    """Run the command line: one explanation, or one for each job of a sweep."""
    return exit_code(run_jobs(command, argv, explain, check=check_values, sweep=run_sweep))


@inputs()
def explain(config: ExplainConfig, invocation: Invocation) -> dict[str, Any]:
    """Predict and explain the rows of one input; returns the number of rows and the seconds that it took."""
    return predict(config, invocation, _Explanations(config))


class _Explanations:
    """Adds explanations to records, as ``ftk.commands.predict.Addition``."""

    def __init__(self, config: ExplainConfig) -> None:
        self._config = config
        self._asked: Asked

    def check(self, saved: SavedModel) -> dict[str, Any]:
        self._asked = Asked.of(saved.trained, self._config.method, self._config.label)
        return {"explained": self._asked.to_json()}

    def records(self, predictions: Predictions, console: Console) -> Records:
        from ftk.explaining.explained import ExplainedRecords, explainer_of

        checkpoint = predictions.saved.checkpoint(predictions.data)
        return ExplainedRecords(predictions, explainer_of(checkpoint, self._asked, self._config.hardware)).records
