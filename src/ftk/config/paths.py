"""The folders of config files: the shipped tree and those of the user."""

import os
from pathlib import Path

import ftk
from ftk.errors import ConfigError


def shipped_configs() -> Path:
    """The folder of the shipped configs: inside the installed package, or at the top of a checkout."""
    package = Path(ftk.__file__).resolve().parent
    installed = package / "configs"
    return installed if installed.is_dir() else package.parents[1] / "configs"


def user_configs() -> list[Path]:
    """The folders in ``FTK_CONFIG_PATH``, separated as in PATH. They are searched before the shipped configs.

    Raises:
        ConfigError: one of them is not a folder.
    """
    folders = [
        Path(part).expanduser().resolve() for part in os.environ.get("FTK_CONFIG_PATH", "").split(os.pathsep) if part
    ]
    for folder in folders:
        if not folder.is_dir():
            raise ConfigError(f"FTK_CONFIG_PATH names '{folder}', which is not a folder.")
    return folders
