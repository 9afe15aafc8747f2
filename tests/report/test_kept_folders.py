"""What a finished run keeps: a kill at any moment leaves whole folders, or none of that name."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ftk.config.choices import Keep
from ftk.report.kept_folders import in_bytes, keep_only
from ftk.report.run_folder import RunFolder


def folder(path: Path) -> RunFolder:
    """A finished run with three model folders of two files each."""
    for name in ("best", "last", "previous"):
        (path / name).mkdir(parents=True)
        for file in ("model.safetensors", "ftk.json"):
            (path / name / file).write_text(name)
    return RunFolder(path, SimpleNamespace(), resume=False, force=False, overwrite=False)  # type: ignore[arg-type]


def names(path: Path) -> list[str]:
    return sorted(child.name for child in path.iterdir())


@pytest.mark.parametrize(("keep", "left"), [(Keep.state, ["best", "last"]), (Keep.best, ["best"])])
def test_a_finished_run_keeps_what_it_is_told_to(tmp_path: Path, keep: Keep, left: list[str]) -> None:
    run = folder(tmp_path / "run")
    said = keep_only(run, keep)
    assert names(run.path) == left
    assert all(f"{name}/ (" in said for name in left)
    assert keep_only(run, keep) == said  # a resumed run ends here again


@pytest.mark.parametrize("keep", Keep)
def test_a_kill_at_any_moment_leaves_whole_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keep: Keep) -> None:
    run, taken = folder(tmp_path / "run"), []
    calls = {name: getattr(os, name) for name in ("rename", "unlink", "rmdir", "fsync")}

    def copied_before(call: Callable[..., Any]) -> Callable[..., Any]:
        def changed(*args: Any, **named: Any) -> Any:
            with monkeypatch.context() as patch:  # copying changes the disk as well
                for name, plain in calls.items():
                    patch.setattr(os, name, plain)
                taken.append(Path(shutil.copytree(run.path, tmp_path / "copies" / str(len(taken)))))
            return call(*args, **named)

        return changed

    with monkeypatch.context() as patch:
        for name, call in calls.items():
            patch.setattr(os, name, copied_before(call))
        keep_only(run, keep)
    assert len(taken) > 4
    for left in taken:
        assert names(left / "best") == ["ftk.json", "model.safetensors"]
        for name in ("last", "previous"):
            assert not (left / name).exists() or len(names(left / name)) == 2
        again = RunFolder(left, SimpleNamespace(), resume=False, force=False, overwrite=False)  # type: ignore[arg-type]
        keep_only(again, keep)
        assert names(left) == names(run.path)


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 kB"), (12_345, "12 kB"), (4_200_000, "4.2 MB"), (1_340_000_000, "1.3 GB")]
)
def test_sizes_are_in_words(size: int, words: str) -> None:
    assert in_bytes(size) == words
