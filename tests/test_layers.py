"""The layers of imports: pyproject.toml says which package may import which, and a wrong import is found."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("importlinter")
TOP = Path(__file__).resolve().parents[1]

WRONG = {
    "a layer above": ("system/cache.py", "import ftk.data", "ftk.system.cache -> ftk.data "),
    "inside a function": (
        "data/text/words.py",
        "def f():\n    import ftk.models",
        "ftk.data.text.words -> ftk.models ",
    ),
    "core imports tasks": ("core/state.py", "import ftk.tasks.shared", "ftk.core.state -> ftk.tasks.shared "),
    "a task imports core": ("tasks/translation.py", "import ftk.core.loop", "ftk.tasks.translation -> ftk.core.loop "),
    "one half of a circle": ("system/digests.py", "import ftk.system.spelling", ".digests"),
    "its other half": ("system/spelling.py", "import ftk.system.digests", "No cycles are allowed in ftk.system."),
    "another task": (
        "tasks/regression/metric.py",
        "import ftk.tasks.relation.metric",
        "ftk.tasks.regression.metric -> ftk.tasks.relation.metric ",
    ),
    "the inside of a task": (
        "inference/checkpoint.py",
        "import ftk.tasks.mlm.blocks",
        "ftk.inference.checkpoint -> ftk.tasks.mlm.blocks ",
    ),
}
"""A module, what is added to it, and what the report then says."""


def report(top: Path) -> str:
    """The report on the imports below a folder."""
    script = "import sys; sys.path.insert(0, 'src'); from importlinter.cli import lint_imports_command as run; run()"
    argv = [sys.executable, "-P", "-c", script, "--no-cache"]
    environment = {**os.environ, "COLUMNS": "200"}
    done = subprocess.run(argv, cwd=top, env=environment, capture_output=True, text=True, check=False)
    assert "Contracts: " in done.stdout, done.stderr
    assert (done.returncode == 0) == (", 0 broken" in done.stdout)
    return done.stdout


def test_wrong_imports_are_found(tmp_path: Path) -> None:
    shutil.copytree(TOP / "src/ftk", tmp_path / "src/ftk", ignore=shutil.ignore_patterns("__pycache__", "demo"))
    shutil.copy(TOP / "pyproject.toml", tmp_path)
    before = report(tmp_path)
    assert [kind for kind, (_, _, message) in WRONG.items() if message in before] == []
    for module, line, _ in WRONG.values():
        with (tmp_path / "src/ftk" / module).open("a", encoding="utf-8") as stream:
            stream.write(f"\n{line}\n")
    after = report(tmp_path)
    assert [kind for kind, (_, _, message) in WRONG.items() if message not in after] == []
