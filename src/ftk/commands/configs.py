"""``ftk configs``: list, show and copy config files."""

import shutil
import sys
from pathlib import Path

from ftk.config.paths import shipped_configs, user_configs
from ftk.errors import ConfigError
from ftk.system.spelling import nearest

USAGE = """\
usage: ftk configs list [GROUP]
       ftk configs show GROUP/NAME        as in model/minilm, or finetune
       ftk configs copy DIR               the whole tree, to edit; FTK_CONFIG_PATH=DIR uses it first
"""


def run(command: str, argv: list[str]) -> int:
    """Answer one ``ftk configs`` command line."""
    action, *rest = argv or ["--help"]
    if action in ("-h", "--help"):
        sys.stdout.write(USAGE)
    elif action == "list" and len(rest) <= 1:
        _list(rest[0] if rest else None)
    elif action == "show" and len(rest) == 1:
        _show(rest[0])
    elif action == "copy" and len(rest) == 1:
        _copy(Path(rest[0]).expanduser())
    else:
        raise ConfigError(f"'{' '.join(argv)}' is not understood.\n{USAGE.rstrip()}")
    return 0


def config_files() -> dict[str, Path]:
    """Every config by its name without the ending; files of the user hide shipped ones, as they do in Hydra."""
    found: dict[str, Path] = {}
    for folder in [*user_configs(), shipped_configs()]:
        for path in sorted(folder.rglob("*.yaml")):
            found.setdefault(path.relative_to(folder).with_suffix("").as_posix(), path)
    return found


def _list(group: str | None) -> None:
    files = config_files()
    groups = sorted({name.rpartition("/")[0] for name in files})
    if group is not None and group not in groups:
        known = [name for name in groups if name]
        raise ConfigError(f"there is no group '{group}'.{nearest(group, known)} There are: {', '.join(known)}.")
    for name in groups:
        if group not in (None, name):
            continue
        sys.stdout.write(f"{name or 'commands'}\n")
        for file, path in sorted(files.items()):
            parent, _, own = file.rpartition("/")
            if parent == name:
                sys.stdout.write(f"  {own:<28}{_headline(path)}\n")


def _show(name: str) -> None:
    files = config_files()
    wanted = name.removesuffix(".yaml").strip("/")
    if wanted not in files:
        hint = nearest(wanted, files) or " 'ftk configs list' prints all."
        raise ConfigError(f"there is no config '{name}'.{hint}")
    sys.stdout.write(files[wanted].read_text(encoding="utf-8"))


def _copy(target: Path) -> None:
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ConfigError(f"{target}: this exists already and is not an empty folder.")
    shutil.copytree(shipped_configs(), target, dirs_exist_ok=True)
    sys.stdout.write(f"copied to {target}; FTK_CONFIG_PATH={target} puts these files first\n")


def _headline(path: Path) -> str:
    """The first comment of a file, after its package line."""
    with open(path, encoding="utf-8") as stream:
        for line in stream:
            if line.startswith("# ") and not line.startswith("# @"):
                return line[2:].strip()
    return ""
