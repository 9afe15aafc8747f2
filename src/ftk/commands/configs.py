"""``ftk configs``: lists, prints, copies and documents configs."""

import shutil
import sys
from pathlib import Path

from ftk.config.paths import config_files, headline, is_choice, shipped_configs
from ftk.config.spelling.writing import quoted
from ftk.errors import ConfigError
from ftk.system.atomic import write_text
from ftk.system.paths import expanded
from ftk.system.spelling import did_you_mean

USAGE = """\
usage: ftk configs list [GROUP]           the configs of all groups or of one, each with a line on what it is
       ftk configs show GROUP/NAME        one file, such as model/minilm or finetune
       ftk configs copy DIR               the whole tree, to change and to put first with FTK_CONFIG_PATH=DIR
       ftk configs docs [DIR | -]         every key with its type, default and meaning, as Markdown: printed, or
                                          written to DIR/configs.md between its '<!-- generated: … -->' markers
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
        _copy(expanded(rest[0]))
    elif action == "docs" and len(rest) <= 1:
        _docs(None if rest in ([], ["-"]) else expanded(rest[0]))
    else:
        raise ConfigError(f"'{' '.join(argv)}' is not understood.\n{USAGE.rstrip()}")
    return 0


def _list(group: str | None) -> None:
    files = {name: path for name, path in config_files().items() if is_choice(name)}
    groups = sorted({name.rpartition("/")[0] for name in files})
    if group is not None and group not in groups:
        known = [name for name in groups if name]
        raise ConfigError(f"there is no group '{group}'.{did_you_mean(group, known)} There are: {', '.join(known)}.")
    for name in groups:
        if group not in (None, name):
            continue
        sys.stdout.write(f"{name or 'commands'}\n")
        for file, path in sorted(files.items()):
            parent, _, own = file.rpartition("/")
            if parent == name:
                sys.stdout.write(f"  {own:<28}{headline(path)}\n")


def _show(name: str) -> None:
    files = config_files()
    wanted = name.removesuffix(".yaml").strip("/")
    if wanted not in files:
        hint = did_you_mean(wanted, files) or " 'ftk configs list' prints all."
        raise ConfigError(f"there is no config '{name}'.{hint}")
    sys.stdout.write(files[wanted].read_text(encoding="utf-8"))


def _copy(target: Path) -> None:
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ConfigError(f"{target}: this exists already and is not an empty folder.")
    shutil.copytree(shipped_configs(), target, dirs_exist_ok=True)
    sys.stdout.write(f"copied to {target}; FTK_CONFIG_PATH={quoted(str(target))} puts these files first\n")


def _docs(folder: Path | None) -> None:
    """Print the reference of all keys, or write it into ``configs.md`` of a folder."""
    # This imports all tasks, which the other actions do not need.
    from ftk.commands.config_reference import marked, reference, updated

    parts = reference()
    if folder is None:
        sys.stdout.write("\n".join(parts.values()))
        return
    page = folder / "configs.md"
    try:
        before = page.read_text(encoding="utf-8")
        after = updated(before, parts)
    except FileNotFoundError:
        after = "\n\n".join(marked(name, text) for name, text in parts.items()) + "\n"
    except ConfigError as error:
        raise ConfigError(f"{page}: {error}") from error
    folder.mkdir(parents=True, exist_ok=True)
    write_text(page, after)
    sys.stdout.write(f"wrote {page}\n")
