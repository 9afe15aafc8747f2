"""Where prepared data is kept between runs."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any


def cache_folder(named: str | None) -> Path:
    """The folder of the cache: ``named``, else ``$FTK_CACHE``, ``$XDG_CACHE_HOME/ftk`` or ``~/.cache/ftk``."""
    if named is not None:
        return Path(named).expanduser()
    if os.environ.get("FTK_CACHE"):
        return Path(os.environ["FTK_CACHE"]).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "ftk"


def cache_key(settings: Any) -> str:
    """A name for the data that was made with these settings: 32 hexadecimal digits, a hash of their JSON."""
    text = json.dumps(settings, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
