"""Knows which tensors of an architecture are one."""

import contextlib
from pathlib import Path


def import_architectures() -> None:
    """Imports what all architectures share: ``tied_names`` may be asked where little is allowed."""
    from ftk.models.configs.model_config import import_models

    import_models()


def tied_names(folder: Path) -> dict[str, str]:
    """Names of tensors that the model of a folder shares with others, each with the name that stays.

    Empty if the class that config.json names is not known: then every tensor is kept, which is right, only larger.
    """
    import torch
    import transformers

    from ftk.models.configs.model_config import import_models, quiet, read_config

    quiet()
    with contextlib.suppress(Exception):  # any of several libraries may refuse the config; see above
        config = read_config(folder, {})
        import_models()
        kind = getattr(transformers, config.architectures[0])
        if isinstance(kind, type) and issubclass(kind, transformers.PreTrainedModel):
            with torch.device("meta"):
                return dict(kind(config).all_tied_weights_keys)
    return {}
