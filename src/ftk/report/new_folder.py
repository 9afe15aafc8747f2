"""A folder that nobody else has made."""

import os
from pathlib import Path


def free_name(base: Path) -> Path:
    """A name that nothing has: the base, or the base with a number."""
    path, number = base, 2
    while os.path.lexists(path):
        path, number = base.with_name(f"{base.name}-{number}"), number + 1
    return path


def new_folder(base: Path) -> Path:
    """Makes a folder of a free name; processes that do this at the same time get a folder each.

    Raises:
        OSError: it cannot be made.
    """
    while True:
        path = free_name(base)
        try:
            path.mkdir(parents=True)
            return path
        except FileExistsError:
            if not os.path.lexists(path):  # it is about a folder above, such as a link that leads nowhere
                raise
