"""Optimizer steps: a generator that neither reads nor writes files."""

import math
import time
from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor

from ftk.core.batch_source import BatchSource, StepBatches
from ftk.core.hardware import Hardware
from ftk.core.out_of_memory import give_back, is_limited, is_out_of_memory
from ftk.core.plan import Plan, StepInfo
from ftk.core.prefetch import prefetch
from ftk.core.row_losses import RowLosses
from ftk.core.seeding import drawn, seed_step
from ftk.core.state import StepReport, TrainState
from ftk.core.world import World
from ftk.errors import RunError
from ftk.objectives import Objective, Pass
from ftk.optim.clipping import clipped

_MOST_OVERFLOWS = 30
"""Consecutive steps whose gradient overflows fp16: by then the loss is scaled by less than a thousandth."""


def steps(stepper: "Stepper") -> Iterator[StepInfo]:
    """Run optimizer steps, from the state's step to the end of the plan.

    Yields:
        A report of each step, once its update is made.

    Raises:
        RunError: a policy stops the run at a loss or gradient, a batch has no targets, or one row does not fit into
            memory. The parameters are then those of the step before.
    """
    progress, plan, world = stepper.state.progress, stepper.plan, stepper.world
    stepper.check_memory()
    started = time.perf_counter() - progress.elapsed
    prepared = prefetch(stepper.prepare, progress.step, thread=stepper.hardware.device.type == "cuda")
    while True:
        began = time.perf_counter()
        if progress.step:
            progress.elapsed = world.first(began - started)  # validations and saves take of the time, too
        if plan.limits.reached(progress):
            return
        stepper.set_rates(plan.schedule(progress.step, plan.limits.total(progress)))
        report = stepper.step(next(prepared))
        now = time.perf_counter()
        progress.add_step(report, seconds=now - began, elapsed=world.first(now - started))
        yield StepInfo(
            step=progress.step,
            loss_sum=report.loss_sum,
            count=report.count,
            lr=stepper.optimizer.param_groups[0]["lr"],
            grad_norm=report.grad_norm,
            tokens=report.tokens,
            padding=report.padding,
            seconds=now - began,
            last=plan.limits.reached(progress),
        )


