"""How long a run is: steps, tokens or time, whichever ends first."""

import math
from dataclasses import dataclass

from ftk.core.state import Progress


@dataclass(frozen=True, kw_only=True, slots=True)
class Horizon:
    """The limits of a run; at least one of them is set.

    Attributes:
        steps: optimizer steps.
        tokens: real tokens.
        seconds: wall-clock time since the first step, over all parts of an interrupted run.
    """

    steps: int | None
    tokens: int | None
    seconds: float | None

    def share(self, progress: Progress) -> float:
        """How much of the run is done, by the limit that is nearest; 1 and more is all of it."""
        shares = [0.0]
        if self.steps is not None:
            shares.append(progress.step / self.steps)
        if self.tokens is not None:
            shares.append(progress.tokens / self.tokens)
        if self.seconds is not None:
            shares.append(progress.elapsed / self.seconds)
        return max(shares)

    def total(self, progress: Progress) -> float:
        """Optimizer steps of the whole run, as far as can be told now; infinite while nothing can be told.

        Where only steps limit the run this is exact. Else what the run has taken so far is laid out to its end, so
        that a schedule that follows it ends when the run does.
        """
        totals = [math.inf] if self.steps is None else [float(self.steps)]
        if self.tokens is not None and progress.tokens:
            totals.append(progress.step * self.tokens / progress.tokens)
        if self.seconds is not None and progress.step > 1 and progress.elapsed > progress.first_step:
            # The first step may compile, and warms caches: it says nothing of the pace.
            pace = (progress.elapsed - progress.first_step) / (progress.step - 1)
            totals.append(progress.step + max(0.0, self.seconds - progress.elapsed) / pace)
        return min(totals)

    def reached(self, progress: Progress) -> bool:
        """Whether the run is over."""
        return (
            (self.steps is not None and progress.step >= self.steps)
            or (self.tokens is not None and progress.tokens >= self.tokens)
            or (self.seconds is not None and progress.elapsed >= self.seconds)
        )


@dataclass(frozen=True, slots=True)
class Every:
    """When something is due again: after a number of steps, after a share of the run, or after some time."""

    steps: int | None = None
    share: float | None = None
    seconds: float | None = None

    def mark(self, progress: Progress, horizon: Horizon) -> int:
        """How often it has been due up to here."""
        if self.steps is not None:
            return progress.step // self.steps
        if self.seconds is not None:
            return math.floor(progress.elapsed / self.seconds)
        assert self.share is not None
        return math.floor(horizon.share(progress) / self.share + 1e-9)
