"""THE loop: a generator of optimizer steps, and its one visible consumer."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from ftk.contracts.contexts import SampleSeed
from ftk.contracts.protocols import Order, Windows
from ftk.contracts.task import Task
from ftk.contracts.values import Batch
from ftk.core.anomalies import Guard
from ftk.core.hardware import Hardware
from ftk.core.limits import Every, Horizon
from ftk.core.out_of_memory import give_back, is_limited, is_out_of_memory
from ftk.core.prefetch import ahead
from ftk.core.state import Progress, TrainState, seed_step
from ftk.errors import Interrupted, RunError
from ftk.optim.clipping import clipped
from ftk.optim.schedules import Schedule
from ftk.system.signals import Stop

_MOST_OVERFLOWS = 30
"""Steps in a row whose gradient overflows fp16: by then the loss is scaled by less than a thousandth."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What is optimised, for how long, and when it is looked at."""

    horizon: Horizon
    seed: int
    batch_size: int
    max_grad_norm: float | None
    micro_batch: int | None
    guard: Guard
    schedule: Schedule
    eval_every: Every
    save_every: Every
    log_every: int
    patience: int | None


@dataclass(frozen=True, slots=True)
class StepInfo:
    """What one optimizer step reports."""

    step: int
    """How many steps are done with this one."""
    loss_sum: float
    count: int
    lr: float
    grad_norm: float
    tokens: int
    padding: int
    seconds: float
    last: bool
    """Whether the run ends with this step."""


class Observer(Protocol):
    """Who is told of a run: the terminal, the metrics file, the run folder."""

    def stepped(self, info: StepInfo) -> None:
        """An optimizer step is done."""
        ...

    def logged(self, event: dict[str, Any]) -> None:
        """A line of metrics is due."""
        ...

    def warned(self, text: str) -> None:
        """Something is done otherwise than was asked for."""
        ...

    def validate(self, state: TrainState) -> dict[str, Any]:
        """The metrics of the validation split, now."""
        ...

    def validated(self, state: TrainState, metrics: dict[str, Any], *, best: bool) -> None:
        """A validation is done; where it is the best so far the model is to be kept."""
        ...

    def save(self, state: TrainState) -> None:
        """The state is to be saved, to be gone on from."""
        ...


