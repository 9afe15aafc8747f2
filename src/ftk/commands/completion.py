"""``ftk completion``: tab completion of commands, groups, options and keys."""

import os
import sys

from ftk.cli import COMMANDS
from ftk.config.schema import SCHEMAS
from ftk.errors import ConfigError

# Each script hands the line up to the cursor to 'ftk completion query' and offers the words that come back.
_BASH = """\
_ftk_complete() {
    local IFS=$'\\n'
    local line="${COMP_LINE:0:$COMP_POINT}"
    local word="${line##* }"
    COMPREPLY=($(compgen -W "$(COMP_LINE="$line" command ftk completion query 2>/dev/null)" -- "$word"))
    # '=' breaks words in bash: what stands before it is already on the line.
    if [[ "$word" == *=* && "$COMP_WORDBREAKS" == *=* ]]; then
        COMPREPLY=("${COMPREPLY[@]#"${word%"${word##*=}"}"}")
    fi
    [[ ${#COMPREPLY[@]} -eq 1 && "${COMPREPLY[0]}" == *[=./] ]] && compopt -o nospace
}
complete -o default -F _ftk_complete ftk
"""
_ZSH = """\
#compdef ftk
_ftk_complete() {
    local -a words_found
    words_found=("${(@f)$(COMP_LINE="$LBUFFER" command ftk completion query 2>/dev/null)}")
    compadd -Q -S '' -- $words_found
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
        return [name for name in SHELLS if name.startswith(open_word)]
    if command == "configs":
        return _of_configs(words, open_word)
    if command not in SCHEMAS:
        return []
    return _of_hydra(command, words[2:], open_word)


def _of_configs(words: list[str], open_word: str) -> list[str]:
    from ftk.commands.configs import config_files

    if len(words) == 2:
        return [name for name in ("list", "show", "copy") if name.startswith(open_word)]
    names = (
        list(config_files()) if words[2] == "show" else sorted({n.split("/")[0] for n in config_files() if "/" in n})
    )
    return [name for name in names if words[2] in ("show", "list") and name.startswith(open_word)]


def _of_hydra(command: str, words: list[str], open_word: str) -> list[str]:
    """Hydra's own completion, asked as for an application without a command word."""
    from hydra import initialize_config_dir
    from hydra._internal.core_plugins.bash_completion import BashCompletion
    from hydra.core.global_hydra import GlobalHydra

    from ftk.config.compose import VERSION_BASE, register
    from ftk.config.paths import shipped_configs

    register()
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(shipped_configs()), version_base=VERSION_BASE, job_name="ftk"):
        plugin = BashCompletion(GlobalHydra.instance().config_loader())
        return sorted(plugin._query(config_name=command, line=" ".join([*words, open_word])))
