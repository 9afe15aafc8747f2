"""``ftk sweep``: the table and the files of a sweep again, from its run folders."""

import sys

from ftk.errors import ConfigError, RunError
from ftk.report.console import Console
from ftk.report.sweeps.folder import SweepFolder
from ftk.report.sweeps.results import JOBS
from ftk.report.sweeps.tables import show_tables, title_of
from ftk.system.paths import expanded

USAGE = """\
usage: ftk sweep DIR [--json]        show the table of the runs in DIR and write DIR/results.csv again
"""


def run(command: str, argv: list[str]) -> int:
    """Answer one ``ftk sweep`` command line."""
    if argv and argv[0] in ("-h", "--help"):
        sys.stdout.write(USAGE)
        return 0
    if len(argv) != 1 or argv[0].startswith("-"):
        raise ConfigError(f"'{' '.join(argv)}' is not understood; {USAGE.strip()}")
    path = expanded(argv[0])
    if not path.is_dir():
        raise RunError(f"{path}: there is no such folder; name that of a sweep.")
    if (path / "config.yaml").is_file():
        raise RunError(f"{path}: this is the folder of a single run; name the folder of the sweep around it.")
    console = Console()
    folder = SweepFolder(path, {}, console.warn)
    folder.read()
    rows = folder.rows()
    if not rows:
        raise RunError(f"{path}: there is no run of ftk in this folder; name that of a sweep.")
    show_tables(console, rows, title_of(rows))
    try:
        with folder.lock([]):
            folder.write()
    except RunError as error:  # of someone else, or in use: looking at it is fine
        console.warn(f"{path / JOBS} is not written: {error}")
    else:
        console.say(f"results: {path / JOBS}")
    return 0
