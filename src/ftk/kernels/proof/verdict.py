"""Which fast ways a model can use: each is tried on its first layers with a small batch."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import nn

from ftk.errors import first_line
from ftk.kernels.first_layers import keep_first_layers
from ftk.kernels.proof.sample import Sample, samples
from ftk.kernels.proof.trial import compared_weights, run
from ftk.kernels.proof.untouched import Snapshot, only_trained, same_generators
from ftk.kernels.ways import ALL, Way, install

_SAME = 1e-4
"""The largest relative deviation in fp32. Sums in another order differ by some 1e-7, and by 1e-5 after a backward pass
through wide layers; a wrong formula differs by 1e-2."""
_ROUNDED = 4.0
"""In bf16, how many times the largest deviation that plain modules have from their fp32 results: the fast layer norm
keeps the sums between layers in bf16, which plain modules keep in fp32."""
_HALF_STEP = 2.0**-6
"""In bf16, the deviation that is always accepted: a few roundings by half a step of 2^-7."""
_SAMPLES = 3
"""How many samples have to differ in bf16."""
_UNKNOWN = 0.1
"""In bf16, the largest deviation from fp32 results where the plain modules cannot run in bf16."""


@dataclass(frozen=True)
class Refusal:
    """A way that is not used in a part of a model.

    Attributes:
        way: its name.
        part: the name of the modules, with ``*`` for numbers; ``*`` alone for all of them.
        reason: what happened when it was tried.
    """

    way: str
    part: str
    reason: str


@dataclass(frozen=True)
class Verdict:
    """The ways that a model cannot use.

    Attributes:
        refusals: each with its reason.
        unfit: why the model cannot be run in this precision at all; None if it can.
        lasting: whether the next model of this architecture has the same verdict.
    """

    refusals: tuple[Refusal, ...] = ()
    unfit: str | None = None
    lasting: bool = True

    def allows(self, way: str, part: str) -> bool:
        """Whether a way can be used in a part of the model."""
        return not any(refusal.way == way and refusal.part in (part, ALL) for refusal in self.refusals)

    @classmethod
    def of(cls, refusals: Any) -> "Verdict":
        """The verdict with the refusals that ``to_json`` wrote.

        Raises:
            TypeError: this is not what it writes.
        """
        return cls(tuple(Refusal(*(str(word) for word in words)) for words in refusals))

    def to_json(self) -> list[list[str]]:
        """The refusals for a file."""
        return [[refusal.way, refusal.part, refusal.reason] for refusal in self.refusals]


def prove(model: nn.Module, ways: Sequence[Way], dtype: torch.dtype, *, training: bool) -> Verdict:
    """Try fast ways on a model, against the model as it is.

    Outputs and gradients are compared without dropout; with dropout the fast model only has to run. Afterwards the
    model, its weights and gradients, and all random generators are as before.

    Args:
        model: with plain modules, on the CPU.
        ways: the fast ways, in the order of their installation.
        dtype: the precision of the run.
        training: whether gradients are needed.
    """
    whole = Snapshot(model)
    reduced = dtype is not torch.float32
    try:
        # One block of autocast for all trials: it rounds weights that are trained to bf16 once.
        trained = model.parameters() if reduced else compared_weights(model)
        with _quiet(), same_generators(), only_trained(model, trained), torch.autocast("cpu", dtype, reduced):
            cut = keep_first_layers(model, gaps=True)
            proof = _proof(model, Snapshot(model), dtype, training)
            if isinstance(proof, str) and cut:  # there are architectures that need all of their layers
                whole.restore()
                proof = _proof(model, whole, dtype, training)
            if isinstance(proof, str):
                return Verdict(tuple(Refusal(way.name, ALL, proof) for way in ways))
            return proof.verdict(ways)
    finally:
        whole.restore()


def _proof(model: nn.Module, plain: Snapshot, dtype: torch.dtype, training: bool) -> "_Proof | str":
    """The first of the samples that the plain model can be run with, or why it can be run with none."""
    reasons = []
    model.eval()
    for make in samples(model):
        try:
            return _Proof(model, make, plain, dtype, training)
        except Exception as error:  # whatever an architecture raises
            reasons.append(_in_words(error))
        plain.restore()
        model.eval()
    return f"no small batch could be tried ({reasons[0]})"


class _Proof:
    """A model and a sample, with the results of the plain modules."""

    def __init__(
        self,
        model: nn.Module,
        make: Callable[[int], Sample],
        plain: Snapshot,
        dtype: torch.dtype,
        training: bool,
        number: int = 0,
    ) -> None:
        self.model = model
        self.make = make
        self.number = number
        self.sample = sample = make(number)
        self.plain = plain
        self.dtype = dtype
        self.training = training
        self.weights = (
            [weight for weight in compared_weights(sample.module) if weight.requires_grad] if training else []
        )
        self.exact = run(sample, torch.float32, self.weights)
        plain.restore()

    @cached_property
    def _rounded(self) -> list[float] | str:
        """How far the plain modules in the precision of the run are from their fp32 results; why they cannot run in it.

        It is only asked for where a deviation is above what is always accepted, which is rare.
        """
        self.plain.restore()
        self.model.eval()
        try:
            return run(self.sample, self.dtype, self.weights).deviations(self.exact)
        except Exception as error:  # fast modules may enable an architecture to run in bf16
            return _in_words(error)
        finally:
            self.plain.restore()

    def _excess(self, found: list[float], more: float) -> list[float]:
        """The deviations that are too large; ``more`` is added to each limit."""
        least = _SAME if self.dtype is torch.float32 else _HALF_STEP
        if all(value <= least + more for value in found):
            return []
        limits = [_SAME] * len(found) if self.dtype is torch.float32 else self._limits_of_rounding(len(found))
        return [value for value, limit in zip(found, limits, strict=True) if not value <= limit + more]

    def _limits_of_rounding(self, number: int) -> list[float]:
        if isinstance(self._rounded, str):
            return [_UNKNOWN] * number
        outputs = len(self.exact.outputs)
        largest = max(self._rounded[:outputs], default=0.0), max(self._rounded[outputs:], default=0.0)
        return [_ROUNDED * largest[place >= outputs] + _HALF_STEP for place in range(number)]

    def verdict(self, ways: Sequence[Way]) -> Verdict:
        """Which ways are used: all of them if they agree with the plain modules, else those that do."""
        lasting = self.exact.is_finite()
        if self._problem(ways, Verdict()) is None:
            return Verdict(lasting=lasting)
        if self.dtype is not torch.float32 and isinstance(self._rounded, str):
            return Verdict(unfit=self._rounded)
        refused = [refusal for way in ways for refusal in self._refusals(way)]
        reason = self._problem(ways, Verdict(tuple(refused)))
        if reason is not None:  # each alone agrees, and not all together
            spared = (Refusal(way.name, ALL, reason) for way in reversed(ways))
            one = next((way for way in spared if self._problem(ways, Verdict((*refused, way))) is None), None)
            refused += [one] if one is not None else [Refusal(way.name, ALL, reason) for way in ways]
        return Verdict(tuple(refused), lasting=lasting)

    def _refusals(self, way: Way) -> list[Refusal]:
        """The parts in which one way alone does not agree."""
        reason = self._problem([way], Verdict())
        if reason is None:
            return []
        try:
            parts = list(dict.fromkeys(change.part for change in way.changes(self.model)))
        except Exception:  # as above, when it was installed
            return [Refusal(way.name, ALL, reason)]
        reasons = {part: self._problem([way], _Only(part)) for part in parts}
        refused = [Refusal(way.name, part, why) for part, why in reasons.items() if why is not None]
        if len(refused) in (0, len(parts)) or self._problem([way], Verdict(tuple(refused))) is not None:
            return [Refusal(way.name, ALL, reason)]
        return refused

    def _problem(self, ways: Sequence[Way], choice: "Verdict | _Only") -> str | None:
        """Why some ways do not agree with the plain modules; None if they do."""
        try:
            with torch.autocast("cpu", enabled=False):
                install(self.model, ways, choice.allows)
            self.model.eval()
            found = run(self.sample, self.dtype, self.weights).deviations(self.exact)
            more = max((way.deviation for way in ways), default=0.0)
            untrainable = self._problem_of_training() if self.training else None
            excess = self._excess(found, more)
            if excess and not self._agrees_on_another(ways, choice):
                return f"its numbers differ by {100 * max(excess):.2g} %"
            if excess:
                return None
            return untrainable
        except Exception as error:  # whatever a way makes an architecture raise
            return _in_words(error)
        finally:
            self.plain.restore()

    def _agrees_on_another(self, ways: Sequence[Way], choice: "Verdict | _Only") -> bool:
        """Whether the ways agree on another sample: rounding moves a number from one side of zero to the other, and
        with it a gradient of ReLU or the choice of an expert, but a wrong formula is wrong everywhere."""
        if self.dtype is torch.float32 or self.number + 1 == _SAMPLES:
            return False
        self.plain.restore()
        self.model.eval()
        try:
            another = _Proof(self.model, self.make, self.plain, self.dtype, self.training, self.number + 1)
        except Exception:  # this sample does not fit the model
            return False
        return another._problem(ways, choice) is None

    def _problem_of_training(self) -> str | None:
        """Why the model cannot be trained with dropout as it is now, if plain modules can."""
        try:
            self.model.train()
            reason = None if self._trains_finitely() else "its numbers are not finite"
        except Exception as error:
            reason = _in_words(error)
        if reason is None:
            return None
        self.plain.restore()
        self.model.train()
        try:
            return reason if self._trains_finitely() else None
        except Exception:  # the plain modules fail as well
            return None

    def _trains_finitely(self) -> bool:
        return run(self.sample, self.dtype, self.weights).is_finite() or not self.exact.is_finite()


@dataclass(frozen=True)
class _Only:
    """Allows one part only."""

    part: str

    def allows(self, way: str, part: str) -> bool:
        return part in (self.part, ALL)


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {first_line(error)}"


@contextmanager
def _quiet() -> Iterator[None]:
    """A block without warnings: those of the run itself are shown when it begins."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
