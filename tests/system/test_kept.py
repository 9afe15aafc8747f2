"""What is kept in the cache: verified before use, and an error that names the setting when it cannot be written."""

import errno
from pathlib import Path

import pytest

from ftk.errors import RunError
from ftk.system import kept
from ftk.system.digests import sha256


def test_files_that_changed_or_are_missing_are_damaged() -> None:
    for name in "ab":
        Path(name).write_text(name)
    files = {Path(name): sha256(Path(name)) for name in "ab"}
    kept.verify(files)
    Path("b").write_text("c")
    with pytest.raises(kept.Damaged, match="b: its SHA-256"):
        kept.verify(files)
    Path("b").unlink()
    with pytest.raises(kept.Damaged, match="b: No such file"):
        kept.verify(files)


@pytest.mark.parametrize("content", ["{", "[]", "[" * 100_000, "\udc80"])
def test_a_description_that_cannot_be_read_is_damaged(content: str) -> None:
    assert kept.read_json(Path("a.json")) is None
    Path("a.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(kept.Damaged, match=r"a\.json"):
        kept.read_json(Path("a.json"))


def test_a_folder_that_cannot_be_written_names_what_and_where() -> None:
    waited: list[str] = []

    def full() -> None:
        with kept.folder(Path("c"), "the soup", waiting="that cooks", say=waited.append):
            assert Path("c").is_dir()
            raise OSError(errno.ENOSPC, "no room")

    with pytest.raises(RunError, match=r"c: the soup cannot be kept here \(no room\)\. .*data\.cache_dir"):
        full()
    assert waited == []
