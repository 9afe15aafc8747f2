"""What the plain loop takes of ftk beside its data: the kernels, and the variables that ftk sets for itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

ENVIRONMENT = {"THP_MEM_ALLOC_ENABLE": "1"}
"""What ``ftk.cli`` sets before torch is imported."""


def hardware_of(precision: str) -> Any:
    """The device and the precision that ftk would choose for ``hardware.precision``; prepares the process as ftk
    does."""
    from hydra import compose, initialize

    from ftk.config.jobs import register, typed
    from ftk.core.hardware import choose

    register()
    with initialize(config_path=None, version_base="1.3"):
        config = typed(compose("finetune", overrides=[f"hardware.precision={precision}"]))
    return choose(config.hardware)


def install(model: Any, hardware: Any, tokens: Iterable[int] | None = None) -> None:
    """Put ftk's kernels into a model.

    Args:
        model: of transformers.
        hardware: from ``hardware_of``.
        tokens: all that training can read; None where any can come.
    """
    import torch

    from ftk.kernels import train_only_seen_embeddings, ways
    from ftk.kernels.proof import Verdict

    ways.install(model, ways.training_ways(), Verdict().allows)
    if tokens is not None:
        train_only_seen_embeddings(model, torch.tensor(sorted(set(tokens))))
