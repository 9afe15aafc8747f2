"""How long a run is: steps, tokens or time, whichever limit comes first."""

import math
from dataclasses import dataclass

from ftk.core.state import Progress


@dataclass(frozen=True, kw_only=True, slots=True)
class RunLimits:
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
        """The share of the run that is done, by the nearest limit; 1 or more at its end."""
        shares = [0.0]
        if self.steps is not None:
            shares.append(progress.step / self.steps)
        if self.tokens is not None:
            shares.append(progress.tokens / self.tokens)
        if self.seconds is not None:
            shares.append(progress.elapsed / self.seconds)
        return max(shares)

    def total(self, progress: Progress) -> float:
        """Estimate the optimizer steps of the whole run; infinite while nothing is known.

        The number is exact if only steps limit the run. Otherwise the pace so far is extrapolated, so that a schedule
        that follows the estimate ends when the run does.
        """
        totals = [math.inf] if self.steps is None else [float(self.steps)]
        if self.tokens is not None and progress.tokens:
            totals.append(progress.step * self.tokens / progress.tokens)
        if self.seconds is not None and progress.step > 1 and progress.elapsed > progress.first_step:
            # The first step may compile and warms caches, so it is not part of the pace.
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
class Interval:
    """How often something is due: after a number of steps, a share of the run, or some seconds. One of them is set."""

    steps: int | None = None
    share: float | None = None
    seconds: float | None = None

    def times_due(self, progress: Progress, limits: RunLimits) -> int:
        """How many times it has been due so far."""
        if self.steps is not None:
            return progress.step // self.steps
        if self.seconds is not None:
            return math.floor(progress.elapsed / self.seconds)
        assert self.share is not None
        return math.floor(limits.share(progress) / self.share + 1e-9)
