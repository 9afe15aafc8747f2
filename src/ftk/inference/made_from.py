"""What the records of a prediction depend on beside the rows."""

from __future__ import annotations

import dataclasses
import json
from enum import Enum
from importlib.metadata import version
from typing import Any

from ftk import __version__
from ftk.contracts.spec import local_file_fields
from ftk.data.readers.paths import expand
from ftk.data.readers.splits import fingerprint
from ftk.inference.pipeline import Predictions
from ftk.models.loading.verified_folder import files_of
from ftk.system.strict_json import dumps

_WHICH_ROWS = ("train", "validation", "test", "limit", "cache_dir", "storage", "workers")
"""Keys of ``data`` that say which rows are read or where they are kept, and not how they are read."""


def made_from(predictions: Predictions) -> dict[str, Any]:
    """The versions, the weights, the settings and the hardware of a prediction whose model is loaded."""
    saved, runner = predictions.saved, predictions.runner
    data = {name: value for name, value in dataclasses.asdict(predictions.data).items() if name not in _WHICH_ROWS}
    found = {
        "ftk": __version__,
        **{name: version(name) for name in ("torch", "transformers", "tokenizers")},
        "files": saved.manifest.get("files") or files_of(saved.folder),
        "task": repr(saved.trained.task),
        **({"text_prefix": prefix.to_json()} if (prefix := saved.trained.prefix) else {}),
        **_files_of(saved.trained.task),
        "data": data,
        "scores": predictions.highest,
        **({} if predictions.asked is None else {"asked": dataclasses.asdict(predictions.asked)}),
        "tokens": runner.batch_tokens,
        **{
            name: value for name, value in runner.hardware.facts().items() if name in ("device", "precision", "threads")
        },
    }
    values: dict[str, Any] = json.loads(dumps(found, default=_plain))
    return values


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else str(value)


def _files_of(task: Any) -> dict[str, str]:
    """The SHA-256 of the files that fields of a task name, such as candidates; their names are part of the task."""
    named = {name: getattr(task, name) for name in local_file_fields(task)}
    return {
        name: digest
        for name, value in named.items()
        if value is not None
        for digest in fingerprint(expand(value, key=f"task.{name}")).values()
    }
