"""What a run began from: the SHA-256 of the files of its model, and of its tokenizer."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ftk.models.loading.source import Source
from ftk.system.digests import sha256

_ENDINGS = (".safetensors", ".json", ".txt", ".model", ".jinja")
"""Of weights, configs and tokenizers; a folder may have other formats of the weights, which are not read."""


def provenance(source: Source) -> dict[str, Any]:
    """Where a model comes from, for ``environment.json``: in words, and by the SHA-256 of its files and its tokenizer.

    A tokenizer of the library ``tokenizers`` has one whichever files it was read from, and a learned one, too.

    Args:
        source: the model; of several encoders, each has its own files.
    """
    found: dict[str, Any] = {"origin": source.origin, "files": {}}
    if source.folder is not None:
        found["files"] = digests_of(source.folder)
    if (backend := getattr(source.tokenizer, "backend_tokenizer", None)) is not None:
        found["tokenizer"] = hashlib.sha256(backend.to_str().encode("utf-8", "surrogatepass")).hexdigest()
    if source.towers:
        found["towers"] = {name: provenance(tower) for name, tower in source.towers.items()}
    return found


def digests_of(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file of a model folder that may be read, by name."""
    files = [path for path in sorted(folder.iterdir()) if path.suffix in _ENDINGS and path.is_file()]
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # hashing lets other threads run
        return dict(zip((path.name for path in files), pool.map(sha256, files), strict=True))