def steps(
    state: TrainState,
    task: Task,
    features: Windows,
    order: Order,
    plan: Plan,
    hardware: Hardware,
    warn: Callable[[str], None],
) -> Iterator[StepInfo]:
    """Optimizer steps, from the state's own up to the end of the plan. No I/O happens in here.

    The loss of a step is the sum over all its micro batches divided once by the number of targets in them, so that
    neither accumulation nor ragged batches change what is optimised. Where memory is too little for a micro batch the
    step is done again in halves, and so are all that follow.

    Args:
        state: is changed.
        task: whose loss it is.
        features: the windows.
        order: which of them each step has.
        plan: for how long, and how.
        hardware: on what.
        warn: is told of updates that are left out, and of smaller micro batches.

    Raises:
        RunError: the loss or the gradient is not what the policies let pass, a batch has nothing to learn from, or
            there is too little memory for one row; the parameters are still those of the step before.
    """
    model, optimizer, scaler, progress = state.model, state.optimizer, state.scaler, state.progress
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    gpu = hardware.device.type == "cuda"

    def prepare(step: int) -> tuple[int | None, NDArray[np.int64], NDArray[np.int64], list[Batch]]:
        windows, epochs = order.step(step)
        cut = progress.micro_batch
        return cut, windows, epochs, batches_of(windows, epochs)

    def batches_of(windows: NDArray[np.int64], epochs: NDArray[np.int64]) -> list[Batch]:
        return [
            task.collate(features, windows[part].tolist(), SampleSeed(plan.seed, epochs[part])).pinned(gpu)
            for part in _parts(len(windows), progress.micro_batch or plan.micro_batch)
        ]

    def gradients(batches: list[Batch], count: int) -> torch.Tensor:
        total = torch.zeros((), device=hardware.device)
        for batch in batches:
            batch = batch.to(hardware.device)
            with hardware.autocast():
                outputs = task.forward(model, batch)
            loss = task.loss(outputs, batch)
            scaler.scale(loss.sum / count).backward()
            total += loss.sum.detach()
        return total

    def with_less(error: BaseException | None, windows: NDArray[np.int64]) -> None:
        """Halve the micro batch, or give up. No frame of the failed step may be held any more."""
        size = min(progress.micro_batch or plan.micro_batch or len(windows), len(windows))
        optimizer.zero_grad(set_to_none=True)
        if (hint := task.spec.in_batch_loss_hint) is not None:
            raise RunError(
                f"step {progress.step + 1}: there is too little memory for a batch of {size} rows, which are compared "
                f"with each other, so that it is not cut. {hint} Or try a smaller train.batch_size."
            ) from error
        if size == 1:
            longest = int(max(features.lengths[windows]))
            raise RunError(
                f"step {progress.step + 1}: there is too little memory for one row of {longest} tokens "
                f"({features.places(windows)}). Try a smaller data.max_length, a smaller model, or "
                "hardware.precision=bf16."
            ) from error
        progress.micro_batch = (size + 1) // 2
        give_back(hardware.device)
        warn(
            f"too little memory for {size} rows at once: from step {progress.step + 1} on it is "
            f"{progress.micro_batch}, with the same gradients (hardware.micro_batch={progress.micro_batch})"
        )

    if gpu or is_limited():  # elsewhere the system ends a process that takes too much; there is nothing to try
        longest = np.argsort(-features.lengths[:], kind="stable")[: plan.batch_size]
        _try(longest, batches_of, gradients, with_less, state)
    started = time.perf_counter() - progress.elapsed
    prepared = ahead(prepare, progress.step, thread=gpu)
    while True:
        began = time.perf_counter()
        if progress.step:
            progress.elapsed = began - started  # what was done since the last step takes from the time there is
        if plan.horizon.reached(progress):
            return
        step = progress.step
        model.train()
        share = plan.schedule(step, plan.horizon.total(progress))
        for group in optimizer.param_groups:
            group["lr"] = group["peak_lr"] * share
        cut, windows, epochs, batches = next(prepared)
        count = sum(batch.count for batch in batches)
        if not count:
            raise RunError(f"step {step + 1}: the batch has nothing to learn from ({features.places(windows)}).")
        while True:
            if cut != progress.micro_batch:  # prepared before memory was too little
                cut, batches = progress.micro_batch, batches_of(windows, epochs)
            seed_step(plan.seed, step)
            total, failed = _unless_out_of_memory(partial(gradients, batches, count))
            if total is not None:
                break
            with_less(failed, windows)
        scaler.unscale_(optimizer)
        found = [parameter.grad for parameter in parameters if parameter.grad is not None]
        length = torch.nn.utils.get_total_norm(found)
        loss_sum, norm = torch.stack([total, length]).tolist()  # the one moment at which a GPU is waited for
        overflowed = scaler.is_enabled() and math.isfinite(loss_sum) and not math.isfinite(norm)
        progress.overflows_in_a_row = progress.overflows_in_a_row + 1 if overflowed else 0
        if progress.overflows_in_a_row >= _MOST_OVERFLOWS:
            raise RunError(
                f"step {step + 1}: the gradient overflows fp16 whatever the loss is scaled by, and did so in the "
                f"{_MOST_OVERFLOWS - 1} steps before. Try hardware.precision=bf16 or fp32, or a lower optimizer.lr."
            )
        left_out = None
        if not overflowed:  # else the scaler leaves the step out, and scales the next one less
            left_out = plan.guard.judge(state, loss_sum / count, norm, partial(features.places, windows))
        if left_out is None:
            with clipped(optimizer, found, length, plan.max_grad_norm, scaler):
                scaler.step(optimizer)
        else:
            warn(f"{left_out} Its update is left out.")
            loss_sum, count = 0.0, 0
        scaler.update()
        optimizer.zero_grad(set_to_none=True)
        tokens = sum(batch.tokens for batch in batches)
        padding = sum(batch.padding for batch in batches)
        now = time.perf_counter()
        _advance(state, loss_sum, count, tokens, padding, now - began, overflowed)
        progress.elapsed = now - started
        if progress.step == 1:
            progress.first_step = progress.elapsed
        yield StepInfo(
            step=progress.step,
            loss_sum=loss_sum,
            count=count,
            lr=optimizer.param_groups[0]["lr"],
            grad_norm=norm,
            tokens=tokens,
            padding=padding,
            seconds=now - began,
            last=plan.horizon.reached(progress),
        )


def _unless_out_of_memory(compute: Callable[[], torch.Tensor]) -> tuple[torch.Tensor | None, BaseException | None]:
    """What a step gives, or the error that says that memory was too little, without the frames that hold it."""
    try:
        return compute(), None
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        return None, error.with_traceback(None)


def _try(
    windows: NDArray[np.int64],
    batches_of: Callable[[NDArray[np.int64], NDArray[np.int64]], list[Batch]],
    gradients: Callable[[list[Batch], int], torch.Tensor],
    with_less: Callable[[BaseException | None, NDArray[np.int64]], None],
    state: TrainState,
) -> None:
    """Compute the largest batch there is, for its memory alone, so that what does not fit is known at the start."""
    state.model.train()
    buffers = {name: buffer.clone() for name, buffer in state.model.named_buffers()}
    while True:
        seed_step(0, 0)  # each step seeds for itself
        batches = batches_of(windows, np.zeros(len(windows), dtype=np.int64))
        count = max(1, sum(batch.count for batch in batches))
        done, failed = _unless_out_of_memory(partial(gradients, batches, count))
        if done is not None:
            break
        with_less(failed, windows)
    state.optimizer.zero_grad(set_to_none=True)
    for name, buffer in state.model.named_buffers():
        buffer.copy_(buffers[name])


