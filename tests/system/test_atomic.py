"""Files that replace others as a whole."""

import os
from pathlib import Path

import pytest

from ftk.system import atomic
from ftk.system.atomic import open_new, replaced, write_text


def test_a_file_is_on_the_disk_before_it_gets_its_name_and_the_name_after(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []
    monkeypatch.setattr(atomic, "flush", lambda path: events.append(f"{path.name} with {sorted(os.listdir('d'))}"))
    Path("d").mkdir()
    Path("d/a.txt").write_text("old")
    write_text(Path("d/a.txt"), "new")
    assert events == [".a.txt.tmp with ['.a.txt.tmp', 'a.txt']", "d with ['a.txt']"]
    assert Path("d/a.txt").read_text() == "new"


def test_a_block_that_fails_leaves_the_file_as_it_was() -> None:
    Path("a.txt").write_text("old")

    def stops() -> None:
        with replaced(Path("a.txt")) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stops()
    assert os.listdir() == ["a.txt"]
    assert Path("a.txt").read_text() == "old"


def test_a_link_in_the_way_is_not_followed() -> None:
    Path("precious").write_text("kept")
    Path(".a.txt.tmp").symlink_to("precious")
    with replaced(Path("a.txt")) as temporary, open_new(temporary) as stream:
        stream.write("new")
    assert (Path("precious").read_text(), Path("a.txt").read_text()) == ("kept", "new")
    assert not Path("a.txt").is_symlink()


def test_processes_that_write_the_same_file_do_not_share_the_new_one() -> None:
    with replaced(Path("a.txt"), shared=True) as temporary:
        assert str(os.getpid()) in temporary.name
        temporary.write_text("new")
    assert Path("a.txt").read_text() == "new"
