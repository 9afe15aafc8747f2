"""ftk: from raw text to an encoder you can trust.

The Python API, documented in ``docs/python.md``. Importing this package imports neither torch nor Hydra: each name is
imported from its module when it is first used.
"""

import importlib

__version__ = "0.1.0"

TYPE_CHECKING = False  # as type checkers know it; importing typing would take longer than all else here
if TYPE_CHECKING:
    from ftk.api.loading import load
    from ftk.api.model import Model
    from ftk.api.results import Metrics, Records, RecordStream
    from ftk.api.run import Run, Stopped, open_run
    from ftk.api.training import compose, pretrain, train
    from ftk.errors import ConfigError, DataError, FtkError, ModelError, RunError

__all__ = [
    "ConfigError",
    "DataError",
    "FtkError",
    "Metrics",
    "Model",
    "ModelError",
    "RecordStream",
    "Records",
    "Run",
    "RunError",
    "Stopped",
    "compose",
    "load",
    "open_run",
    "pretrain",
    "train",
]

_MODULES = {
    "ftk.api.loading": ("load",),
    "ftk.api.model": ("Model",),
    "ftk.api.results": ("Metrics", "RecordStream", "Records"),
    "ftk.api.run": ("Run", "Stopped", "open_run"),
    "ftk.api.training": ("compose", "pretrain", "train"),
    "ftk.errors": ("ConfigError", "DataError", "FtkError", "ModelError", "RunError"),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'ftk' has no attribute '{name}'")
    value = globals()[name] = getattr(importlib.import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
