"""Finds config files, and merges a file with the files of its defaults list."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ftk
from ftk.errors import ConfigError
from ftk.system.paths import expanded


def shipped_configs() -> Path:
    """The folder of the shipped configs: inside the installed package, or at the top of a checkout."""
    package = Path(ftk.__file__).resolve().parent
    installed = package / "configs"
    return installed if installed.is_dir() else package.parents[1] / "configs"


def user_configs() -> list[Path]:
    """The folders that ``FTK_CONFIG_PATH`` names (separated as in PATH); they come before the shipped configs.

    Raises:
        ConfigError: one of them is not a folder.
    """
    folders = [expanded(part).resolve() for part in os.environ.get("FTK_CONFIG_PATH", "").split(os.pathsep) if part]
    for folder in folders:
        if not folder.is_dir():
            raise ConfigError(f"FTK_CONFIG_PATH names '{folder}', which is not a folder.")
    return folders


def shipped_files() -> dict[str, Path]:
    """The shipped configs by name, such as ``model/tiny``."""
    return _files_in(shipped_configs())


def config_files() -> dict[str, Path]:
    """All configs by name, such as ``model/tiny``. Files in the user's folders replace shipped ones, as for Hydra."""
    found: dict[str, Path] = {}
    for folder in [*user_configs(), shipped_configs()]:
        found = {**_files_in(folder), **found}
    return found


def is_choice(name: str) -> bool:
    """Whether a config can be chosen; files that begin with an underscore are only included by others."""
    return not name.rpartition("/")[2].startswith("_")


def headline(path: Path) -> str:
    """The first comment of a file, which says what it is; empty if it has none."""
    with open(path, encoding="utf-8") as stream:
        for line in stream:
            if line.startswith("# ") and not line.startswith("# @"):
                return line[2:].strip()
    return ""


@dataclass(frozen=True, slots=True)
class Part:
    """One of the files that a config is composed of."""

    name: str
    path: Path
    at: str
    """The dotted key that its values belong to; empty: the config itself."""


def parts_of(name: str, files: Mapping[str, Path], at: str = "") -> Iterator[Part]:
    """The file of a config and those of its defaults list, in the order in which they are merged.

    It understands the forms that the shipped configs use: ``auto``, ``task: ner``, ``/model@towers.text: minilm``
    and ``/_class_loss@_here_``. Overrides of other groups are left out, as are the schemas, which are no files.

    Raises:
        ConfigError: a file of a defaults list does not exist.
    """
    entries = list(_read(files[name]).get("defaults") or [])
    for entry in entries if "_self_" in entries else [*entries, "_self_"]:
        if entry == "_self_":
            yield Part(name, files[name], at)
        elif (found := _included(entry, name.rpartition("/")[0])) is not None:
            other, place = found
            if other not in files:
                raise ConfigError(f"{files[name]}: there is no config '{other}'.")
            yield from parts_of(other, files, ".".join(part for part in (at, place) if part))


def values_of(name: str, files: Mapping[str, Path] | None = None) -> dict[str, Any]:
    """The values of a config, composed with its defaults list but not resolved.

    Args:
        name: such as ``task/ner``.
        files: the configs by name; None: the shipped ones.

    Raises:
        ConfigError: a file of a defaults list does not exist.
    """
    values: dict[str, Any] = {}
    for part in parts_of(name, shipped_files() if files is None else files):
        node = {key: value for key, value in _read(part.path).items() if key != "defaults"}
        for section in reversed(part.at.split(".") if part.at else []):
            node = {section: node}
        values = _merged(values, node)
    return values


def _files_in(folder: Path) -> dict[str, Path]:
    return {path.relative_to(folder).with_suffix("").as_posix(): path for path in sorted(folder.rglob("*.yaml"))}


def _read(path: Path) -> dict[str, Any]:
    from omegaconf import OmegaConf

    node = OmegaConf.to_container(OmegaConf.load(path))
    return {str(key): value for key, value in node.items()} if isinstance(node, dict) else {}


def _included(entry: Any, group: str) -> tuple[str, str] | None:
    """The name of the config that an entry of a defaults list includes, and the key where its values go."""
    ((name, option),) = entry.items() if isinstance(entry, dict) else ((entry, ""),)
    if option is None or name.startswith(("override ", "schema_")):
        return None
    name, _, place = name.partition("@")
    if option:
        place = place or name.lstrip("/").replace("/", ".")
        name = f"{name}/{option}"
    name = name[1:] if name.startswith("/") else f"{group}/{name}".lstrip("/")
    return name, "" if place == "_here_" else place


def _merged(values: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(values)
    for key, value in others.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merged(merged[key], value) if both else value
    return merged
