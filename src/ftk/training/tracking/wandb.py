"""Runs of Weights & Biases, offline in the run folder unless WANDB_MODE=online."""

from __future__ import annotations

import netrc
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ftk.training.tracking.tracker import State


class WandB:
    """Writes to a run of Weights & Biases.

    Args:
        state: has the id of the run if it goes on.
        folder: the run folder, in which files of an offline run are.
        params: the config of the run.
    """

    def __init__(self, state: State, folder: Path, params: Mapping[str, Any]) -> None:
        mode = os.environ.get("WANDB_MODE", "offline")
        if mode != "online":
            os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
        import wandb

        self._run = wandb.init(
            project=os.environ.get("WANDB_PROJECT", "ftk"),
            name=folder.name,
            id=state.id,
            resume="allow",
            dir=str(folder),
            mode=mode,
            config=dict(params),
            settings=wandb.Settings(console="off", silent=True, disable_git=True, save_code=False),
        )
        state.begin(self._run.id)

    def log(self, values: Mapping[str, float], step: int) -> None:
        self._run.log(dict(values), step=step)

    def close(self, *, finished: bool) -> None:
        self._run.finish(exit_code=0 if finished else 1, quiet=True)


def lacks_key() -> bool:
    """Whether the user wants to go online and is not logged in: Weights & Biases would ask for a key."""
    if os.environ.get("WANDB_MODE") != "online" or os.environ.get("WANDB_API_KEY"):
        return False
    host = urlsplit(os.environ.get("WANDB_BASE_URL", "https://api.wandb.ai")).hostname or ""
    try:
        return netrc.netrc(os.environ.get("NETRC")).authenticators(host) is None
    except (OSError, netrc.NetrcParseError):
        return True
