"""Checks of the sections hardware, run, sweep and predict."""

from collections.abc import Iterator

from ftk.config.mistakes import Mistake
from ftk.config.ranges.values import positive
from ftk.config.schema import HardwareConfig, PredictionsConfig, RunConfig, SweepConfig, TrainingRunConfig
from ftk.config.spelling.writing import as_word


def check_hardware(hardware: HardwareConfig) -> Iterator[Mistake]:
    for key in ("micro_batch", "threads", "eval_tokens"):
        yield from positive(f"hardware.{key}", getattr(hardware, key))


def check_run(run: RunConfig, sweep: SweepConfig, *, in_folder: bool) -> Iterator[Mistake]:
    """
    Args:
        run: the section.
        sweep: that section.
        in_folder: whether the command writes a run folder.
    """
    if run.resume not in (True, False, "force"):
        yield Mistake(f"run.resume={run.resume}", f"It must be true, false or force; '{run.resume}' is none of them.")
    elif run.resume and run.overwrite:
        what = f"run.resume={as_word(run.resume)} run.overwrite=true"
        yield Mistake(what, "Go on with it, or replace it: not both.")
    elif run.resume and run.dir is None and sweep.dir is None and in_folder:
        yield Mistake(f"run.resume={as_word(run.resume)}", "Say which run to resume: run.dir=runs/<run>.")
    if isinstance(run, TrainingRunConfig):
        yield from positive("run.stop_after", run.stop_after)
    if not 0 <= run.seed < 2**63:
        yield Mistake(f"run.seed={run.seed}", "A seed is a number from 0 to 2^63 - 1.")


def check_sweep(sweep: SweepConfig) -> Iterator[Mistake]:
    yield from positive("sweep.jobs", sweep.jobs)
    if sweep.retry < 0:
        yield Mistake(f"sweep.retry={sweep.retry}", "It must be 0 or more.")


def check_predictions(predict: PredictionsConfig) -> Iterator[Mistake]:
    scores = predict.scores
    number = isinstance(scores, int) and not isinstance(scores, bool) and scores >= 1
    if scores not in ("auto", "all") and not number:
        yield Mistake(f"predict.scores={as_word(scores)}", "It must be auto, all, or a number of scores, at least 1.")
    for key in ("abstain", "coverage"):
        value = getattr(predict, key)
        if value is not None and not 0 < value < 1:
            yield Mistake(f"predict.{key}={value}", "It must be a probability between 0 and 1, or null.")
