"""``ftk completion``: tab completion of commands, groups, options, keys and values."""

from __future__ import annotations

import dataclasses
import inspect
import os
import sys
from collections.abc import Iterator
from enum import Enum
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from ftk.cli import COMMANDS
from ftk.config.schema import SCHEMAS
from ftk.errors import ConfigError

if TYPE_CHECKING:
    from ftk.config.command_line import CommandLine

# Each script hands the line up to the cursor to 'ftk completion query' and offers the words that come back.
_BASH = """\
_ftk_complete() {
    local line="${COMP_LINE:0:$COMP_POINT}" candidate
    local word="${line##* }"
    COMPREPLY=()
    while IFS= read -r candidate; do
        # '=' breaks words in bash: what stands before it is already on the line.
        [[ "$word" == *=* && "$COMP_WORDBREAKS" == *=* ]] && candidate="${candidate#"${word%"${word##*=}"}"}"
        COMPREPLY+=("$candidate")
    done < <(COMP_LINE="$line" command ftk completion query 2>/dev/null)
    [[ ${#COMPREPLY[@]} -eq 1 && "${COMPREPLY[0]}" == *[=./] ]] && compopt -o nospace 2>/dev/null
    return 0
}
complete -o default -F _ftk_complete ftk
"""
_ZSH = """\
#compdef ftk
_ftk_complete() {
    local -a words_found
    words_found=(${(f)"$(COMP_LINE="$LBUFFER" command ftk completion query 2>/dev/null)"})
    (( $#words_found )) && compadd -Q -S '' -- $words_found || _files
}
compdef _ftk_complete ftk
"""
_FISH = """\
function __ftk_complete
    set -lx COMP_LINE (commandline -cp)
    command ftk completion query 2>/dev/null
end
complete -c ftk -f -a '(__ftk_complete)'
"""
SHELLS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}

USAGE = """\
usage: ftk completion bash|zsh|fish

  bash: eval "$(ftk completion bash)"
  zsh:  eval "$(ftk completion zsh)"      after compinit
  fish: ftk completion fish | source
"""


def run(command: str, argv: list[str]) -> int:
    """Print the script of a shell, or the words that may stand at the end of ``COMP_LINE``."""
    if argv in (["-h"], ["--help"]) or not argv:
        sys.stdout.write(USAGE)
        return 0
    if argv == ["query"]:
        for word in candidates(os.environ.get("COMP_LINE", "")):
            sys.stdout.write(word + "\n")
        return 0
    if len(argv) != 1 or argv[0] not in SHELLS:
        raise ConfigError(f"'{' '.join(argv)}' is not understood.\n{USAGE.rstrip()}")
    sys.stdout.write(SHELLS[argv[0]])
    return 0


def candidates(line: str) -> list[str]:
    """What may stand where a command line ends.

    Args:
        line: the command line up to the cursor, ``ftk`` included.
    """
    words = line.split()
    open_word = "" if not line or line[-1].isspace() else words.pop()
    if len(words) <= 1:
        return [name for name in (*COMMANDS, "--help", "--version") if name.startswith(open_word)]
    command = words[1]
    if command == "completion":
        return [name for name in SHELLS if name.startswith(open_word)] if len(words) == 2 else []
    if command == "configs":
        return _of_configs(words[2:], open_word)
    if command not in SCHEMAS:
        return []
    return _of_hydra(command, words[2:], open_word)


def _of_configs(words: list[str], open_word: str) -> list[str]:
    from ftk.commands.configs import config_files

    if not words:
        known = ["list", "show", "copy"]
    elif words == ["show"]:
        known = list(config_files())
    elif words == ["list"]:
        known = sorted({name.split("/")[0] for name in config_files() if "/" in name})
    else:
        known = []
    return [name for name in known if name.startswith(open_word)]


