"""Files that replace others as a whole."""

import os
import time
from pathlib import Path

import pytest

from ftk.system import atomic
from ftk.system.atomic import open_new, remove_leftovers, replaced, write_text


def test_a_file_is_on_the_disk_before_it_gets_its_name_and_the_name_after(monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(atomic, "flush", lambda path: events.append((path.name, sorted(os.listdir("d")))))
    Path("d").mkdir()
    Path("d/a.txt").write_text("old")
    write_text(Path("d/a.txt"), "new")
    [(temporary, before), after] = events
    assert (before, after) == ([temporary, "a.txt"], ("d", ["a.txt"]))
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
    with replaced(Path("a.txt")) as temporary:
        temporary.symlink_to("precious")
        with open_new(temporary) as stream:
            stream.write("new")
    assert (Path("precious").read_text(), Path("a.txt").read_text()) == ("kept", "new")
    assert not Path("a.txt").is_symlink()


def test_writers_of_the_same_file_do_not_share_the_new_one() -> None:
    """One process number says nothing: containers that share a disk have the same ones."""
    with replaced(Path("a.txt")) as one, replaced(Path("a.txt")) as other:
        one.write_text("one")
        other.write_text("other")
    assert Path("a.txt").read_text() == "one"
    assert os.listdir() == ["a.txt"]


def test_what_killed_writers_left_is_removed_and_what_others_write_is_not() -> None:
    old = (".a.txt.7-abcd.tmp", ".a.txt.tmp", ".b.txt.7-ab.tmp", "a.txt.tmp", ".a.txt.gz.7-ab.tmp")
    for name in (*old, ".a.txt.8-ef.tmp"):
        Path(name).write_text("half")
    for name in old:
        os.utime(name, (time.time() - 2 * 86400,) * 2)
    write_text(Path("a.txt"), "new")
    assert sorted(os.listdir()) == [".a.txt.8-ef.tmp", ".a.txt.gz.7-ab.tmp", ".b.txt.7-ab.tmp", "a.txt", "a.txt.tmp"]
    remove_leftovers(Path("a.txt"))
    assert sorted(os.listdir()) == [".a.txt.gz.7-ab.tmp", ".b.txt.7-ab.tmp", "a.txt", "a.txt.tmp"]


@pytest.mark.parametrize("name", ["a" * 255, "é" * 127, "🍐" * 63, "a b,c='d' \"e\".txt", "-", "%s{}"])
def test_any_name_that_the_disk_takes_can_be_written(name: str) -> None:
    write_text(Path(name), "one")
    write_text(Path(name), "two")
    assert Path(name).read_text() == "two"
    assert os.listdir() == [name]


def test_an_error_names_the_file_that_was_to_be_written(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        write_text(tmp_path / "gone" / "page.html", "")
    assert caught.value.filename == str(tmp_path / "gone" / "page.html")
