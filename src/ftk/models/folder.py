"""A model folder that ftk wrote: its ``ftk.json``, and whether its files are still what was written."""

import json
from pathlib import Path
from typing import Any

from ftk.errors import ModelError
from ftk.models.locate import sha256

MANIFEST = "ftk.json"


def open_model(folder: Path) -> dict[str, Any]:
    """Verify a model folder that ftk wrote, and return what its ``ftk.json`` says.

    Raises:
        ModelError: there is none, a file is missing, or a file is not the one that was written.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files = manifest["files"].items()
        if not {"task", "labels", "max_length", "stride"} <= manifest.keys():
            raise KeyError("task, labels, max_length or stride is missing")
    except FileNotFoundError as error:
        raise ModelError(f"{folder}: there is no {MANIFEST}; it must be a model folder that ftk wrote.") from error
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise ModelError(f"{folder / MANIFEST}: this cannot be read as ftk wrote it ({error}).") from error
    for name, digest in files:
        path = folder / str(name)
        if Path(str(name)).name != name or path.is_dir():
            raise ModelError(f"{folder / MANIFEST}: '{name}' is not the name of a file of this folder.")
        if not path.is_file():
            raise ModelError(f"{path}: the file is missing; {MANIFEST} lists it.")
        if sha256(path) != digest:
            raise ModelError(f"{path}: the file is not the one that was saved (its SHA-256 differs from {MANIFEST}).")
    return manifest