def _of_hydra(command: str, words: list[str], open_word: str) -> list[str]:
    """Flags, groups with their options, keys with their values."""
    from ftk.config.command_line import FLAGS, CommandLine
    from ftk.config.compose import register

    if words and words[-1] in FLAGS and FLAGS[words[-1]][1] != ():
        return [value for value in FLAGS[words[-1]][1] or () if value.startswith(open_word)]
    if open_word.startswith("-"):
        return [flag for flag in FLAGS if flag.startswith(open_word)]
    register()
    return _Candidates(command, CommandLine.parse(words)).of(open_word)


class _Candidates:
    """What may stand after the words of a command line."""

    def __init__(self, command: str, line: CommandLine) -> None:
        self.command = command
        self.line = line

    def of(self, word: str) -> list[str]:
        """The words that begin with this one."""
        from hydra.core.global_hydra import GlobalHydra

        from ftk.config.lint import initialized

        prefix = word[: len(word) - len(word.lstrip("+~"))]
        key, equals, value = word[len(prefix) :].partition("=")
        with initialized(self.line.config_dir):
            loader = GlobalHydra.instance().config_loader()
            values, groups = self._composed()
            if not equals:
                found = [f"{name}=" for name in groups] + list(_next_level(values, key))
                return sorted(f"{prefix}{name}" for name in found if name.startswith(key))
            # In a sweep, what stands behind the last comma is open.
            before, comma, value = value.rpartition(",")
            if key in groups:
                options = sorted(loader.get_group_options(key))
            elif key in values and not isinstance(values[key], dict):
                options = _values_of(field_type(self.command, key), values[key], value)
            else:
                options = []
            return [f"{prefix}{key}={before}{comma}{name}" for name in options if name.startswith(value)]

    def _composed(self) -> tuple[dict[str, Any], list[str]]:
        """The keys with their values, and the groups; the words on the line change them, if they are right."""
        from hydra import compose

        from ftk.config.lint import items

        for words in (self.line.words, ()):
            try:
                config = compose(self.command, overrides=list(words), return_hydra_config=True)
            except Exception:  # whatever is wrong, the command will say it; here the line is still being written
                continue
            groups = [name for name in config.hydra.runtime.choices if not name.startswith("hydra/")]
            return {key: value for key, value in items(config) if not key.startswith("hydra")}, groups
        return {}, []


def field_type(command: str, key: str) -> Any:
    """The type that the schema gives a key; Any where it leaves it open."""
    found: Any = SCHEMAS[command]
    for part in key.split("."):
        if not dataclasses.is_dataclass(found):
            return Any
        found = get_type_hints(found).get(part, Any)
    return found


def _next_level(values: dict[str, Any], key: str) -> Iterator[str]:
    """The keys below the last dot of what is written, each up to its own dot or '='."""
    for name, value in values.items():
        if name.count(".") == key.count("."):
            yield f"{name}." if isinstance(value, dict) else f"{name}="


def _values_of(kind: Any, now: Any, written: str) -> list[str]:
    """The values of a kind; for texts and what the schema leaves open, the files whose names begin so."""
    kinds = get_args(kind) or (kind,)
    if inspect.isclass(kinds[0]) and issubclass(kinds[0], Enum):
        return [choice.name for choice in kinds[0]]
    if isinstance(now, bool):
        return ["true", "false", *([] if kinds[0] is bool else ["force"])]  # run.resume, the one that is not only bool
    shown = [str(now)] if isinstance(now, (str, int, float)) else []
    return [*shown, *_files(written)] if kinds[0] in (str, Any) else shown


def _files(written: str) -> list[str]:
    folder, name = os.path.split(written)
    try:
        found = sorted(os.scandir(os.path.expanduser(folder) or "."), key=lambda entry: entry.name)
    except OSError:
        return []
    hidden = name.startswith(".")
    return [
        os.path.join(folder, entry.name) + ("/" if entry.is_dir() else "")
        for entry in found
        if entry.name.startswith(name) and (hidden or not entry.name.startswith("."))
    ]
