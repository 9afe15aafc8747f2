"""A folder that is replaced: whenever the process is killed, the old or the new content is whole under a known name."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ftk.system.atomic import fresh_name, old_name, replace_folder, write_text

CHANGES = ("mkdir", "rename", "replace", "unlink", "rmdir", "fsync")
"""The calls of the system by which a save changes the disk."""


def content(version: str) -> dict[str, str]:
    return {"one": f"{version} 1", "deep/two": f"{version} 2"}


def filler(version: str) -> Callable[[Path], None]:
    def fill(folder: Path) -> None:
        for name, text in content(version).items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)

    return fill


def read(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


@contextmanager
def kills(disk: Path, copies: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Path]]:
    """Copies of the disk as a kill leaves it: one before each change, in order."""
    taken: list[Path] = []

    def copied_before(call: Callable[..., Any]) -> Callable[..., Any]:
        def changed(*args: Any, **names: Any) -> Any:
            with monkeypatch.context() as patch:  # copying changes the disk as well
                for name, plain in calls.items():
                    patch.setattr(os, name, plain)
                taken.append(Path(shutil.copytree(disk, copies / str(len(taken)))))
            return call(*args, **names)

        return changed

    calls = {name: getattr(os, name) for name in CHANGES}
    with monkeypatch.context() as patch:
        for name, call in calls.items():
            patch.setattr(os, name, copied_before(call))
        yield taken


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A disk with the old folder in it."""
    folder = tmp_path / "disk" / "best"
    folder.mkdir(parents=True)
    filler("old")(folder)
    return folder.parent


@pytest.mark.parametrize("keep", [False, True], ids=["removed", "kept"])
def test_a_kill_at_any_moment_leaves_a_whole_folder(
    disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keep: bool
) -> None:
    target = disk / "best"
    previous = disk / "previous" if keep else old_name(target)
    if keep:
        previous.mkdir()
        filler("older")(previous)
    seen = []
    with kills(disk, tmp_path / "copies", monkeypatch) as taken:
        replace_folder(target, filler("new"), lambda _: None, keep=disk / "previous" if keep else None)
    for left in taken:
        names = (target.name, fresh_name(target).name, previous.name)
        whole = {name: read(left / name) for name in names if (left / name).exists()}
        seen.append([name for name, found in whole.items() if found in (content("old"), content("new"))])
    assert all(seen)
    assert {name for names in seen for name in names} == {target.name, fresh_name(target).name, previous.name}
    assert len(taken) > 10
    assert read(target) == content("new")
    expected = {target.name: content("new"), **({"previous": content("old")} if keep else {})}
    assert {path.name: read(path) for path in disk.iterdir()} == expected


def test_everything_is_on_the_disk_before_the_folder_gets_its_name(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loss of power may undo whatever is not flushed, so the rename comes after the flush of all that it names."""
    target, fresh = disk / "best", fresh_name(disk / "best")
    flushed: set[str] = set()
    at_rename: list[set[str]] = []
    fsync, rename = os.fsync, os.rename

    def flushing(handle: int) -> None:
        flushed.add(os.path.realpath(f"/proc/self/fd/{handle}"))
        fsync(handle)

    def renaming(source: Any, *args: Any, **names: Any) -> None:
        if Path(source) == fresh:
            at_rename.append(set(flushed))
            flushed.clear()
        rename(source, *args, **names)

    if not Path("/proc/self/fd").exists():
        pytest.skip("this system does not tell the name of an open file")
    monkeypatch.setattr(os, "fsync", flushing)
    monkeypatch.setattr(os, "rename", renaming)
    replace_folder(target, filler("new"), lambda _: None)
    [before] = at_rename
    assert {str(fresh), *(str(path) for path in (fresh / "one", fresh / "deep", fresh / "deep/two"))} <= before
    assert str(disk) in flushed, "the new name itself is flushed as well"


@pytest.mark.parametrize("where", ["fill", "check"])
def test_a_failure_leaves_the_folder_alone(disk: Path, where: str) -> None:
    def fails(folder: Path) -> None:
        filler("half")(folder)
        raise RuntimeError("no")

    fill, check = (fails, pytest.fail) if where == "fill" else (filler("new"), fails)
    with pytest.raises(RuntimeError, match="no"):
        replace_folder(disk / "best", fill, check)
    assert {path.name: read(path) for path in disk.iterdir()} == {"best": content("old")}


def test_what_a_killed_save_left_is_no_hindrance(disk: Path) -> None:
    for name in (fresh_name(disk / "best"), old_name(disk / "best")):
        name.mkdir()
        (name / "half").write_text("x")
    replace_folder(disk / "best", filler("new"), lambda _: None)
    assert {path.name: read(path) for path in disk.iterdir()} == {"best": content("new")}


def test_a_file_is_old_or_new_at_any_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    (disk / "facts.json").write_text("old")
    with kills(disk, tmp_path / "copies", monkeypatch) as taken:
        write_text(disk / "facts.json", "new")
    assert {(left / "facts.json").read_text() for left in taken} == {"old", "new"}
    assert read(disk) == {"facts.json": "new"}


@pytest.mark.parametrize("mask", [0o022, 0o002, 0o077, 0o000])
def test_files_get_the_permissions_of_new_files(tmp_path: Path, mask: int) -> None:
    """Some libraries write weights that only their owner may read."""

    def fill(folder: Path) -> None:
        filler("new")(folder)
        (folder / "one").chmod(0o600)
        (folder / "deep/two").chmod(0o755)

    before = os.umask(mask)
    try:
        replace_folder(tmp_path / "best", fill, lambda _: None)
        (tmp_path / "plain").touch()
    finally:
        os.umask(before)
    usual = (tmp_path / "plain").stat().st_mode
    assert {path.stat().st_mode for path in (tmp_path / "best").rglob("*") if path.is_file()} == {usual}
    assert read(tmp_path / "best") == content("new")