class Stepper:
    """Makes one optimizer step at a time.

    The loss of a step is the sum over its targets, divided once by their number, so that neither accumulation nor
    ragged batches change what is optimised. If a micro batch does not fit into memory, the step is repeated with half
    its size, and so are all steps after it.

    Args:
        state: changes with every step.
        objective: turns micro batches into gradients.
        source: gives the batches.
        plan: how to step.
        hardware: device and precision.
        world: the processes that share a step.
        warn: receives a sentence for each skipped update, and for each smaller micro batch.
        losses: collects the losses of the rows of each step; None: nobody asks for them.
    """

    def __init__(
        self,
        state: TrainState,
        objective: Objective,
        source: BatchSource,
        plan: Plan,
        hardware: Hardware,
        world: World,
        warn: Callable[[str], None],
        losses: RowLosses | None = None,
    ) -> None:
        self.state = state
        self.objective = objective
        self.source = source
        self.plan = plan
        self.hardware = hardware
        self.world = world
        self.warn = warn
        self.losses = losses
        self.optimizer = state.optimizer
        self.parameters = [parameter for group in state.optimizer.param_groups for parameter in group["params"]]

    @property
    def micro_batch(self) -> int | None:
        """The largest number of windows that are computed at once."""
        return self.state.progress.micro_batch or self.plan.micro_batch

    def prepare(self, step: int) -> StepBatches:
        """The batches of a step; does not depend on the steps before it."""
        return self.source.step(step, self.micro_batch)

    def set_rates(self, share: float) -> None:
        """Set each learning rate to a share of its peak."""
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak_lr"] * share

    def step(self, ready: StepBatches) -> StepReport:
        """Compute the gradients of a step and update the parameters."""
        state, number = self.state, self.state.progress.step + 1
        state.model.train()
        sizes = self.world.sum(torch.tensor([ready.count, ready.tokens, ready.padding])).tolist()
        count, tokens, padding = (int(size) for size in sizes)
        if not count:
            raise RunError(f"step {number}: the batch has nothing to learn from ({self.source.places(ready.windows)}).")
        total, ready = self._gradients(ready, count, (self.plan.seed, state.progress.step))
        self.world.reduce(self.parameters)
        state.scaler.unscale_(self.optimizer)
        found = [parameter.grad for parameter in self.parameters if parameter.grad is not None]
        length = torch.nn.utils.get_total_norm(found)
        # The one moment at which the CPU waits for a GPU.
        loss_sum, norm = torch.stack([self.world.sum(total), length]).tolist()
        overflowed = self._overflowed(loss_sum, norm)
        skipped = None
        if not overflowed:  # otherwise the scaler skips the update, and scales the next loss less
            places = partial(self.source.places, ready.windows)
            skipped = self.plan.guard.check(state, loss_sum / count, norm, places)
        if skipped is None:
            with clipped(self.optimizer, found, length, self.plan.max_grad_norm, state.scaler):
                state.scaler.step(self.optimizer)
        else:
            self.warn(f"{skipped} Its update is skipped.")
            loss_sum, count = 0.0, 0
        state.scaler.update()
        self.optimizer.zero_grad(set_to_none=True)
        return StepReport(loss_sum, count, norm, tokens, padding, overflowed)

    def check_memory(self) -> None:
        """Compute the largest batch once, so that too little memory shows at the start.

        Only on a GPU or under a memory limit: elsewhere the system kills a process that takes too much.
        """
        if self.hardware.device.type != "cuda" and not is_limited():
            return
        state = self.state
        state.model.train()
        buffers = {name: buffer.clone() for name, buffer in state.model.named_buffers()}
        ready = self.source.longest(self.plan.batch_size, self.micro_batch)
        self._gradients(ready, max(1, ready.count), (0, 0))
        self.optimizer.zero_grad(set_to_none=True)
        for name, buffer in state.model.named_buffers():
            buffer.copy_(buffers[name])

    def _gradients(self, ready: StepBatches, count: int, seed: tuple[int, int]) -> tuple[Tensor, StepBatches]:
        """Add the gradients of a step, in smaller and smaller micro batches until they fit into memory.

        Args:
            ready: the batches of this rank.
            count: targets of the step, on all ranks.
            seed: the seed and the step that dropout is a function of.

        Returns:
            The summed loss of this rank, and the micro batches that were used.
        """
        while True:
            if ready.micro_batch != self.micro_batch:  # prepared before memory ran out
                ready = self.source.cut(ready.windows, ready.epochs, self.micro_batch)
            seed_step(*seed)
            total, failed = _unless_out_of_memory(partial(self._accumulate, ready, count, seed))
            if not self.world.any(failed is not None):
                assert total is not None
                return total, ready
            del total  # no frame of the failed step may hold its tensors
            self._halve(failed, ready)

    def _accumulate(self, ready: StepBatches, count: int, seed: tuple[int, int]) -> Tensor:
        total = torch.zeros((), device=self.hardware.device)
        seen = {} if self.losses is None else {"seen": self.losses.add}
        if self.losses is not None:
            self.losses.begin()
        for number, batch in enumerate(ready.batches):
            run = Pass(
                autocast=self.hardware.autocast,
                backward=partial(self._backward, count),
                rng=partial(drawn, *seed, number),
                **seen,
            )
            total += self.objective(self.state.model, self.source.task, batch.to(self.hardware.device), run)
        return total

    def _backward(self, count: int, loss_sum: Tensor) -> None:
        torch.autograd.backward(self.state.scaler.scale(loss_sum / count))

    def _halve(self, error: BaseException | None, ready: StepBatches) -> None:
        """Halve the micro batch.

        Raises:
            RunError: it cannot be halved.
        """
        progress, windows = self.state.progress, ready.windows
        # What was computed at once: of rows of one length there may be fewer than the micro batch allows.
        size = max((len(batch.windows) for batch in ready.batches), default=0)
        self.optimizer.zero_grad(set_to_none=True)
        hint = self.source.task.spec.in_batch_loss_hint
        if hint is not None:
            raise RunError(
                f"step {progress.step + 1}: a batch of {size} rows does not fit into memory. Its rows are compared "
                f"with each other, so it is not split. {hint} Or try a smaller train.batch_size."
            ) from error
        if size == 1:
            raise RunError(
                f"step {progress.step + 1}: one row of {self.source.most_tokens(windows)} tokens does not fit into "
                f"memory ({self.source.places(windows)}). Try a smaller data.max_length, a smaller model, or "
                "hardware.precision=bf16."
            ) from error
        progress.micro_batch = (size + 1) // 2
        give_back(self.hardware.device)
        self.warn(
            f"{size} rows at once do not fit into memory: from step {progress.step + 1} on, "
            f"{progress.micro_batch} are computed at once, with the same gradients "
            f"(hardware.micro_batch={progress.micro_batch})"
        )

    def _overflowed(self, loss_sum: float, norm: float) -> bool:
        """Whether the gradient overflowed fp16.

        Raises:
            RunError: it did so too many times in a row.
        """
        progress = self.state.progress
        overflowed = self.state.scaler.is_enabled() and math.isfinite(loss_sum) and not math.isfinite(norm)
        progress.overflows_in_a_row = progress.overflows_in_a_row + 1 if overflowed else 0
        if progress.overflows_in_a_row >= _MOST_OVERFLOWS:
            raise RunError(
                f"step {progress.step + 1}: the gradient overflows fp16 at every loss scale, as in the "
                f"{_MOST_OVERFLOWS - 1} steps before. Try hardware.precision=bf16 or fp32, or a lower optimizer.lr."
            )
        return overflowed


def _unless_out_of_memory(compute: Callable[[], Tensor]) -> tuple[Tensor | None, BaseException | None]:
    """The result, or the error that says that memory ran out, without the frames that hold tensors."""
    try:
        return compute(), None
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        return None, error.with_traceback(None)
