"""Paths as people write them."""

from __future__ import annotations

import os
from pathlib import Path

from ftk.errors import ConfigError


def expanded(path: str | Path) -> Path:
    """A path whose ``~`` or ``~name`` at its beginning is the home folder of a user.

    A path that begins with the name of a file that is there, as ``~draft.csv``, names that file.

    Raises:
        ConfigError: nobody knows the home folder.
    """
    text = os.fspath(path)
    if not text.startswith("~"):
        return Path(text)
    found = os.path.expanduser(text)
    if found != text:
        return Path(found)
    first = Path(text).parts[0]
    if os.path.lexists(first):
        return Path(text)
    if first == "~":
        raise ConfigError(
            f"{text}: the home folder is not known, because HOME is not set and this user has no entry in the list of "
            "users. Write the whole path, or set HOME."
        )
    raise ConfigError(
        f"{text}: there is no user '{first[1:]}' whose home folder this could be, and no '{first}' here. './{text}' "
        "names a file or folder here."
    )