def train(
    state: TrainState,
    task: Task,
    features: Windows,
    order: Order,
    plan: Plan,
    hardware: Hardware,
    *,
    observer: Observer,
    stop: Stop,
) -> None:
    """Run the plan: after each step log, validate, keep the best, save, and stop where it is due.

    Raises:
        Interrupted: a signal came; the state has been saved.
        RunError: from ``steps``.
    """
    progress = state.progress
    if not _validate(state, task, plan, observer, stop):
        return
    saved = progress.step
    info: StepInfo | None = None
    for info in steps(state, task, features, order, plan, hardware, observer.warned):
        observer.stepped(info)
        if info.step % plan.log_every == 0 or info.last:
            observer.logged(_event(state, info))
            progress.loss_sum, progress.loss_count = 0.0, 0
        try:
            going_on = _validate(state, task, plan, observer, stop)
        except Interrupted:  # a validation is left out; the resumed run begins with it
            observer.save(state)
            raise
        marks = plan.save_every.mark(progress, plan.horizon)
        requested = stop.requested  # once: a signal that comes after it must find a save before it ends the run
        if marks > progress.save_marks or info.last or not going_on or requested:
            progress.save_marks = marks
            observer.save(state)
            saved = info.step
        if requested:
            stop.check()
        if not going_on:
            return
    if info is None or (saved == progress.validated == progress.step and not progress.loss_count):
        return
    # The time ran out between two steps: in a validation or a save.
    if progress.loss_count:
        observer.logged(_event(state, info))
        progress.loss_sum, progress.loss_count = 0.0, 0
    try:
        _validate(state, task, plan, observer, stop)
    except Interrupted:
        observer.save(state)
        raise
    observer.save(state)
    stop.check()


def _validate(state: TrainState, task: Task, plan: Plan, observer: Observer, stop: Stop) -> bool:
    """Validate where it is due and not yet done for this step; False where patience is at its end."""
    progress = state.progress
    marks = plan.eval_every.mark(progress, plan.horizon)
    due = progress.step and (marks > progress.eval_marks or plan.horizon.reached(progress))
    if due and progress.validated < progress.step and not stop.requested:
        metrics = observer.validate(state)
        if not np.isfinite(metrics.get("loss", 0.0)):
            raise RunError(
                f"step {progress.step}: the validation loss is {metrics['loss']}; the model is lost. "
                "Try a lower optimizer.lr, a longer schedule.warmup, or hardware.precision=fp32."
            )
        score = metrics.get(task.spec.score)
        gain = _gain(task, score, metrics, progress)
        # Of two models with one score the one with the lower loss is kept; patience waits for the score alone.
        tie = score is not None and score == progress.best_score and _lower(metrics, progress)
        best = gain or tie
        progress.validated, progress.eval_marks = progress.step, marks
        if score is not None or progress.best_score is None:  # else the two are not compared
            progress.without_gain = 0 if gain else progress.without_gain + 1
        if best:
            progress.best_score, progress.best_step, progress.best_metrics = score, progress.step, metrics
        observer.validated(state, metrics, best=best)
    return plan.patience is None or progress.without_gain < plan.patience


def _gain(task: Task, score: float | None, metrics: dict[str, Any], progress: Progress) -> bool:
    """Whether a validation is better than the best one so far: by its score, and where neither has one by its loss."""
    if not metrics or progress.best_step is None:
        return True
    if score is None:
        return progress.best_score is None and _lower(metrics, progress)
    return progress.best_score is None or _better(task, score, progress.best_score)


def _lower(metrics: dict[str, Any], progress: Progress) -> bool:
    return metrics.get("loss", 0.0) < progress.best_metrics.get("loss", 0.0)


def _better(task: Task, score: float, best: float) -> bool:
    return score > best if task.spec.higher_is_better else score < best


def _parts(number: int, micro_batch: int | None) -> list[slice]:
    size = micro_batch or number
    return [slice(at, at + size) for at in range(0, number, size)]


def _advance(
    state: TrainState, loss_sum: float, count: int, tokens: int, padding: int, seconds: float, overflowed: bool
) -> None:
    progress = state.progress
    progress.step += 1
    progress.tokens += tokens
    progress.padding += padding
    progress.seconds += seconds
    progress.loss_sum += loss_sum
    progress.loss_count += count
    progress.skipped += overflowed


def _event(state: TrainState, info: StepInfo) -> dict[str, Any]:
    progress = state.progress
    return {
        "step": info.step,
        "split": "train",
        "loss": progress.loss_sum / progress.loss_count if progress.loss_count else None,
        "lr": info.lr,
        "grad_norm": info.grad_norm,
        "tokens": progress.tokens,
        "seconds": round(progress.seconds, 3),
    }
