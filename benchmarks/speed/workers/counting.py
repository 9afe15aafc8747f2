"""What a transformers model is given to compute, counted where it enters."""

from __future__ import annotations

from typing import Any


class Counter:
    """Real tokens, padding and loss of all forward passes since the last ``take``."""

    def __init__(self, model: Any) -> None:
        model.register_forward_hook(self._count, with_kwargs=True)
        self._tokens = self._padding = 0
        self._losses: list[float] = []

    def take(self) -> tuple[int, int, float]:
        """Tokens, padding, and the mean of the losses; counting begins again."""
        taken = self._tokens, self._padding, sum(self._losses) / max(1, len(self._losses))
        self._tokens = self._padding = 0
        self._losses = []
        return taken

    def _count(self, model: Any, arguments: Any, inputs: dict[str, Any], outputs: Any) -> None:
        mask = inputs.get("attention_mask")
        size = inputs["input_ids"].numel()
        tokens = int(mask.sum()) if mask is not None and mask.dim() == 2 else size
        self._tokens += tokens
        self._padding += size - tokens
        loss = getattr(outputs, "loss", None)
        if loss is not None:
            self._losses.append(float(loss.detach()))
