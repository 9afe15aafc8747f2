"""The command that trains the best model of a run as a new run, where the run itself cannot go on."""

from pathlib import Path

from ftk.config.invocation import Invocation, key_of
from ftk.config.spelling.writing import as_word, pasted

_KEPT = ("model.default_lr", "model.dropout", "model.freeze")
"""Keys of the model that say how it is trained, and not which one it is."""


def from_best(folder: Path, invocation: Invocation) -> str:
    """The command line of a training that starts from the best model of a run, with a folder of its own.

    Args:
        folder: of the run.
        invocation: the command line that was to resume it.
    """
    words = (*invocation.argv, *invocation.overrides)
    left = {key for key in map(key_of, words) if key == "model" or key.startswith(("model.", "run."))}
    left -= {*_KEPT, "run.seed", "run.keep", "run.curves", "run.report"}
    model = next((name for name in ("best", "last") if (folder / name).is_dir()), "best")
    number = 2
    while (free := folder.with_name(f"{folder.name}-{number}")).exists():
        number += 1
    extra = ("model=auto", f"model.name={as_word(folder / model)}", f"run.dir={as_word(free)}")
    return invocation.command_line(without=tuple(left), extra=extra)


def why_no_state(path: Path) -> str:
    """Why a finished run has no state, and what to do instead; empty if it should have one."""
    best = path / "best"
    if not (path / "metrics.json").is_file() or not best.is_dir():
        return ""
    return (
        f" The run is finished, and only best/ is left, as with run.keep=best. model=auto model.name={pasted(best)} "
        "trains from its weights, in another run.dir."
    )
