"""The first word of the command line names a command; the rest is passed to it.

Only the standard library is imported here, so that ``ftk --help`` answers at once.
"""

import importlib
import os
import sys
from functools import partial

from ftk import __version__
from ftk.commands import ALIASES, COMMANDS, WITH_JSON

HELP = """\
ftk: from raw text to an encoder you can trust.

usage: ftk COMMAND [KEY=VALUE ...] [--cfg job] [--multirun] [--config-dir DIR] [--json] [--help]

{commands}

examples:
  ftk pretrain task=mlm model=tiny data=text data.train=corpus.txt
  ftk finetune task=ner model=tiny
  ftk check    task=ner data.train=train.conll data.test=test.conll
  ftk finetune task=ner model=bert-base-cased data.train=train.conll data.validation=dev.conll data.test=test.conll
  ftk evaluate checkpoint=runs/my-run/best data.test=other.conll
  ftk predict  checkpoint=runs/my-run/best input=texts.txt output=predictions.jsonl
  ftk compare  runs/base-1 runs/base-2 runs/base-3 -- runs/new-1 runs/new-2 runs/new-3
  ftk finetune -m model=bert-base-cased,distilbert-base-cased optimizer.lr=2e-5,5e-5

'ftk COMMAND --help' shows the groups and keys of a command, 'ftk help data.limit' the meaning of one key, and
'ftk configs list' the shipped configs.
--json shows one JSON object per line instead of text (all commands that read data, models or runs).
FTK_CONFIG_PATH names folders of your own configs; FTK_TRACEBACK=1 shows where an error was raised.
"""


def help_text() -> str:
    lines = [f"  {name:<12}{what}" for name, (_, what) in COMMANDS.items()]
    return HELP.format(commands="commands:\n" + "\n".join(lines))


def main() -> None:
    """Run the command that ``sys.argv`` names and exit with its code."""
    from ftk.system.processes import streams

    streams.make_ready()
    try:
        code = run(sys.argv[1:])
        streams.flush()
    except BrokenPipeError:  # the reader of the output (head, less) has closed it
        code = 141
    except OSError as error:
        if os.environ.get("FTK_TRACEBACK") == "1":  # it may be of the command
            raise
        sys.stderr.write(f"ftk: standard output cannot be written ({error.strerror}).\n")
        code = 1
    streams.lead_nowhere()
    sys.exit(code)


def run(argv: list[str]) -> int:
    """Run one command line.

    Returns:
        The exit code: 0 for success, 1 for a user's error, 3 if the command worked and its answer is no; 129, 130 and
        143 after SIGHUP, SIGINT and SIGTERM; 141 if the reader of the output closed it.
    """
    command = next((at for at, argument in enumerate(argv) if argument != "--json"), 0)
    argv = [*argv[command:], *argv[:command]]  # --json may stand anywhere
    if not argv or argv[0] in ("-h", "--help") or argv == ["help"]:
        print(help_text(), end="")
        return 0
    if argv[0] in ("-V", "--version", "version"):
        print(f"ftk {__version__}")
        return 0
    word, rest = ALIASES.get(argv[0], argv[0]), argv[1:]
    if word not in COMMANDS:
        return _unknown(word)
    from ftk.errors import FtkError, Interrupted, error_text
    from ftk.report.output.json_output import json_output, show_end, show_line
    from ftk.system.network.lines import shown_by
    from ftk.system.processes.starting import check_start
    from ftk.system.signals import signals

    as_json = word in WITH_JSON and "--json" in rest
    rest = [argument for argument in rest if argument != "--json"] if as_json else rest

    # Large memory pages for tensors, on systems that give them on request. torch reads this when it is imported.
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")

    with signals(), json_output(as_json), shown_by(partial(show_line, as_json)):
        try:
            if word in (*WITH_JSON, "convert"):
                check_start()
            code: int = importlib.import_module(COMMANDS[word][0]).run(word, rest)
            return code
        except Interrupted as stop:
            show_end("interrupted", f"ftk {word}: {stop}", stop)
            return stop.exit_code
        except (FtkError, OSError) as error:  # a folder that cannot be written or a full disk is not a bug
            if os.environ.get("FTK_TRACEBACK") == "1" or isinstance(error, BrokenPipeError):
                raise
            show_end("error", f"ftk {word}: {error_text(error)}", error)
            return 1


def _unknown(word: str) -> int:
    import difflib

    near = ["finetune"] if word in ("train", "fit") else difflib.get_close_matches(word, COMMANDS, n=1)
    if "=" in word or word.startswith("-"):
        hint = f"a command comes first: ftk {' | '.join(COMMANDS)}"
    else:
        hint = f"did you mean '{near[0]}'?" if near else f"the commands are {', '.join(COMMANDS)}."
    print(f"ftk: there is no command '{word}'; {hint}", file=sys.stderr)
    return 1
