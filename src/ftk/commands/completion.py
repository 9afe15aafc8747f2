"""``ftk completion``: tab completion of commands, groups, options, keys and values."""

import os
import sys

from ftk.commands import COMMANDS
from ftk.config.schema import SCHEMAS
from ftk.errors import ConfigError

# Each script passes the line up to the cursor to 'ftk completion query' and offers the words that it prints.
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
    """Print the script of a shell, or the words that can complete ``COMP_LINE``."""
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
    """The words that can complete a command line.

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
    if command == "convert":
        return [name for name in ("--overwrite", "--revision") if open_word[:1] == "-" and name.startswith(open_word)]
    if command not in SCHEMAS:
        return []
    from ftk.config.completion import completions  # Hydra, which only these commands need

    return completions(command, words[2:], open_word)


def _of_configs(words: list[str], open_word: str) -> list[str]:
    from ftk.config.paths import config_files

    if not words:
        known = ["list", "show", "copy", "docs"]
    elif words == ["show"]:
        known = list(config_files())
    elif words == ["list"]:
        known = sorted({name.split("/")[0] for name in config_files() if "/" in name})
    else:
        known = []
    return [name for name in known if name.startswith(open_word)]
