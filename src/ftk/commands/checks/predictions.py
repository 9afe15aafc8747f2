"""Checks of what records of a task can say of predictions that are unsure."""

from collections.abc import Iterator

from ftk.config.choices import Calibration
from ftk.config.mistakes import ConfigMistakes, Mistake
from ftk.config.schema import FinetuneConfig, PredictionsConfig
from ftk.contracts.confidence import Shape
from ftk.contracts.task import Task


def unknown_predictions(task: Task, predict: PredictionsConfig) -> Iterator[Mistake]:
    """Keys of ``predict`` that mean nothing for a task."""
    shape = None if task.spec.confidence is None else task.spec.confidence.shape
    if predict.abstain is not None and shape not in (Shape.classes, Shape.answers):
        reason = "its labels have thresholds" if shape is Shape.labels else "its scores are no probabilities"
        yield Mistake(f"predict.abstain={predict.abstain}", f"This task does not abstain: {reason}. Leave it out.")
    for key, value in (
        ("coverage", predict.coverage),
        ("out_of_scope", predict.out_of_scope and predict.out_of_scope.value),
    ):
        if value is not None and shape is not Shape.classes:
            yield Mistake(f"predict.{key}={value}", "This is for tasks that give each row one label. Leave it out.")


def refuse_unknown_predictions(task: Task, predict: PredictionsConfig) -> None:
    """Refuse keys of ``predict`` that mean nothing for the task of a model.

    Raises:
        ConfigError: with all of them.
    """
    if mistakes := list(unknown_predictions(task, predict)):
        raise ConfigMistakes(mistakes)


def uncalibrated_predictions(config: FinetuneConfig, task: Task) -> Iterator[Mistake]:
    """Keys of a training that need a calibration that it does not make."""
    method = config.calibrate
    if method in (Calibration.vector, Calibration.isotonic) and task.spec.confidence is None:
        yield Mistake(f"calibrate={method.value}", "The scores of this task are no probabilities. Leave it out.")
    held_out = config.data.validation is not None or config.data.validation_share > 0
    if method is not Calibration.none and held_out:
        return
    missing = "calibrate=none" if method is Calibration.none else "there are no validation rows"
    for key in ("coverage", "out_of_scope"):
        if (value := getattr(config.predict, key)) is not None:
            word = getattr(value, "value", value)
            yield Mistake(f"predict.{key}={word}", f"It needs the scores of validation rows ({missing}).")
