"""The help of a command: the composed config, each key below a comment that says what it means."""

import re
import shutil
import textwrap
from collections.abc import Iterator

from ftk.config.keys import ConfigKeys
from ftk.config.paths import config_files, values_of

_WIDEST = 120
_KEY = re.compile(r"( *)([\w-]+):(?: (.*))?$")


def with_meanings(help_text: str, command: str) -> str:
    """The help that Hydra prints, with a comment above each key of the config.

    Args:
        help_text: ends with the config as YAML.
        command: whose help it is.
    """
    head, mark, config = help_text.partition("key=value:\n")
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    return head + mark + "".join(_commented(config, command, width))


def _commented(config: str, command: str, width: int) -> Iterator[str]:
    meanings = _meanings(config, command)
    above: list[str] = []
    for line in config.splitlines(keepends=True):
        if match := _KEY.match(line.rstrip("\n")):
            depth = len(match[1]) // 2
            above[depth:] = [match[2]]
            if meaning := meanings.get(".".join(above)):
                sign = f"{match[1]}# "
                plain = meaning.replace("`", "")
                yield textwrap.fill(plain, width, initial_indent=sign, subsequent_indent=sign) + "\n"
        yield line


def _meanings(config: str, command: str) -> dict[str, str]:
    """The meanings of the keys by their names; a task, optimizer and objective have those of their class."""
    keys = ConfigKeys(config_files())
    entries = [
        entry for section in keys.sections_of(command) if section in keys.sections for entry in keys.of_section(section)
    ]
    entries += keys.of_command(command)
    for group in ("task", "optimizer", "objective"):
        target = re.search(rf"(?m)^{group}:\n(?:  .*\n)*?  _target_: (\S+)", config)
        fits = [name for name in keys.options(group) if target and values_of(name, keys.files)["_target_"] == target[1]]
        entries += keys.of_class(fits[0])[1] if fits else []
    return {entry.name: entry.meaning for entry in entries}
