"""``ftk help``: the meaning, type and default of keys."""

import importlib
import re
import shutil
import sys
import textwrap
from collections.abc import Iterator

from ftk.commands import COMMANDS
from ftk.config.keys import ConfigKeys, Entry
from ftk.config.paths import config_files
from ftk.config.schema import SCHEMAS
from ftk.errors import ConfigError
from ftk.system.spelling import did_you_mean

USAGE = """\
usage: ftk help KEY ...    the meaning, type and default of a key (data.limit), of all keys of that last name (limit),
                           or of a section (data, train, task)
"""


def run(command: str, argv: list[str]) -> int:
    """Answer one ``ftk help`` command line."""
    if not argv or argv[0] in ("-h", "--help"):
        sys.stdout.write(USAGE)
        return 0
    if len(argv) == 1 and argv[0] in COMMANDS:
        code: int = importlib.import_module(COMMANDS[argv[0]][0]).run(argv[0], ["--help"])
        return code
    keys = ConfigKeys(config_files())
    found = {word: list(_matching(keys, word.partition("=")[0].lstrip("+~"))) for word in argv}
    for word, entries in found.items():
        if not entries:
            known = [entry.name for _, entry in _all(keys)]
            hint = did_you_mean(word, [*known, *(name.rpartition(".")[2] for name in known)])
            raise ConfigError(f"there is no key '{word}'.{hint} 'ftk configs docs' prints all.")
    width = min(shutil.get_terminal_size().columns, 120)
    for where, entry in dict.fromkeys(pair for entries in found.values() for pair in entries):
        sys.stdout.write(shown(where, entry, width))
    return 0


def shown(where: str, entry: Entry, width: int) -> str:
    """A key as text: its name, type and default in the first line, its meaning below."""
    kind = f": {entry.type}" if entry.type else ""
    place = f" ({where})" if where else ""
    head = f"{entry.name}{kind}; default {entry.default}{place}"
    lines = textwrap.TextWrapper(width, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
    first = lines.fill(head.replace("`", ""))
    lines.initial_indent = "    "
    return f"{first}\n{lines.fill(entry.meaning.replace('`', ''))}\n"


def _matching(keys: ConfigKeys, word: str) -> Iterator[tuple[str, Entry]]:
    """The keys that a word names: a whole key, a section, the end of keys, or what a key holds (data.columns.text)."""
    everything = list(_all(keys))
    exact = [pair for pair in everything if pair[1].name == word or pair[1].name.startswith(f"{word}.")]
    ends = exact or [pair for pair in everything if pair[1].name.endswith(f".{word}")]
    above, _, part = word.rpartition(".")
    parts = (pair for pair in everything if pair[1].name == above and part in re.findall(r"\w+", pair[1].default))
    yield from ends or parts


def _all(keys: ConfigKeys) -> Iterator[tuple[str, Entry]]:
    """All keys, each with the config or the command that has it; empty for those that every training has."""
    for section in ("data", "model", "train", "schedule", "hardware", "run", "sweep", "predict"):
        yield from (("", entry) for entry in keys.of_section(section))
    for group in ("task", "optimizer", "objective"):
        same: dict[Entry, list[str]] = {}
        for name in keys.options(group):
            if group != "task" or keys.base_of(name) is None:
                for entry in keys.of_class(name)[1]:
                    same.setdefault(entry, []).append(name.replace("/", "="))
        yield from ((", ".join(names), entry) for entry, names in same.items())
    for command in SCHEMAS:
        yield from ((f"ftk {command}", entry) for entry in keys.of_command(command) if entry.name != "task")
