"""The first word of the command line picks a command; all that follows belongs to Hydra.

Only the standard library is imported here, so that ``ftk --help`` answers at once.
"""

import importlib
import os
import sys

from ftk import __version__

COMMANDS = {
    "pretrain": ("ftk.commands.train", "train an encoder on raw text, from random or pretrained weights"),
    "finetune": ("ftk.commands.train", "train a task on labelled data, from a pretrained or a random encoder"),
    "evaluate": ("ftk.commands.evaluate", "score a checkpoint on labelled data"),
    "predict": ("ftk.commands.predict", "read texts or images, write one JSON line a row"),
    "configs": ("ftk.commands.configs", "list, show, copy or document the configs"),
    "completion": ("ftk.commands.completion", "print the tab completion for bash, zsh or fish"),
    "env": ("ftk.commands.env", "print versions and hardware, for bug reports"),
}

ALIASES = {"pretrain-mlm": "pretrain"}

HELP = """\
ftk: from raw text to an encoder you can trust.

usage: ftk COMMAND [KEY=VALUE ...] [--cfg job] [--multirun] [--config-dir DIR] [--help]

{commands}

examples:
  ftk pretrain task=mlm model=tiny data=text data.train=corpus.txt
  ftk finetune task=ner model=tiny
  ftk finetune task=ner model=bert-base-cased data.train=train.conll data.validation=dev.conll data.test=test.conll
  ftk evaluate checkpoint=runs/my-run/best data.test=other.conll
  ftk predict  checkpoint=runs/my-run/best input=texts.txt output=predictions.jsonl
  ftk finetune -m model=bert-base-cased,distilbert-base-cased optimizer.lr=2e-5,5e-5

'ftk COMMAND --help' shows the groups and every key of a command; 'ftk configs list' what is shipped.
FTK_CONFIG_PATH names folders of your own configs; FTK_TRACEBACK=1 shows where an error was raised.
"""


def help_text() -> str:
    lines = [f"  {name:<12}{what}" for name, (_, what) in COMMANDS.items()]
    return HELP.format(commands="commands:\n" + "\n".join(lines))


def main() -> None:
    """Run the command that ``sys.argv`` names and exit with its code."""
    try:
        code = run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of our output (head, less) has left: nobody is there to be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    sys.exit(code)


def run(argv: list[str]) -> int:
    """Dispatch one command line.

    Returns:
        The exit code: 0 done, 1 a user's error, 129, 130 and 143 stopped by SIGHUP, SIGINT and SIGTERM.
    """
    if not argv or argv[0] in ("-h", "--help", "help"):
        print(help_text(), end="")
        return 0
    if argv[0] in ("-V", "--version", "version"):
        print(f"ftk {__version__}")
        return 0
    word, rest = ALIASES.get(argv[0], argv[0]), argv[1:]
    if word not in COMMANDS:
        return _unknown(word)
    from ftk.errors import FtkError, Interrupted, in_words, printable
    from ftk.system.signals import signals

    # Large pages for tensors, where the system gives them to who asks; read by torch when it is loaded.
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

    with signals():
        try:
            return importlib.import_module(COMMANDS[word][0]).run(word, rest)
        except Interrupted as stop:
            print(f"ftk {word}: {stop}", file=sys.stderr)
            return stop.exit_code
        except (FtkError, OSError) as error:  # a folder that cannot be written, a full disk: no bug of ours either
            if os.environ.get("FTK_TRACEBACK") == "1" or isinstance(error, BrokenPipeError):
                raise
            print(printable(f"ftk {word}: {in_words(error)}"), file=sys.stderr)
            return 1


def _unknown(word: str) -> int:
    import difflib

    near = difflib.get_close_matches(word, COMMANDS, n=1)
    if "=" in word or word.startswith("-"):
        hint = f"a command comes first: ftk {' | '.join(COMMANDS)}"
    else:
        hint = f"did you mean '{near[0]}'?" if near else f"the commands are {', '.join(COMMANDS)}."
    print(f"ftk: there is no command '{word}'; {hint}", file=sys.stderr)
    return 1
