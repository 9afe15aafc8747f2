"""Where prepared data is kept between runs."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from ftk.errors import ConfigError
from ftk.system.paths import expanded


def cache_folder(named: str | None) -> Path:
    """The folder of the cache: ``named``, else ``$FTK_CACHE``, ``$XDG_CACHE_HOME/ftk`` or ``~/.cache/ftk``.

    Raises:
        ConfigError: none is named, and nobody knows the home folder.
    """
    if named is not None:
        return expanded(named)
    if os.environ.get("FTK_CACHE"):
        return expanded(os.environ["FTK_CACHE"])
    if base := os.environ.get("XDG_CACHE_HOME"):
        return Path(base) / "ftk"
    try:
        return expanded("~/.cache/ftk")
    except ConfigError as error:
        raise ConfigError(
            "data.cache_dir=null: there is no place for the cache, because HOME is not set and this user has no entry "
            "in the list of users. Name a folder: data.cache_dir=…, or the variable FTK_CACHE."
        ) from error


def cache_key(settings: Any) -> str:
    """A name for the data that was made with these settings: 32 hexadecimal digits, a hash of their JSON."""
    text = json.dumps(settings, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
