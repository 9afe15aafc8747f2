"""All that changes while training, in one place."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import nn

from ftk.kernels.embedding import seen_embedding

_NOTHING = object()
_TOKENS = "embeddings.tokens"
"""The tokens of the rows of a ``SeenEmbedding``, among the tensors of a state."""


@dataclass(slots=True)
class Progress:
    """The counters and scores of a run; plain numbers, saved as JSON."""

    step: int = 0
    """Optimizer steps done."""
    tokens: int = 0
    """Real tokens seen, padding not counted."""
    padding: int = 0
    """Padding computed on top."""
    seconds: float = 0.0
    """Time spent in optimizer steps."""
    elapsed: float = 0.0
    """Wall-clock time since the first step, validations and saves included."""
    first_step: float = 0.0
    """What of it had passed at the end of the first step."""
    validated: int = 0
    """The step of the last validation."""
    eval_marks: int = 0
    """How often a validation has been due."""
    save_marks: int = 0
    """How often a save has been due."""
    best_score: float | None = None
    best_step: int | None = None
    best_metrics: dict[str, Any] = field(default_factory=dict)
    without_gain: int = 0
    """Validations since the best one."""
    skipped: int = 0
    """Steps that the loss scaler left out because a gradient overflowed fp16."""
    loss_sum: float = 0.0
    """Loss summed since the last line of metrics."""
    loss_count: int = 0
    micro_batch: int | None = None
    """Windows at once, where memory was too little for what the config says."""
    left_out: int = 0
    """Updates left out because of a number that was not finite, or of a spike."""
    left_out_in_a_row: int = 0
    overflows_in_a_row: int = 0
    spikes: int = 0
    """Losses far above what was usual, whatever was done about them."""
    usual_loss: float = 0.0
    """The running mean of the loss, times ``usual_weight``."""
    usual_weight: float = 0.0
    usual_steps: int = 0

    @classmethod
    def of(cls, saved: dict[str, Any]) -> Progress:
        """The progress that was saved as JSON.

        Raises:
            ValueError: a value is of another type than is written.
        """
        fresh = cls()
        for name, value in saved.items():
            usual = getattr(fresh, name, _NOTHING)
            kinds: tuple[type, ...] = (
                (int, float) if usual is None or isinstance(usual, (int, float)) else (type(usual),)
            )
            if usual is _NOTHING or not (isinstance(value, kinds) or (usual is None and value is None)):
                raise ValueError(f"progress.{name}={value!r} is not what ftk writes")
        return cls(**saved)


@dataclass(slots=True)
class TrainState:
    """Model, optimizer, scaler and progress; saved and restored as a whole.

    No random state is among them: before each step the generators are seeded with (seed, step), and the order of
    the data is a function of (seed, epoch).
    """

    model: nn.Module
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    progress: Progress = field(default_factory=Progress)

    def tensors(self) -> dict[str, torch.Tensor]:
        """The optimizer's tensors by '<parameter number>.<name>'."""
        found = {
            f"{number}.{name}": value
            for number, values in self.optimizer.state_dict()["state"].items()
            for name, value in values.items()
            if isinstance(value, torch.Tensor)
        }
        if (table := seen_embedding(self.model)) is not None:
            found[_TOKENS] = table.tokens
        return found

    def numbers(self) -> dict[str, Any]:
        """Everything else but the parameters, as JSON values."""
        packed = self.optimizer.state_dict()
        plain = {
            str(number): {name: value for name, value in values.items() if not isinstance(value, torch.Tensor)}
            for number, values in packed["state"].items()
        }
        return {
            "progress": asdict(self.progress),
            "scaler": self.scaler.state_dict(),
            "optimizer": {"state": plain, "param_groups": packed["param_groups"]},
        }

    def restore(self, tensors: dict[str, torch.Tensor], numbers: dict[str, Any], *, optimizer: bool = True) -> None:
        """Go back to what ``tensors`` and ``numbers`` said; the parameters are restored with the model.

        The optimizer's settings are not: they are those of the config. What it knows of embeddings follows their
        tokens, should the data have others now.

        Args:
            tensors: from ``tensors``.
            numbers: from ``numbers``.
            optimizer: whether to take the optimizer's state.

        Raises:
            ValueError: this is no state of such a run.
        """
        self.progress = Progress.of(numbers["progress"])
        if numbers["scaler"]:
            self.scaler.load_state_dict(numbers["scaler"])
        if not optimizer:
            return
        groups = self.optimizer.state_dict()["param_groups"]
        saved = numbers["optimizer"]["param_groups"]
        if [group["params"] for group in groups] != [group["params"] for group in saved]:
            raise ValueError("its optimizer has other parameters")
        parameters = [parameter for group in self.optimizer.param_groups for parameter in group["params"]]
        state: dict[int, dict[str, Any]] = {
            int(number): dict(values) for number, values in numbers["optimizer"]["state"].items()
        }
        table = seen_embedding(self.model)
        before = tensors.get(_TOKENS)
        for name, tensor in tensors.items():
            if name == _TOKENS:
                continue
            number, _, key = name.partition(".")
            if tensor.ndim and table is not None and before is not None and parameters[int(number)] is table.seen:
                tensor = _moved(tensor, before, table.tokens.cpu())
            if tensor.ndim and tensor.shape != parameters[int(number)].shape:
                raise ValueError(f"{name} is of {tuple(tensor.shape)}, its parameter of another shape")
            state.setdefault(int(number), {})[key] = tensor
        self.optimizer.load_state_dict({"state": state, "param_groups": groups})


def _moved(rows: torch.Tensor, before: torch.Tensor, now: torch.Tensor) -> torch.Tensor:
    """Rows of some tokens as the rows of others: zero for a token that had none."""
    if torch.equal(before, now):
        return rows
    place = {token: row for row, token in enumerate(before.tolist())}
    found = [(row, place[token]) for row, token in enumerate(now.tolist()) if token in place]
    moved = rows.new_zeros(len(now), *rows.shape[1:])
    if found:
        to, origin = (torch.tensor(part) for part in zip(*found, strict=True))
        moved[to] = rows[origin]
    return moved


def seed_step(seed: int, step: int) -> None:
    """Seed torch for one optimizer step, so that its dropout is a function of (seed, step) alone."""
    digest = hashlib.blake2b(f"{seed}:{step}".encode(), digest_size=8).digest()
    torch.manual_seed(int.from_bytes(digest, "little") >> 1)
