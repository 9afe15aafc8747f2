"""Findings about the calibration of a model."""

from ftk.contracts.finding_kinds.making import fact, notice

CALIBRATED = fact(
    "calibrated",
    "calibrated on {rows:,} validation rows ({how})",
    "on rows that it was not fitted to, the calibration error was {before:.1f} % and is {after:.1f} %. Validation rows "
    "chose the best model, so it is a little higher on others",
)
NOT_CALIBRATED = notice(
    "not-calibrated",
    "calibrate={method} is not used",
    no_probabilities="the scores of this task are no probabilities of being right",
    no_validation="it is fitted to validation rows, and there are none",
)
FEW_TO_CALIBRATE = fact(
    "few-to-calibrate",
    "calibrate={method}: {found} answers in the validation rows are too few ({least} are needed)",
    "scores stay as the model computes them",
)
NOT_FOLDED = notice(
    "not-folded",
    "the temperature {temperature} is not in the weights of best/",
    no_layer="{model} has no last layer that could be divided by it. ftk divides scores by it; other tools do not",
    decisions="{rows:,} validation rows would get other predictions. ftk divides scores by it; other tools do not",
)
KEPT_CALIBRATION = notice(
    "kept-calibration",
    "best/ is calibrated already (calibrate={kept}), and calibrate={asked} is asked for",
    "it stays as it is",
)
