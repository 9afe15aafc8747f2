"""Losses and gradients that are not finite, and loss spikes."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from ftk.config.choices import OnNonFinite, OnSpike
from ftk.core.non_finite import cause_in_model
from ftk.core.state import Progress, TrainState
from ftk.errors import RunError

_MEMORY = 0.98
"""Weight of the past in the running mean of the loss, at each step."""
_KNOWN = 20
"""Steps after which the running mean is meaningful."""
_MOST_IN_A_ROW = 20
"""Skipped updates in a row after which the run fails, because it no longer learns."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LossGuard:
    """Checks the loss and the gradient of each step against the policies of a run."""

    non_finite: OnNonFinite
    spike: OnSpike
    spike_factor: float

    def check(self, state: TrainState, loss: float, norm: float, places: Callable[[], str]) -> str | None:
        """Check a step before its update.

        Args:
            state: with the gradients of the step.
            loss: the mean loss of the step.
            norm: the norm of the gradient.
            places: names the rows of the step, for messages.

        Returns:
            Why the update must be skipped, or None.

        Raises:
            RunError: the policy is to stop, or too many updates in a row were skipped.
        """
        progress = state.progress
        if not (math.isfinite(loss) and math.isfinite(norm)):
            if not progress.step:
                _refuse_broken(state)
            what = _cause(state, loss, norm)
            skip = self.non_finite is OnNonFinite.skip
        elif self._is_spike(progress, loss):
            progress.spikes += 1
            mean = progress.usual_loss / progress.usual_weight
            what = f"the loss is {loss:.4g}, {loss / mean:.1f} times its running mean of {mean:.4g}"
            if self.spike is OnSpike.count:
                self._usual(progress, loss)
                return None
            skip = self.spike is OnSpike.skip
        else:
            self._usual(progress, loss)
            return None
        lr = state.optimizer.param_groups[0]["lr"]
        message = f"step {progress.step + 1}: {what} (lr {lr:.3g}, {places()})."
        if not skip:
            raise RunError(
                f"{message} The parameters are those of the step before. Try a lower optimizer.lr, a longer "
                "schedule.warmup, or hardware.precision=fp32; train.on_non_finite=skip and train.on_spike=skip skip "
                "such updates."
            )
        progress.left_out += 1
        progress.left_out_in_a_row += 1
        if progress.left_out_in_a_row >= _MOST_IN_A_ROW:
            raise RunError(
                f"{message} The {_MOST_IN_A_ROW - 1} updates before it were skipped, too: the model no longer learns."
            )
        return message

    def _is_spike(self, progress: Progress, loss: float) -> bool:
        if self.spike is OnSpike.ignore or progress.usual_steps < _KNOWN:
            return False
        return loss > self.spike_factor * progress.usual_loss / progress.usual_weight

    def _usual(self, progress: Progress, loss: float) -> None:
        """Add a loss to the running mean."""
        progress.left_out_in_a_row = 0
        progress.usual_steps += 1
        progress.usual_loss = _MEMORY * progress.usual_loss + (1 - _MEMORY) * loss
        progress.usual_weight = _MEMORY * progress.usual_weight + (1 - _MEMORY)


def _refuse_broken(state: TrainState) -> None:
    """Refuse weights that were not finite before the first update: no setting of the training mends them.

    Raises:
        RunError: there are some.
    """
    found = cause_in_model(state.model)
    if found is not None:
        raise RunError(f"step 1: the loss is not finite, because {found.text}, before any update. Take another model.")


def _cause(state: TrainState, loss: float, norm: float) -> str:
    """Where a number is not finite: in the parameters, the loss, or a gradient."""
    broken = [name for name, parameter in state.model.named_parameters() if not torch.isfinite(parameter).all()]
    if broken:
        return f"the loss is {loss}, because parameters are no longer finite ({_some(broken)})"
    if not math.isfinite(loss):
        return f"the loss is {loss}, while all parameters are finite"
    names = [
        name
        for name, parameter in state.model.named_parameters()
        if parameter.grad is not None and not torch.isfinite(parameter.grad).all()
    ]
    # The norm of finite gradients can still overflow.
    return f"the gradient's norm is {norm}, while the loss is {loss:.4g} ({_some(names) if names else 'it overflows'})"


def _some(names: list[str]) -> str:
    return names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else "")
